//! TUN and TAP devices: made or attached through `/dev/net/tun` with the tun crate, read and
//! written byte for byte.
//! <https://docs.kernel.org/networking/tuntap.html>
//!
//! The tun crate opens the device and names it. It does not configure it, since that
//! belongs to whoever planned the addresses and can undo them. Its own `send` and `recv` are
//! passed over: with packet information they add and strip the four bytes that a student wants
//! to see, and refuse what is no IP packet before the kernel can.

use super::tun_error::{TunError, errno_of};
use super::{DeviceName, Direction, Frame, Interface, Timestamp, driver};
use crate::model::LinkType;
use crate::sys::tun_ioctl;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::net::if_::if_nametoindex;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use tun::AbstractDevice;

/// Bytes of `struct tun_pi` before each packet: flags in host order, EtherType in network order.
const PACKET_INFORMATION: usize = 4;

/// What a device carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// IP packets.
    Tun,
    /// Ethernet frames.
    Tap,
}

/// Which device to open and how.
#[derive(Debug, Clone)]
pub struct TunOptions {
    name: DeviceName,
    mode: Mode,
    packet_information: bool,
    persist: bool,
}

/// An open TUN or TAP device. Dropping it removes the device, unless it is persistent.
#[derive(Debug)]
pub struct TunDevice {
    fd: OwnedFd,
    name: String,
    options: TunOptions,
    attached: bool,
}

impl TunOptions {
    /// A device of this name that carries bare packets and vanishes when closed.
    pub fn new(name: DeviceName, mode: Mode) -> TunOptions {
        TunOptions {
            name,
            mode,
            packet_information: false,
            persist: false,
        }
    }

    /// Whether four bytes of packet information stand before each packet.
    pub fn packet_information(self, packet_information: bool) -> TunOptions {
        TunOptions {
            packet_information,
            ..self
        }
    }

    /// Whether the device stays when closed. `false` leaves an attached device as it is.
    pub fn persist(self, persist: bool) -> TunOptions {
        TunOptions { persist, ..self }
    }
}

impl TunDevice {
    /// Creates the device in the network namespace of the calling thread, or attaches to the
    /// one of this name and mode if it exists. It is left as it is: a new one is down and has
    /// no address.
    ///
    /// # Errors
    /// Each way in which the kernel refuses is a [`TunError`] of its own.
    pub fn open(options: &TunOptions) -> Result<TunDevice, TunError> {
        driver::check()?;
        let name = &options.name;
        // The kernel does not say afterwards whether it created or attached.
        let attached = !name.is_pattern() && if_nametoindex(name.as_str()).is_ok();
        let refused = |errno| TunError::refused(name, options.mode, attached, errno);

        let created = tun::create(&configuration(options));
        let mut device = created.map_err(|error| refused(errno_of(error)))?;
        if options.persist {
            device.persist().map_err(|error| refused(errno_of(error)))?;
        }
        let name = device
            .tun_name()
            .map_err(|error| refused(errno_of(error)))?;
        let fd = tun_ioctl::into_fd(device);
        fcntl(&fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(refused)?;
        Ok(TunDevice {
            fd,
            name,
            options: options.clone(),
            attached,
        })
    }

    /// The name the kernel gave it: `yujie0` for `yujie%d`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it carries.
    pub fn mode(&self) -> Mode {
        self.options.mode
    }

    /// Whether the device existed before, with a configuration to respect.
    pub fn attached(&self) -> bool {
        self.attached
    }

    /// What a packet's first byte belongs to, past the [`prefix_len`](TunDevice::prefix_len).
    pub fn link_type(&self) -> LinkType {
        match self.options.mode {
            Mode::Tun => LinkType::RAW,
            Mode::Tap => LinkType::ETHERNET,
        }
    }

    /// Bytes that stand before each packet received or sent: 4 with packet information, else 0.
    pub fn prefix_len(&self) -> usize {
        if self.options.packet_information {
            PACKET_INFORMATION
        } else {
            0
        }
    }

    /// Reads one packet, prefix and all, without waiting. A packet longer than `buffer` loses
    /// its end; [`MAX_FRAME`](super::MAX_FRAME) bytes hold any.
    ///
    /// # Errors
    /// That of read(2): `WouldBlock` when no packet is there.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(nix::unistd::read(&self.fd, buffer)?)
    }

    /// Writes one packet, exactly these bytes, even none; what they are worth is the kernel's
    /// to say.
    ///
    /// # Errors
    /// That of write(2): EINVAL for what is no packet, EIO while the device is down.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(nix::unistd::write(&self.fd, bytes)?)
    }

    /// The frame of bytes received or sent just now, its prefix left out.
    pub fn frame<'a>(&'a self, number: u64, bytes: &'a [u8], direction: Direction) -> Frame<'a> {
        let bytes = bytes.get(self.prefix_len()..).unwrap_or_default();
        Frame {
            number,
            time: Timestamp::now(),
            link: self.link_type(),
            wire_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            bytes,
            interface: Some(Interface::named(&self.name)),
            direction: Some(direction),
        }
    }
}

impl AsFd for TunDevice {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Tun => "TUN",
            Mode::Tap => "TAP",
        })
    }
}

fn configuration(options: &TunOptions) -> tun::Configuration {
    let mut configuration = tun::Configuration::default();
    configuration
        .tun_name(options.name.as_str())
        .layer(match options.mode {
            Mode::Tun => tun::Layer::L3,
            Mode::Tap => tun::Layer::L2,
        })
        .platform_config(|platform| {
            // This is also what keeps the crate from setting addresses and flags.
            platform.ensure_root_privileges(false);
            #[expect(
                deprecated,
                reason = "its send and recv, which hide the bytes, are not used"
            )]
            platform.packet_information(options.packet_information);
        });
    configuration
}
