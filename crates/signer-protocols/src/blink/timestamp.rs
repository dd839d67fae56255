use alloc::string::String;
use core::fmt::{self, Write};

use super::ParseError;

const MS_PER_DAY: u64 = 86_400_000;

/// A moment in UTC with milliseconds, written as ECMAScript's `toISOString` does:
/// `YYYY-MM-DDTHH:MM:SS.mmmZ`, from 1970 to the end of 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last millisecond of the year 9999.
    const MAX: u64 = 253_402_300_799_999;

    /// Takes Unix milliseconds.
    ///
    /// # Errors
    /// [`ParseError::Timestamp`] after the year 9999.
    pub const fn from_unix_ms(ms: u64) -> Result<Self, ParseError> {
        if ms <= Self::MAX { Ok(Self(ms)) } else { Err(ParseError::Timestamp) }
    }

    /// Unix milliseconds.
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// So many milliseconds earlier, for a signer whose clock may be fast: the receiver takes nothing
    /// from the future.
    #[must_use]
    pub const fn back_dated(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Reads exactly the form that is written.
    ///
    /// # Errors
    /// [`ParseError::Timestamp`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 24
            && bytes.iter().zip(b"0000-00-00T00:00:00.000Z").all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                _ => byte == form,
            });
        let number = |from: usize, to: usize| {
            bytes
                .get(from..to)
                .unwrap_or_default()
                .iter()
                .fold(0_u64, |value, digit| value * 10 + u64::from(digit.wrapping_sub(b'0')))
        };
        if !shape {
            return Err(ParseError::Timestamp);
        }
        let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
        let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19));
        if year < 1970
            || !(1..=12).contains(&month)
            || day == 0
            || day > days_of_month(year, month)
            || hour > 23
            || minute > 59
            || second > 59
        {
            return Err(ParseError::Timestamp);
        }
        let days = days_before_year(year) - days_before_year(1970)
            + (1..month).map(|month| days_of_month(year, month)).sum::<u64>()
            + day
            - 1;
        let seconds = (hour * 60 + minute) * 60 + second;
        Ok(Self(days * MS_PER_DAY + seconds * 1_000 + number(20, 23)))
    }

    /// Reads what a merchant signed: the form that is written, or the one of the vendor's sample in Python,
    /// `YYYY-MM-DDTHH:MM:SS[.ffffff]+00:00`. What is finer than a millisecond is cut off.
    pub(super) fn parse_signed(text: &str) -> Result<Self, ParseError> {
        let Some(python) = text.strip_suffix("+00:00") else { return Self::parse(text) };
        let (seconds, micros) = python.split_once('.').unwrap_or((python, "000000"));
        let micros: &[u8; 6] = micros.as_bytes().try_into().map_err(|_| ParseError::Timestamp)?;
        let [a, b, c, finer @ ..] = *micros;
        if !finer.iter().all(u8::is_ascii_digit) {
            return Err(ParseError::Timestamp);
        }
        let [a, b, c] = [a, b, c].map(char::from);
        Self::parse(&alloc::format!("{seconds}.{a}{b}{c}Z"))
    }

    pub(super) fn to_text(self) -> String {
        let mut text = String::with_capacity(24);
        let written = write!(text, "{self}");
        debug_assert!(written.is_ok(), "a string takes everything");
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut days = self.0 / MS_PER_DAY + days_before_year(1970);
        // 400 years have 146,097 days; the guess is at most one year too low.
        let mut year = days * 400 / 146_097 + 1;
        while days_before_year(year + 1) <= days {
            year += 1;
        }
        while days_before_year(year) > days {
            year -= 1;
        }
        days -= days_before_year(year);
        let mut month = 1;
        while days >= days_of_month(year, month) {
            days -= days_of_month(year, month);
            month += 1;
        }
        let ms = self.0 % MS_PER_DAY;
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        let (day, ms) = (days + 1, ms % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from the first of January of year 1 to that of `year`.
const fn days_before_year(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}
