//! Whole numbers among the arguments.

use std::ops::RangeInclusive;

/// Ports to choose from; 0 would let the kernel choose.
pub(super) const PORTS: RangeInclusive<u64> = 1..=65_535;

/// Reads a whole number of `range`, for clap. What is none is told which numbers there are.
pub(super) fn whole<N: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<N, String> + Clone {
    move |text| {
        let number: Option<u64> = text.parse().ok();
        let number = number.filter(|number| range.contains(number));
        let number = number.and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| match (*range.start(), *range.end()) {
            (least, u64::MAX) => format!("write a whole number, at least {least}"),
            (least, most) => format!("write a whole number from {least} to {most}"),
        })
    }
}
