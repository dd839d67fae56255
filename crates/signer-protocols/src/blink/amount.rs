use alloc::string::String;
use core::fmt;

use super::ParseError;
use crate::json::number_text;

/// A dollar amount as the request gives it: a positive finite double, kept with its ECMAScript text.
#[derive(Clone, PartialEq, Eq)]
pub struct Amount(String);

impl Amount {
    /// Takes a positive finite double.
    pub fn from_f64(value: f64) -> Option<Self> {
        let positive = value.is_finite() && value > 0.0;
        positive.then(|| Self(number_text(value, &mut ryu_js::Buffer::new()).into()))
    }

    /// The number as ECMAScript prints it, and as it is signed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The amount in millionths of a dollar, rounded up; [`UsdMicros::MAX`] when it is larger. It is
    /// that of the text that is signed: 0.1 is 100,000, not the double a little above it.
    pub fn to_micros(&self) -> UsdMicros {
        let (mantissa, exponent) = self.0.split_once('e').unwrap_or((&self.0, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(i32::MAX);
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        // How many of the digits stand before the point once it is moved to the millionths.
        let whole = i32::try_from(integer.len()).unwrap_or(i32::MAX).saturating_add(exponent + 6);
        let mut micros = 0_u64;
        let mut digits = integer.bytes().chain(fraction.bytes());
        for _ in 0..whole.max(0) {
            let digit = digits.next().map_or(0, |digit| u64::from(digit - b'0'));
            match micros.checked_mul(10).and_then(|micros| micros.checked_add(digit)) {
                Some(next) => micros = next,
                None => return UsdMicros::MAX,
            }
        }
        let rest = digits.any(|digit| digit != b'0');
        UsdMicros(micros.saturating_add(u64::from(rest)))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({})", self.0)
    }
}

/// Millionths of a dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsdMicros(pub u64);

impl UsdMicros {
    /// More than any ceiling.
    pub const MAX: Self = Self(u64::MAX);

    /// Reads decimal dollars: digits, and at most six decimals after a point.
    ///
    /// # Errors
    /// [`ParseError::UsdAmount`].
    pub fn parse_dollars(text: &str) -> Result<Self, ParseError> {
        let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(integer) || !digits(fraction) || fraction.len() > 6 {
            return Err(ParseError::UsdAmount);
        }
        integer
            .bytes()
            .chain(fraction.bytes())
            .chain(core::iter::repeat_n(b'0', 6 - fraction.len()))
            .try_fold(0_u64, |micros, digit| {
                micros.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
            })
            .map(Self)
            .ok_or(ParseError::UsdAmount)
    }
}
