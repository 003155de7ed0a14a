//! Names in records of packets thrown away: the same few come up again and again, so each is kept
//! once.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::reasons::Reasons;

/// The names that were met so far.
#[derive(Debug)]
pub(super) struct Names {
    devices: HashSet<Arc<str>>,
    reasons: HashMap<u32, Option<Arc<str>>>,
    of_kernel: Reasons,
    /// By an address in the function.
    functions: HashMap<u64, Arc<str>>,
}

impl Names {
    /// None yet; reasons are called what `reasons` calls them.
    pub(super) fn new(reasons: Reasons) -> Names {
        Names {
            devices: HashSet::new(),
            reasons: HashMap::new(),
            of_kernel: reasons,
            functions: HashMap::new(),
        }
    }

    /// A device's name, up to the first zero.
    pub(super) fn device(&mut self, bytes: &[u8]) -> Arc<str> {
        let name = text(bytes);
        if let Some(known) = self.devices.get(&*name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.devices.insert(name.clone());
        name
    }

    /// The name of a reason's number.
    pub(super) fn reason(&mut self, number: u32) -> Option<Arc<str>> {
        let of_kernel = &self.of_kernel;
        let name = || of_kernel.name(number).map(Arc::from);
        self.reasons.entry(number).or_insert_with(name).clone()
    }

    /// The function at an address, which the kernel names when it first meets it: later on `symbol`
    /// is empty.
    pub(super) fn function(&mut self, address: u64, symbol: &[u8]) -> Arc<str> {
        let name = || match &*text(symbol) {
            "" => format!("{address:#x}").into(),
            symbol => function(symbol).into(),
        };
        self.functions.entry(address).or_insert_with(name).clone()
    }
}

/// Up to the first zero.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text)
}

/// The function without what the compiler and the module loader added: `nft_do_chain [nf_tables]`,
/// `ip_rcv_core.isra.0`. An address where the kernel knows no name.
fn function(symbol: &str) -> &str {
    symbol.split([' ', '.']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::reasons::kernels;
    use super::*;

    #[test]
    fn functions_lose_what_the_compiler_adds() {
        assert_eq!(function("ip_rcv_core.isra.0"), "ip_rcv_core");
        assert_eq!(function("tun_get_user [tun]"), "tun_get_user");
    }

    #[test]
    fn the_second_packet_thrown_away_at_a_place_has_its_function_too() {
        let mut names = Names::new(kernels::reasons("6.1"));
        assert_eq!(
            &*names.function(7, b"ip_rcv_core.isra.0\0\0"),
            "ip_rcv_core"
        );
        assert_eq!(&*names.function(7, &[0; 56]), "ip_rcv_core");
        assert_eq!(&*names.function(0xff, &[0; 56]), "0xff");
    }

    #[test]
    fn each_name_is_kept_once() {
        let mut names = Names::new(kernels::reasons("6.1"));
        let [one, other] = [(); 2].map(|()| names.device(b"tun0\0\0"));
        assert!(Arc::ptr_eq(&one, &other));
        let [one, other] = [(); 2].map(|()| names.reason(11).unwrap());
        assert!(Arc::ptr_eq(&one, &other) && &*one == "IP_RPFILTER");
    }
}
