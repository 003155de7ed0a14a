//! The kernel's interfaces, thinly wrapped and typed: the only folder with unsafe code.
//!
//! - [`errno`]: how an error number reads in a message
//! - [`netlink`]: devices, addresses and routes of one network namespace
//! - [`namespace`]: entering a private network, and why a machine refuses
//! - [`nftables`]: how far a packet gets through the firewall
//! - [`readings`]: what `/proc` says about this process and this machine
//! - [`bpf`]: the kernel's own reason for each packet it throws away
//! - [`child`]: a command run in a PID namespace of its own, so that none of it can stay behind
//! - [`fork`]: trying something in a process that can be thrown away
//! - [`detached`]: processes that outlive whoever started them
//! - [`lock`]: whole-file locks, which tell whether a process lives
//! - [`process`]: what `/proc` says about another process
//! - [`privileges`]: giving up what root may do
//! - [`scheduling`]: letting others run first
//! - [`successor`]: a copy of this process that keeps its privileges for when they are needed again
//! - [`signals`]: Ctrl-C as something to poll
//! - [`tcp_table`]: the TCP connections of a network namespace
//! - `tun_ioctl`: the ioctls of `/dev/net/tun` that no crate has
//! - [`probe_socket`]: a UDP datagram or a TCP SYN with a TTL of its own
//! - [`packet_socket`]: what passes the devices of a namespace, with the kernel's times
//! - `pow`: one function of C's mathematical library, so that the library need not be loaded
//! - [`icmp_socket`]: sending and hearing ICMP without a device
//! - [`udp_socket`]: UDP, and which of its datagrams nobody took

pub mod bpf;
pub mod child;
pub mod detached;
pub mod errno;
pub mod fork;
pub mod icmp_socket;
pub mod lock;
pub mod namespace;
pub mod netlink;
pub mod nftables;
pub mod packet_socket;
mod pow;
pub mod privileges;
pub mod probe_socket;
pub mod process;
pub mod readings;
pub mod scheduling;
pub mod signals;
pub mod successor;
pub mod tcp_table;
pub(crate) mod tun_ioctl;
pub mod udp_socket;
