//! Calls that move tokens or give power over them, decoded for a person to read.

mod arguments;
mod text;

use alloc::vec::Vec;

use signer_core::address::evm::Address;

use self::arguments::Arguments;
use crate::U256;

/// The effect of a call, as far as its bytes tell. The contract that is called decides what really happens: a contract
/// that is not a token may do anything under these selectors.
///
/// The text ([`Display`](core::fmt::Display)) is one line, such as `erc20 transfer of 7 base units to 0x…`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// No data: the value goes to the recipient.
    NativeTransfer,
    /// No recipient: a contract is created.
    Creation {
        /// The bytes of its code.
        len: usize,
    },
    /// ERC-20 `transfer`.
    Transfer {
        /// The recipient.
        to: Address,
        /// The amount in base units.
        amount: U256,
    },
    /// `transferFrom` of ERC-20 or ERC-721: both have the same selector.
    TransferFrom {
        /// The owner.
        from: Address,
        /// The recipient.
        to: Address,
        /// The amount in base units (ERC-20), or the id of the token (ERC-721).
        amount: U256,
    },
    /// `approve` of ERC-20 or ERC-721: both have the same selector.
    Approve {
        /// The address that may spend.
        spender: Address,
        /// The amount in base units (ERC-20), or the id of the token (ERC-721).
        amount: U256,
    },
    /// `increaseAllowance`.
    IncreaseAllowance {
        /// The address that may spend more.
        spender: Address,
        /// The addition in base units.
        amount: U256,
    },
    /// `decreaseAllowance`.
    DecreaseAllowance {
        /// The address that may spend less.
        spender: Address,
        /// The reduction in base units.
        amount: U256,
    },
    /// ERC-721 `safeTransferFrom`, with or without data for the recipient.
    SafeTransferFrom {
        /// The owner.
        from: Address,
        /// The recipient.
        to: Address,
        /// The id of the token.
        token_id: U256,
        /// The data for the recipient.
        data: Vec<u8>,
    },
    /// `setApprovalForAll` of ERC-721 and ERC-1155.
    SetApprovalForAll {
        /// The address that may move every token of this contract, or no longer may.
        operator: Address,
        /// Whether it may.
        approved: bool,
    },
    /// EIP-2612 `permit`: an allowance by the owner's signature.
    Permit {
        /// The owner who signed.
        owner: Address,
        /// The address that may spend.
        spender: Address,
        /// The amount in base units.
        amount: U256,
        /// The end of the permit, in seconds since 1970.
        deadline: U256,
    },
    /// Permit2 `approve`.
    Permit2Approve {
        /// The token.
        token: Address,
        /// The address that may spend.
        spender: Address,
        /// The amount in base units.
        amount: U256,
        /// The end of the allowance, in seconds since 1970.
        expiration: U256,
    },
    /// Permit2 `permit` of a single token: an allowance by the owner's signature.
    Permit2Permit {
        /// The owner who signed.
        owner: Address,
        /// The token.
        token: Address,
        /// The address that may spend.
        spender: Address,
        /// The amount in base units.
        amount: U256,
        /// The end of the allowance, in seconds since 1970.
        expiration: U256,
    },
    /// Permit2 `transferFrom`.
    Permit2TransferFrom {
        /// The token.
        token: Address,
        /// The owner.
        from: Address,
        /// The recipient.
        to: Address,
        /// The amount in base units.
        amount: U256,
    },
    /// Permit2 `permitTransferFrom`: a payment by the owner's signature.
    PermitTransferFrom {
        /// The token.
        token: Address,
        /// The owner who signed.
        from: Address,
        /// The recipient.
        to: Address,
        /// The amount that is moved, in base units.
        amount: U256,
        /// The largest amount that the owner allowed.
        permitted: U256,
    },
    /// EIP-3009 `transferWithAuthorization` or `receiveWithAuthorization`: a payment by the owner's signature.
    TransferWithAuthorization {
        /// The owner who signed.
        from: Address,
        /// The recipient.
        to: Address,
        /// The amount in base units.
        amount: U256,
        /// The end of the authorization, in seconds since 1970.
        valid_before: U256,
        /// Whether only the recipient may send it (`receiveWithAuthorization`).
        by_recipient: bool,
    },
    /// Any other call, and one whose arguments are not canonical.
    Other {
        /// The first four bytes, or all if there are fewer.
        selector: Vec<u8>,
        /// The bytes of the data, with the selector.
        len: usize,
    },
}

impl Call {
    /// Whether the call moves coins or tokens.
    pub const fn is_payment(&self) -> bool {
        matches!(
            self,
            Self::NativeTransfer
                | Self::Transfer { .. }
                | Self::TransferFrom { .. }
                | Self::SafeTransferFrom { .. }
                | Self::Permit2TransferFrom { .. }
                | Self::PermitTransferFrom { .. }
                | Self::TransferWithAuthorization { .. }
        )
    }

