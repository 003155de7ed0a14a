//! How an interface of a pcapng file counts time: if_tsresol and if_tsoffset.

use super::super::{NANOS_PER_SECOND, Timestamp};

/// How an interface counts time.
pub(super) struct Clock {
    tick: Tick,
    /// Seconds to add to every time.
    offset: i64,
}

/// Length of a tick: if_tsresol, made ready to turn ticks into nanoseconds.
enum Tick {
    /// So many nanoseconds.
    Nanos(u64),
    /// So many ticks make a nanosecond.
    PerNano(u64),
    /// A second divided by this power of two.
    PowerOfTwo(u8),
}

impl Clock {
    /// From the options' values, `offset` in seconds.
    pub(super) fn new(resolution: u8, offset: i64) -> Clock {
        let exponent = u32::from(resolution & 0x7f);
        let tick = if resolution & 0x80 != 0 {
            Tick::PowerOfTwo(resolution & 0x7f)
        } else if exponent <= 9 {
            Tick::Nanos(10_u64.pow(9 - exponent))
        } else {
            Tick::PerNano(10_u64.checked_pow(exponent - 9).unwrap_or(u64::MAX))
        };
        Clock { tick, offset }
    }

    /// The time of a packet stamped with so many ticks.
    pub(super) fn time(&self, ticks: u64) -> Timestamp {
        let nanos = match self.tick {
            Tick::Nanos(nanos) => ticks.saturating_mul(nanos),
            Tick::PerNano(ticks_per_nano) => ticks / ticks_per_nano,
            Tick::PowerOfTwo(power) => {
                let nanos = (u128::from(ticks) * u128::from(NANOS_PER_SECOND)) >> power;
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        };
        let offset = self.offset.unsigned_abs().saturating_mul(NANOS_PER_SECOND);
        Timestamp(if self.offset < 0 {
            nanos.saturating_sub(offset)
        } else {
            nanos.saturating_add(offset)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_of_every_resolution_give_nanoseconds() {
        let table = [
            (6, 0, 1_500_000, 1_500_000_000),
            (0, 0, 2, 2_000_000_000),
            (9, -1, 1_500_000_000, 500_000_000),
            (12, 0, 1_500, 1),
            (0x80 | 10, 0, 1536, 1_500_000_000),
            (0xff, 0, u64::MAX, 0),
            (0x7f, 0, u64::MAX, 1),
            (0, 0, u64::MAX, u64::MAX),
            (6, i64::MIN, 1, 0),
            (6, i64::MAX, 1, u64::MAX),
        ];
        for (resolution, offset, ticks, nanos) in table {
            let time = Clock::new(resolution, offset).time(ticks);
            assert_eq!(time, Timestamp(nanos), "{resolution:#x} {offset} {ticks}");
        }
    }
}
