//! The tables that trace packets, as batches of messages.

use super::message::{Batch, Kind, attribute, nested, number, text};
use super::{DEVICE_HOOKS, HOOKS, TABLE};

/// `NFPROTO_INET`: IPv4 and IPv6 in one table.
const INET: u8 = 1;

/// `NFPROTO_NETDEV`: packets as devices have them.
const NETDEV: u8 = 5;

/// Before everything that a user would put there.
const FIRST: i32 = i32::MIN;

/// The same for what comes in, behind the joining of pieces (`NF_IP_PRI_CONNTRACK_DEFRAG` is -400,
/// `NF_IP_PRI_RAW` -300): what was whole is marked already.
const JOINED: i32 = -350;

/// As many devices as a chain can have (`NFT_NETDEVICE_MAX`).
const DEVICES: usize = 256;

/// The table for IPv4 and IPv6, with a chain for each hook.
pub(super) fn hooks(lengths: &[u32]) -> Batch {
    with_table(INET, |batch| {
        for (hook, name) in (0..).zip(HOOKS) {
            chain(batch, INET, name, lengths, |place| {
                number(place, 1, hook);
                let priority = if hook == 0 { JOINED } else { FIRST };
                number(place, 2, priority as u32);
            });
        }
    })
}

/// The table for devices, with a chain for as many as one can have.
pub(super) fn ingress(lengths: &[u32], devices: &[&str]) -> Batch {
    const INGRESS: u32 = 0;
    with_table(NETDEV, |batch| {
        for (turn, devices) in devices.chunks(DEVICES).enumerate() {
            let name = format!("{}{turn}", DEVICE_HOOKS[0]);
            chain(batch, NETDEV, &name, lengths, |place| {
                number(place, 1, INGRESS);
                number(place, 2, FIRST as u32);
                nested(place, 4, |list| {
                    devices.iter().for_each(|device| text(list, 1, device));
                });
            });
        }
    })
}

/// A table of ours, and what `chains` puts into it.
fn with_table(family: u8, chains: impl FnOnce(&mut Batch)) -> Batch {
    const OWNER: u32 = 2;
    let mut batch = Batch::default();
    batch.message(Kind::BatchBegin, 0, |_| {});
    batch.message(Kind::NewTable, family, |table| {
        text(table, 1, TABLE);
        number(table, 2, OWNER);
    });
    chains(&mut batch);
    batch.message(Kind::BatchEnd, 0, |_| {});
    batch
}

/// A chain at the hook that `place` writes, with a rule for each length.
fn chain(
    batch: &mut Batch,
    family: u8,
    name: &str,
    lengths: &[u32],
    place: impl FnOnce(&mut Vec<u8>),
) {
    batch.message(Kind::NewChain, family, |chain| {
        text(chain, 1, TABLE);
        text(chain, 3, name);
        nested(chain, 4, place);
        text(chain, 7, "filter");
    });
    for &length in lengths {
        batch.message(Kind::NewRule, family, |rule| {
            text(rule, 1, TABLE);
            text(rule, 2, name);
            nested(rule, 4, |list| mark(list, length));
        });
    }
}

/// `meta length LENGTH meta nftrace set 1`, as nft(8) compiles it.
fn mark(list: &mut Vec<u8>, length: u32) {
    const REGISTER: u32 = 1;
    const LENGTH: u32 = 0;
    const TRACE: u32 = 12;
    let mut expression = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
        nested(list, 1, |one| {
            text(one, 1, name);
            nested(one, 2, |data| write(data));
        });
    };
    expression("meta", &|data| {
        number(data, 2, LENGTH);
        number(data, 1, REGISTER);
    });
    expression("cmp", &|data| {
        number(data, 1, REGISTER);
        number(data, 2, 0); // equal
        // A length is compared in the machine's byte order.
        nested(data, 3, |value| attribute(value, 1, &length.to_ne_bytes()));
    });
    expression("immediate", &|data| {
        number(data, 1, REGISTER);
        nested(data, 2, |value| attribute(value, 1, &[1]));
    });
    expression("meta", &|data| {
        number(data, 2, TRACE);
        number(data, 3, REGISTER);
    });
}