    /// Whether the call lets another address move tokens later.
    pub const fn is_allowance(&self) -> bool {
        matches!(
            self,
            Self::Approve { .. }
                | Self::IncreaseAllowance { .. }
                | Self::SetApprovalForAll { approved: true, .. }
                | Self::Permit { .. }
                | Self::Permit2Approve { .. }
                | Self::Permit2Permit { .. }
        )
    }
}

/// Decodes a call: `to` is its recipient (`None` creates a contract), `data` its bytes. Only the canonical encoding is
/// read: exact length, clean padding, values in range. Everything else is [`Call::Other`].
///
/// ```
/// use signer_protocols::evm::calls::describe;
/// use signer_protocols::signer_core::address::evm::Address;
///
/// let to = Address::from_bytes([7; 20]);
/// assert_eq!(describe(Some(&to), &[]).to_string(), "native transfer");
/// assert_eq!(describe(Some(&to), &[1, 2, 3, 4, 5]).to_string(), "call 0x01020304 with 5 bytes");
/// ```
pub fn describe(to: Option<&Address>, data: &[u8]) -> Call {
    let len = data.len();
    if to.is_none() {
        return Call::Creation { len };
    }
    let Some((selector, arguments)) = data.split_first_chunk::<4>() else {
        let other = Call::Other { selector: data.into(), len };
        return if data.is_empty() { Call::NativeTransfer } else { other };
    };
    let known = known(*selector, Arguments::new(arguments));
    known.unwrap_or_else(|| Call::Other { selector: selector.as_slice().into(), len })
}

fn known(selector: [u8; 4], mut it: Arguments<'_>) -> Option<Call> {
    let call = match u32::from_be_bytes(selector) {
        0xa905_9cbb => Call::Transfer { to: it.address()?, amount: it.uint(256)? },
        0x23b8_72dd => {
            Call::TransferFrom { from: it.address()?, to: it.address()?, amount: it.uint(256)? }
        }
        0x095e_a7b3 => Call::Approve { spender: it.address()?, amount: it.uint(256)? },
        0x3950_9351 => Call::IncreaseAllowance { spender: it.address()?, amount: it.uint(256)? },
        0xa457_c2d7 => Call::DecreaseAllowance { spender: it.address()?, amount: it.uint(256)? },
        selector @ (0x4284_2e0e | 0xb88d_4fde) => Call::SafeTransferFrom {
            from: it.address()?,
            to: it.address()?,
            token_id: it.uint(256)?,
            data: if selector == 0xb88d_4fde { it.bytes()?.into() } else { Vec::new() },
        },
        0xa22c_b465 => Call::SetApprovalForAll { operator: it.address()?, approved: it.bool()? },
        0x8751_7c45 => Call::Permit2Approve {
            token: it.address()?,
            spender: it.address()?,
            amount: it.uint(160)?,
            expiration: it.uint(48)?,
        },
        0x36c7_8516 => {
            let (from, to) = (it.address()?, it.address()?);
            Call::Permit2TransferFrom { from, to, amount: it.uint(160)?, token: it.address()? }
        }
        selector => return signed(selector, it),
    };
    it.end().map(|()| call)
}

/// Calls that carry the signature of an owner. The signature itself is not checked.
fn signed(selector: u32, mut it: Arguments<'_>) -> Option<Call> {
    let call = match selector {
        selector @ (0xd505_accf | 0x9fd5_a6cf) => {
            let (owner, spender) = (it.address()?, it.address()?);
            let (amount, deadline) = (it.uint(256)?, it.uint(256)?);
            it.signature(selector == 0x9fd5_a6cf)?;
            Call::Permit { owner, spender, amount, deadline }
        }
        0x2b67_b570 => {
            let (owner, token) = (it.address()?, it.address()?);
            let (amount, expiration, _nonce) = (it.uint(160)?, it.uint(48)?, it.uint(48)?);
            let (spender, _deadline) = (it.address()?, it.uint(256)?);
            it.bytes()?;
            Call::Permit2Permit { owner, token, spender, amount, expiration }
        }
        0x30f2_8b7a => {
            let (token, permitted) = (it.address()?, it.uint(256)?);
            let (_nonce, _deadline) = (it.uint(256)?, it.uint(256)?);
            let (to, amount, from) = (it.address()?, it.uint(256)?, it.address()?);
            it.bytes()?;
            Call::PermitTransferFrom { token, from, to, amount, permitted }
        }
        selector @ (0xe3ee_160e | 0xef55_bec6 | 0xcf09_2995 | 0x88b7_ab63) => {
            let (from, to, amount) = (it.address()?, it.address()?, it.uint(256)?);
            let (_valid_after, valid_before) = (it.uint(256)?, it.uint(256)?);
            let _nonce = it.uint(256)?;
            it.signature(matches!(selector, 0xcf09_2995 | 0x88b7_ab63))?;
            let by_recipient = matches!(selector, 0xef55_bec6 | 0x88b7_ab63);
            Call::TransferWithAuthorization { from, to, amount, valid_before, by_recipient }
        }
        _ => return None,
    };
    it.end().map(|()| call)
}

#[cfg(test)]
mod tests;
