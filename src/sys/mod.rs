//! What needs the operating system below nix's safe calls: the only unsafe code.

pub(crate) mod tun_ioctl;
