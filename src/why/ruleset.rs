//! A firewall's rules as nft(8) lists them, for the one that drops to be quoted.

use std::process::Command;

use super::cure;
use super::evidence::Rule;

/// The rules of a host.
#[derive(Debug)]
pub(super) struct Ruleset(String);

impl Ruleset {
    /// Those of the calling thread's network namespace; nothing where nft is not installed.
    pub(super) fn list() -> Option<Ruleset> {
        // With handles, but neither what rules count nor the elements of sets, which can be many.
        let listed = Command::new("nft")
            .args(["-a", "-s", "-t", "list", "ruleset"])
            .output();
        let listed = listed.ok().filter(|output| output.status.success())?;
        Some(Ruleset(
            String::from_utf8_lossy(&listed.stdout).into_owned(),
        ))
    }

    /// How a rule reads.
    pub(super) fn text(&self, rule: &Rule) -> Option<String> {
        let table = format!("table {} {} {{", rule.family, rule.table);
        let chain = format!("\tchain {} {{", rule.chain);
        let mut lines = self.0.lines();
        lines.by_ref().find(|line| line.starts_with(&table))?;
        let mut of_table = lines.take_while(|line| *line != "}");
        of_table.by_ref().find(|line| line.starts_with(&chain))?;
        let of_chain: Vec<&str> = of_table.take_while(|line| *line != "\t}").collect();
        let handle = rule.handle?.to_string();
        let (_, text) = cure::rule_of(&of_chain.join("\n"), &handle)?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "table ip a { # handle 1\n\
        \tchain in { # handle 1\n\
        \t\ttype filter hook input priority filter; policy accept;\n\
        \t\ttcp dport 23 drop # handle 2\n\t}\n}\n\
        table inet a { # handle 2\n\
        \tset ports { # handle 3\n\t\ttype inet_service\n\t}\n\n\
        \tchain out { # handle 1\n\t\ttcp dport 25 drop # handle 2\n\t}\n\n\
        \tchain in { # handle 4\n\t\ttcp dport @ports reject with tcp reset # handle 2\n\t}\n}\n";

    #[test]
    fn a_rule_was_named_by_a_number_and_not_quoted() {
        let ruleset = Ruleset(LISTING.to_owned());
        let text = |family: &str, chain: &str, handle| {
            ruleset.text(&Rule {
                family: family.to_owned(),
                table: "a".to_owned(),
                chain: chain.to_owned(),
                handle,
                text: None,
            })
        };
        let found = |text: &str| Some(text.to_owned());
        assert_eq!(text("ip", "in", Some(2)), found("tcp dport 23 drop"));
        let reject = "tcp dport @ports reject with tcp reset";
        assert_eq!(text("inet", "in", Some(2)), found(reject));
        assert_eq!(text("inet", "in", Some(1)), None);
        assert_eq!(text("ip", "out", Some(2)), None);
        assert_eq!(text("ip", "in", None), None);
    }
}
