//! The nonce of a Kernel v3 user operation (section 1.3).

use alloc::format;
use alloc::vec::Vec;

use crate::U256;

use super::super::verify::{Finding, Role};

/// The parts of a nonce: `mode(1) ‖ type(1) ‖ id(20) ‖ key(2) ‖ sequence(8)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce {
    /// [`Nonce::DEFAULT_MODE`], or 1 if the signature carries an installation that the root validator approves.
    pub mode: u8,
    /// The type of the validator: [`Nonce::ROOT`], [`Nonce::VALIDATOR`] or [`Nonce::PERMISSION`].
    pub validator_type: u8,
    /// The id of the validator. In root mode the account ignores it.
    pub id: [u8; 20],
    /// The lane, chosen freely.
    pub key: u16,
    /// The number of the operation in its lane.
    pub sequence: u64,
}

impl Nonce {
    /// The mode without an installation.
    pub const DEFAULT_MODE: u8 = 0;
    /// The root validator.
    pub const ROOT: u8 = 0;
    /// Another validator, whose address is the id.
    pub const VALIDATOR: u8 = 1;
    /// A permission, whose four bytes start the id.
    pub const PERMISSION: u8 = 2;

    /// Splits a nonce.
    pub fn from_uint(nonce: U256) -> Self {
        let bytes = nonce.to_be_bytes();
        let mut id = [0; 20];
        id.iter_mut().zip(bytes.iter().skip(2)).for_each(|(to, from)| *to = *from);
        let number = |skip: usize, len: usize| {
            let digits = bytes.iter().skip(skip).take(len);
            digits.fold(0_u64, |value, byte| (value << 8) | u64::from(*byte))
        };
        let [mode, validator_type, ..] = bytes;
        let key = u16::try_from(number(22, 2)).unwrap_or_default();
        Self { mode, validator_type, id, key, sequence: number(24, 8) }
    }

    /// Puts the parts together.
    pub fn to_uint(self) -> U256 {
        let parts = [self.mode, self.validator_type].into_iter().chain(self.id);
        let parts = parts.chain(self.key.to_be_bytes()).chain(self.sequence.to_be_bytes());
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        U256::from_be_bytes(bytes)
    }

    /// Checks the mode and the type of validator by the role of our signer.
    pub(super) fn check(&self, role: Role, findings: &mut Vec<Finding>) {
        if self.mode != Self::DEFAULT_MODE {
            let what = if self.mode == 1 { " (enable: the signature installs a validator)" } else { "" };
            let detail = format!("nonce: mode {:02x}{what}", self.mode);
            findings.push(Finding::unverified("nonce_mode", detail));
        }
        let expected = match role {
            Role::Admin | Role::Unknown => Self::ROOT,
            Role::Delegated { .. } => Self::PERMISSION,
        };
        if self.validator_type != expected {
            let (found, id) = (self.validator_type, crate::hex::encode_0x(&self.id));
            let detail = format!(
                "nonce: validator type {found:02x} with id {id}, expected type {expected:02x}"
            );
            findings.push(Finding::unverified("nonce_type", detail));
        } else if expected == Self::PERMISSION && self.id.iter().skip(4).any(|byte| *byte != 0) {
            let detail = format!(
                "nonce: id {} has other bytes than those of a permission",
                crate::hex::encode_0x(&self.id)
            );
            findings.push(Finding::unverified("nonce_type", detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_nonce_are_split_and_joined() {
        // A delegated signer's operation, with a permission id, a key and a sequence.
        let text = "0x27f98822100000000000000000000000000000000d98b000000000000015e";
        let nonce = U256::from_hex(text).unwrap();
        let parts = Nonce::from_uint(nonce);
        assert_eq!((parts.mode, parts.validator_type), (0, Nonce::PERMISSION));
        assert_eq!(parts.id[..5], [0x7f, 0x98, 0x82, 0x21, 0]);
        assert_eq!((parts.key, parts.sequence), (0xd98b, 0x15e));
        assert_eq!(parts.to_uint(), nonce);
        assert_eq!(Nonce::from_uint(U256::MAX).to_uint(), U256::MAX);
    }
}
