//! What a kernel calls the reasons for which it throws packets away. The numbers differ from one
//! kernel to the next, so each is asked for its own names.

use std::collections::BTreeMap;

use super::btf::Btf;

/// The names of this kernel's reasons by their numbers; none before Linux 5.17.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reasons(Option<BTreeMap<u32, String>>);

impl Reasons {
    pub(super) fn of(btf: &Btf) -> Reasons {
        Reasons(btf.enum_names("skb_drop_reason"))
    }

    /// The number of a name without `SKB_DROP_REASON_`.
    pub(super) fn number(&self, wanted: &str) -> Option<u32> {
        let mut numbers = self.0.as_ref()?.keys();
        numbers
            .find(|number| self.name(**number).as_deref() == Some(wanted))
            .copied()
    }

    /// The name without `SKB_DROP_REASON_`; a number that has none stays a number.
    pub(crate) fn name(&self, number: u32) -> Option<String> {
        let names = self.0.as_ref()?;
        Some(match names.get(&number) {
            Some(name) => {
                let short = name.strip_prefix("SKB_DROP_REASON_");
                short.unwrap_or(name).to_owned()
            }
            None => number.to_string(),
        })
    }
}

#[cfg(test)]
pub(crate) mod kernels {
    //! The reasons of kernels that are not here, from `fixtures/reasons`: a number and a name a
    //! line, made into the description that such a kernel gives of itself.

    use super::super::btf::builder::Builder;
    use super::*;

    /// The kernels whose reasons are known: one without any, the first with a long life that has
    /// them, and one after they were numbered anew.
    pub(crate) const RELEASES: [&str; 3] = ["5.15", "6.1", "6.8"];

    /// The reasons of a release.
    pub(crate) fn reasons(release: &str) -> Reasons {
        let text = match release {
            "5.15" => include_str!("../../../fixtures/reasons/linux-5.15.txt"),
            "6.1" => include_str!("../../../fixtures/reasons/linux-6.1.txt"),
            "6.8" => include_str!("../../../fixtures/reasons/linux-6.8.txt"),
            _ => panic!("no fixture has the reasons of Linux {release}"),
        };
        let entries = text.lines().filter(|line| !line.starts_with('#'));
        let entries: Vec<(&str, u32)> = entries
            .map(|line| line.split_once(' ').expect("a number and a name"))
            .map(|(number, name)| (name, number.parse().expect("a number")))
            .collect();
        let mut builder = Builder::new();
        builder.int("int");
        if !entries.is_empty() {
            builder.enumeration("skb_drop_reason", &entries);
        }
        let bytes = builder.finish();
        Reasons::of(&Btf::parse(&bytes).expect("a description"))
    }
}

#[cfg(test)]
mod tests {
    use super::kernels::reasons;

    fn name(release: &str, number: u32) -> Option<String> {
        reasons(release).name(number)
    }

    #[test]
    fn the_same_number_means_different_things_on_different_kernels() {
        assert_eq!(name("6.1", 11).as_deref(), Some("IP_RPFILTER"));
        assert_eq!(name("6.8", 11).as_deref(), Some("IP_INHDR"));
        assert_eq!(name("6.8", 12).as_deref(), Some("IP_RPFILTER"));
        // The last ones: nothing before them is left out.
        assert_eq!(name("6.1", 64).as_deref(), Some("PKT_TOO_BIG"));
        assert_eq!(name("6.8", 86).as_deref(), Some("TC_RECLASSIFY_LOOP"));
    }

    #[test]
    fn a_number_that_has_no_name_stays_a_number() {
        assert_eq!(name("6.1", 99).as_deref(), Some("99"));
        // Those of a subsystem have its number in the upper half.
        assert_eq!(name("6.8", 0x3_0001).as_deref(), Some("196609"));
    }

    #[test]
    fn a_kernel_without_reasons_gives_none() {
        assert_eq!(name("5.15", 2), None);
    }
}
