//! Seconds since 1970 as a date, for fields that hold one.

use crate::model::Text;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A moment in universal time.
struct Date {
    weekday: &'static str,
    year: u64,
    month: &'static str,
    day: u64,
    seconds: u64,
}

impl Date {
    /// Counts 400-year cycles, centuries, four-year spans and years that begin in March, so that
    /// the leap day is the last of its year.
    fn of(time: u64) -> Date {
        let days = time / 86_400;
        let since = days + 719_468; // days from 1 March of the year 0
        let (cycle, left) = (since / 146_097, since % 146_097);
        let year = (left - left / 1460 + left / 36_524 - left / 146_096) / 365;
        let day_of_year = left - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        Date {
            weekday: DAYS[(days % 7) as usize],
            year: 400 * cycle + year + u64::from(month >= 10),
            month: MONTHS[((month + 2) % 12) as usize],
            day: day_of_year - (153 * month + 2) / 5 + 1,
            seconds: time % 86_400,
        }
    }

    fn clock(&self, text: &mut Text) {
        text.dec_padded(self.seconds / 3600, 2, b'0').str(":");
        text.dec_padded(self.seconds / 60 % 60, 2, b'0').str(":");
        text.dec_padded(self.seconds % 60, 2, b'0');
    }
}

/// `Wed, 19 Jun 2019 10:57:21  (1560941841)`
pub(super) fn with_number(time: u64, text: &mut Text) {
    let date = Date::of(time);
    text.str(date.weekday).str(", ");
    text.dec_padded(date.day, 2, b'0').str(" ");
    text.str(date.month).str(" ").dec(date.year).str(" ");
    date.clock(text);
    text.str("  (").dec(time).str(")");
}

/// `Wed Jun 19 10:57:21 2019`
pub(super) fn plain(time: u64, text: &mut Text) {
    let date = Date::of(time);
    text.str(date.weekday).str(" ").str(date.month).str(" ");
    text.dec_padded(date.day, 2, b'0').str(" ");
    date.clock(text);
    text.str(" ").dec(date.year);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_across_leap_years() {
        let written = |time| {
            let mut text = Text::default();
            plain(time, &mut text);
            text.as_str().to_owned()
        };
        assert_eq!(written(0), "Thu Jan 01 00:00:00 1970");
        assert_eq!(written(951_782_400), "Tue Feb 29 00:00:00 2000");
        assert_eq!(written(1_560_941_841), "Wed Jun 19 10:57:21 2019");
        assert_eq!(written(4_294_967_295), "Sun Feb 07 06:28:15 2106");
    }
}
