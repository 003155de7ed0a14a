//! Where a packet was seen last. Of one that was cut up each piece goes its own way: what matters is
//! the one that did not get on, while others may be seen later and farther.

use super::evidence::{Glimpse, Leg};
use crate::journey::Piece;

/// The last glimpse of the packet, or of its answer; of pieces, of the one that got least far.
pub(super) fn glimpse(seen: &[Glimpse]) -> Option<&Glimpse> {
    let last = seen.iter().rfind(|glimpse| glimpse.leg != Leg::Error)?;
    let leg: Vec<&Glimpse> = seen.iter().filter(|one| one.leg == last.leg).collect();
    let way = |glimpse: &Glimpse| leg.iter().position(|one| is_same_place(one, glimpse));
    let stopped = leg.iter().enumerate().filter(|(at, glimpse)| {
        let mut later = leg[at + 1..].iter();
        !later.any(|later| is_of(glimpse, later))
    });
    stopped
        .map(|(_, glimpse)| *glimpse)
        .min_by_key(|glimpse| way(glimpse))
}

fn is_same_place(one: &Glimpse, other: &Glimpse) -> bool {
    let place = |glimpse: &Glimpse| (glimpse.out, glimpse.outer.is_some());
    place(one) == place(other) && one.host == other.host && one.dev == other.dev
}

/// Whether something of what was seen at `glimpse` is seen at `later`, too.
fn is_of(glimpse: &Glimpse, later: &Glimpse) -> bool {
    // Out of the datagram it is there whole.
    let around = later.outer.is_none() || overlap(glimpse.outer_piece, later.outer_piece);
    around && overlap(glimpse.piece, later.piece)
}

fn overlap(one: Option<Piece>, other: Option<Piece>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one.offset < other.offset + other.len && other.offset < one.offset + one.len
        }
        // All of it.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::seen;
    use super::*;

    const FIRST: Piece = Piece {
        offset: 0,
        len: 1448,
        more: true,
    };
    const SECOND: Piece = Piece {
        offset: 1448,
        len: 532,
        more: false,
    };

    fn of(piece: Piece, hops: usize) -> Vec<Glimpse> {
        let mut seen = seen(hops);
        for glimpse in &mut seen {
            glimpse.piece = Some(piece);
        }
        seen
    }

    fn place(seen: &[Glimpse]) -> Option<(&str, &str)> {
        glimpse(seen).map(|glimpse| (glimpse.host.as_str(), glimpse.dev.as_str()))
    }

    #[test]
    fn a_lost_piece_was_forgotten_over_one_that_got_farther() {
        for (lost, other) in [(FIRST, SECOND), (SECOND, FIRST)] {
            // Whichever is faster.
            let seen = [of(lost, 4), of(other, 6)];
            assert_eq!(place(&seen.concat()), Some(("s", "tun0")));
            let [one, two] = seen;
            assert_eq!(place(&[two, one].concat()), Some(("s", "tun0")));
        }
    }

    #[test]
    fn a_piece_of_the_datagram_around_it_gets_lost() {
        let mut seen = seen(3);
        seen[2].outer_piece = Some(SECOND);
        let mut first = seen[1].clone();
        (seen[1].outer_piece, first.outer_piece) = (Some(FIRST), Some(SECOND));
        seen.insert(2, first);
        assert_eq!(place(&seen), Some(("u", "eth0")));
    }

    #[test]
    fn what_is_whole_or_arrives_whole_was_seen_last_where_it_was_seen_last() {
        assert_eq!(place(&seen(5)), Some(("s", "eth1")));
        let mut again = seen(4);
        again.extend(seen(2));
        assert_eq!(place(&again), Some(("u", "eth0")));
        let mut joined = [of(FIRST, 4), of(SECOND, 4)].concat();
        joined.push(seen(5).remove(4));
        assert_eq!(place(&joined), Some(("s", "eth1")));
        assert_eq!(place(&[]), None);
    }
}
