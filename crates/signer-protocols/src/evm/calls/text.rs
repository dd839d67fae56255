use core::fmt;

use super::Call;
use crate::U256;

/// One line for a person.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NativeTransfer => f.write_str("native transfer"),
            Self::Creation { len } => write!(f, "contract creation with {len} bytes"),
            Self::Transfer { to, amount } => {
                write!(f, "erc20 transfer of {amount} base units to {to}")
            }
            Self::TransferFrom { from, to, amount } => {
                write!(
                    f,
                    "transfer of {amount} base units, or of token {amount}, from {from} to {to}"
                )
            }
            Self::Approve { spender, amount } => {
                let limit = Limit(*amount);
                write!(f, "approval of {limit} base units, or of token {amount}, for {spender}")
            }
            Self::IncreaseAllowance { spender, amount } => {
                write!(f, "allowance of {} more base units for {spender}", Limit(*amount))
            }
            Self::DecreaseAllowance { spender, amount } => {
                write!(f, "allowance of {} fewer base units for {spender}", Limit(*amount))
            }
            Self::SafeTransferFrom { from, to, token_id, data } => {
                write!(f, "erc721 transfer of token {token_id} from {from} to {to}")?;
                match data.len() {
                    0 => Ok(()),
                    len => write!(f, " with {len} bytes"),
                }
            }
            Self::SetApprovalForAll { operator, approved: true } => {
                write!(f, "approval of all tokens of the contract for {operator}")
            }
            Self::SetApprovalForAll { operator, approved: false } => {
                write!(f, "withdrawal of the approval of all tokens from {operator}")
            }
            Self::Permit { owner, spender, amount, deadline } => write!(
                f,
                "permit of {} base units of {owner} for {spender} until {deadline}",
                Limit(*amount)
            ),
            Self::Permit2Approve { token, spender, amount, expiration } => {
                let amount = Limit(*amount);
                write!(f, "permit2 approval of {amount} base units of token {token} ")?;
                write!(f, "for {spender} until {expiration}")
            }
            Self::Permit2Permit { owner, token, spender, amount, expiration } => {
                let amount = Limit(*amount);
                write!(f, "permit2 permit of {amount} base units of token {token} of {owner} ")?;
                write!(f, "for {spender} until {expiration}")
            }
            Self::Permit2TransferFrom { token, from, to, amount } => {
                write!(f, "permit2 payment of {amount} base units of token {token} ")?;
                write!(f, "from {from} to {to}")
            }
            Self::PermitTransferFrom { token, from, to, amount, .. } => {
                write!(f, "permit2 payment of {amount} base units of token {token} ")?;
                write!(f, "from {from} to {to} by signature")
            }
            Self::TransferWithAuthorization { from, to, amount, valid_before, .. } => {
                write!(f, "payment of {amount} base units from {from} to {to} ")?;
                write!(f, "by authorization until {valid_before}")
            }
            Self::Other { selector, len } => {
                f.write_str("call 0x")?;
                selector.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                write!(f, " with {len} bytes")
            }
        }
    }
}

/// An amount that may be spent. The largest values of 256 and 160 bits stand for no limit.
struct Limit(U256);

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.to_be_bytes();
        let (upper, lower) = bytes.split_at(12);
        let unlimited = lower.iter().all(|byte| *byte == 0xff)
            && (upper.iter().all(|byte| *byte == 0) || upper.iter().all(|byte| *byte == 0xff));
        if unlimited { f.write_str("unlimited") } else { fmt::Display::fmt(&self.0, f) }
    }
}
