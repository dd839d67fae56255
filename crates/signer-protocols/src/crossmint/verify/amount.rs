use alloc::string::String;

use crate::U256;

/// The cause why an amount of a transfer cannot be converted into base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Not decimal digits with at most one point after the first digit.
    #[error("amount must be decimal digits, such as 1.5")]
    Form,
    /// Digits that are not zero beyond the decimals of the token.
    #[error("amount has more digits than the token has decimals")]
    Decimals,
    /// 2^256 base units or more.
    #[error("amount is too large")]
    Range,
}

/// Converts an amount in whole tokens (`^\d+(\.\d*)?$`) into base units, exactly.
///
/// # Errors
/// [`AmountError`].
///
/// ```
/// use signer_protocols::U256;
/// use signer_protocols::crossmint::verify::base_units;
///
/// assert_eq!(base_units("0.2", 6), Ok(U256::from(200_000_u64)));
/// ```
pub fn base_units(amount: &str, decimals: u8) -> Result<U256, AmountError> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || amount.len() > 512 || !is_digits(whole) || !is_digits(fraction) {
        return Err(AmountError::Form);
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::from(decimals).checked_sub(fraction.len()).ok_or(AmountError::Decimals)?;
    let digits: String =
        whole.chars().chain(fraction.chars()).chain(core::iter::repeat_n('0', missing)).collect();
    U256::from_decimal(&digits).ok_or(AmountError::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shifted_exactly() {
        let cases: [(&str, u8, u64); 7] = [
            ("0.2", 6, 200_000),
            ("1", 0, 1),
            ("1.", 2, 100),
            ("1.50", 1, 15),
            ("007", 1, 70),
            ("123456789.", 6, 123_456_789_000_000),
            ("0.000000000000000001", 18, 1),
        ];
        for (amount, decimals, expected) in cases {
            assert_eq!(base_units(amount, decimals), Ok(U256::from(expected)), "{amount}");
        }
    }

    #[test]
    fn other_amounts_are_refused() {
        for amount in ["", ".", ".5", "-1", "+1", "1e3", "1,5", "1.5.", " 1", "0x1"] {
            assert_eq!(base_units(amount, 6), Err(AmountError::Form), "{amount:?}");
        }
        assert_eq!(base_units("0.0000001", 6), Err(AmountError::Decimals));
        assert_eq!(base_units("1", 78), Err(AmountError::Range));
    }
}
