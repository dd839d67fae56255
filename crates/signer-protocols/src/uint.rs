use core::fmt;

/// An unsigned integer of 256 bits: an amount of a token in base units, or a quantity of the EVM.
///
/// ```
/// use signer_protocols::U256;
///
/// let amount = U256::from_decimal("200000").unwrap();
/// assert_eq!(amount.to_string(), "200000");
/// assert_eq!(amount, U256::from(0x30d40_u64));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct U256([u8; 32]);

impl U256 {
    /// 0.
    pub const ZERO: Self = Self([0; 32]);
    /// 2^256 - 1.
    pub const MAX: Self = Self([0xff; 32]);

    /// The integer of 32 bytes, most significant byte first.
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 32 bytes, most significant byte first.
    pub const fn to_be_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The integer of at most 32 bytes, most significant byte first. `None` if there are more.
    pub fn from_be_slice(bytes: &[u8]) -> Option<Self> {
        let mut wide = [0; 32];
        let start = wide.len().checked_sub(bytes.len())?;
        wide.get_mut(start..)?.copy_from_slice(bytes);
        Some(Self(wide))
    }

    /// Reads decimal digits. `None` for an empty text, another character, or 2^256 and more.
    pub fn from_decimal(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        text.chars().try_fold(Self::ZERO, |value, digit| {
            value.checked_mul(10)?.checked_add(Self::from(digit.to_digit(10)?))
        })
    }

    /// Reads `0x` and hex digits of either case. `None` for anything else, or 2^256 and more.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").filter(|digits| !digits.is_empty())?;
        let mut value = Self::ZERO;
        for (at, digit) in digits.trim_start_matches('0').bytes().rev().enumerate() {
            let digit = u8::try_from(char::from(digit).to_digit(16)?).ok()?;
            let byte = value.0.iter_mut().rev().nth(at / 2)?;
            *byte |= if at % 2 == 0 { digit } else { digit << 4 };
        }
        Some(value)
    }

    /// The sum. `None` if it is 2^256 or more.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let mut sum = Self::ZERO;
        let mut carry = 0;
        for ((sum, a), b) in sum.0.iter_mut().zip(self.0).zip(other.0).rev() {
            let digit = u16::from(a) + u16::from(b) + carry;
            [_, *sum] = digit.to_be_bytes();
            carry = digit >> 8;
        }
        (carry == 0).then_some(sum)
    }

    /// The product. `None` if it is 2^256 or more.
    pub fn checked_mul(self, factor: u64) -> Option<Self> {
        let mut product = Self::ZERO;
        let mut carry: u128 = 0;
        for (chunk, out) in self.0.rchunks(8).zip(product.0.rchunks_mut(8)) {
            let digit = u64::from_be_bytes(chunk.try_into().ok()?);
            let wide = u128::from(digit) * u128::from(factor) + carry;
            out.copy_from_slice(wide.to_be_bytes().get(8..)?);
            carry = wide >> 64;
        }
        (carry == 0).then_some(product)
    }

    fn divide(self, divisor: u8) -> (Self, u8) {
        let mut quotient = Self::ZERO;
        let mut rest: u16 = 0;
        for (out, digit) in quotient.0.iter_mut().zip(self.0) {
            let value = (rest << 8) | u16::from(digit);
            [_, *out] = (value / u16::from(divisor)).to_be_bytes();
            rest = value % u16::from(divisor);
        }
        (quotient, rest.to_be_bytes()[1])
    }
}

impl From<u32> for U256 {
    fn from(value: u32) -> Self {
        Self::from(u128::from(value))
    }
}

impl From<u64> for U256 {
    fn from(value: u64) -> Self {
        Self::from(u128::from(value))
    }
}

impl From<u128> for U256 {
    fn from(value: u128) -> Self {
        Self::from_be_slice(&value.to_be_bytes()).unwrap_or_default()
    }
}

/// The low 128 bits, if there are no others.
impl TryFrom<U256> for u128 {
    type Error = U256;

    fn try_from(value: U256) -> Result<Self, U256> {
        let (high, low) = value.0.split_at(16);
        match <[u8; 16]>::try_from(low) {
            Ok(low) if high.iter().all(|byte| *byte == 0) => Ok(Self::from_be_bytes(low)),
            _ => Err(value),
        }
    }
}

/// The low 64 bits, if there are no others.
impl TryFrom<U256> for u64 {
    type Error = U256;

    fn try_from(value: U256) -> Result<Self, U256> {
        u128::try_from(value).ok().and_then(|wide| Self::try_from(wide).ok()).ok_or(value)
    }
}

/// Decimal digits.
impl fmt::Display for U256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(narrow) = u128::try_from(*self) {
            return fmt::Display::fmt(&narrow, f);
        }
        let mut digits = [0; 78];
        let mut start = digits.len();
        let mut rest = *self;
        loop {
            let (quotient, digit) = rest.divide(10);
            start -= 1;
            digits[start] = b'0' + digit;
            rest = quotient;
            if rest == Self::ZERO {
                break;
            }
        }
        let text = core::str::from_utf8(digits.get(start..).unwrap_or_default());
        f.pad_integral(true, "", text.map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for U256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// 2^256 - 1 as Python prints it.
    const MAX: &str =
        "115792089237316195423570985008687907853269984665640564039457584007913129639935";

    #[test]
    fn the_largest_value_is_read_and_printed_and_one_more_is_refused() {
        assert_eq!(U256::from_decimal(MAX), Some(U256::MAX));
        assert_eq!(U256::MAX.to_string(), MAX);
        assert_eq!(U256::from_hex(&alloc::format!("0x{}", "f".repeat(64))), Some(U256::MAX));
        let one_more = MAX.strip_suffix('5').unwrap().to_string() + "6";
        assert_eq!(U256::from_decimal(&one_more), None);
        assert_eq!(U256::from_hex(&alloc::format!("0x1{}", "0".repeat(64))), None);
        assert_eq!(U256::MAX.checked_add(U256::from(1_u64)), None);
        assert_eq!(U256::MAX.checked_mul(2), None);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "-1", "+1", "1.0", "1e3", " 1", "0x1"] {
            assert_eq!(U256::from_decimal(text), None, "{text:?}");
        }
        for text in ["", "0x", "1", "0X1", "0xg", "0x+1"] {
            assert_eq!(U256::from_hex(text), None, "{text:?}");
        }
        assert_eq!(U256::ZERO.to_string(), "0");
    }

    #[test]
    fn arithmetic_equals_that_of_128_bits() {
        let values = [0_u64, 1, 9, 255, 256, 1 << 32, u64::MAX - 1, u64::MAX];
        for a in values {
            for b in values {
                let product = u128::from(a) * u128::from(b);
                assert_eq!(U256::from(a).checked_mul(b), Some(U256::from(product)));
                let sum = u128::from(a) + u128::from(b);
                assert_eq!(U256::from(a).checked_add(U256::from(b)), Some(U256::from(sum)));
                assert_eq!(U256::from(product).to_string(), product.to_string());
                assert_eq!(u128::try_from(U256::from(product)), Ok(product));
            }
        }
        assert!(u64::try_from(U256::from(1_u128 << 64)).is_err());
        assert!(u128::try_from(U256::MAX).is_err());
    }
}
