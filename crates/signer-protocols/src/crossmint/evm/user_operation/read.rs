use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::{Deployment, Paymaster, UserOperation};
use crate::hex::decode_0x;
use crate::{Json, U256};

/// The longest callData, factoryData, paymasterData or signature, in bytes.
const MAX_BYTES: usize = 512 * 1024;

const MEMBERS: [&str; 15] = [
    "sender",
    "nonce",
    "callData",
    "callGasLimit",
    "verificationGasLimit",
    "preVerificationGas",
    "maxFeePerGas",
    "maxPriorityFeePerGas",
    "signature",
    "paymaster",
    "paymasterVerificationGasLimit",
    "paymasterPostOpGasLimit",
    "paymasterData",
    "factory",
    "factoryData",
];

/// Members of other forms of an operation, with their form.
const FOREIGN: [(&str, &str); 5] = [
    ("initCode", "entry point v0.6"),
    ("paymasterAndData", "entry point v0.6, or the packed form"),
    ("accountGasLimits", "the packed form"),
    ("gasFees", "the packed form"),
    ("eip7702Auth", "an account delegated by EIP-7702"),
];

/// The cause why a user operation cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserOperationError {
    /// A member that the unpacked form of entry point v0.7 does not have.
    #[error("user operation: {name} is not a member of the unpacked form of v0.7 ({form})")]
    Form {
        /// The member, at most 32 characters of its name.
        name: String,
        /// The form that has it, or `unknown member`.
        form: &'static str,
    },
    /// A member is missing, or has not the form that is required.
    #[error("user operation: {name}: {rule}")]
    Malformed {
        /// The member.
        name: &'static str,
        /// The rule that it breaks.
        rule: &'static str,
    },
}

pub(super) fn user_operation(json: &Json) -> Result<UserOperation, UserOperationError> {
    let Json::Object(members) = json else {
        return Err(UserOperationError::Malformed { name: "userOperation", rule: "an object is expected" });
    };
    let members = Members(members);
    members.check_names()?;
    Ok(UserOperation {
        sender: members.address("sender")?,
        nonce: members.quantity("nonce")?,
        deployment: members.deployment()?,
        call_data: members.bytes("callData")?,
        call_gas_limit: members.quantity_128("callGasLimit")?,
        verification_gas_limit: members.quantity_128("verificationGasLimit")?,
        pre_verification_gas: members.quantity("preVerificationGas")?,
        max_fee_per_gas: members.quantity_128("maxFeePerGas")?,
        max_priority_fee_per_gas: members.quantity_128("maxPriorityFeePerGas")?,
        paymaster: members.paymaster()?,
        signature: members.bytes("signature")?,
    })
}

struct Members<'a>(&'a BTreeMap<String, Json>);

impl<'a> Members<'a> {
    fn check_names(&self) -> Result<(), UserOperationError> {
        let present = self.0.iter().filter(|(_, value)| **value != Json::Null);
        let mut names = present.map(|(name, _)| name.as_str());
        let Some(name) = names.find(|name| !MEMBERS.contains(name)) else { return Ok(()) };
        let form = FOREIGN.iter().find(|(foreign, _)| *foreign == name);
        let form = form.map_or("unknown member", |(_, form)| *form);
        Err(UserOperationError::Form { name: name.chars().take(32).collect(), form })
    }

    fn get(&self, name: &str) -> Option<&'a Json> {
        self.0.get(name).filter(|value| **value != Json::Null)
    }

    fn text(&self, name: &'static str) -> Result<&'a str, UserOperationError> {
        let malformed = |rule| UserOperationError::Malformed { name, rule };
        let value = self.get(name).ok_or(malformed("missing"))?;
        value.as_str().ok_or(malformed("a text is expected"))
    }

    fn address(&self, name: &'static str) -> Result<Address, UserOperationError> {
        let rule = "0x and 40 hex digits are expected";
        Address::parse(self.text(name)?).map_err(|_| UserOperationError::Malformed { name, rule })
    }

    fn bytes(&self, name: &'static str) -> Result<Vec<u8>, UserOperationError> {
        let malformed = |rule| UserOperationError::Malformed { name, rule };
        let text = self.text(name)?;
        if text.len() > 2 * MAX_BYTES + 2 {
            return Err(malformed("longer than 512 KiB"));
        }
        decode_0x(text).map_err(|_| malformed("0x and pairs of hex digits are expected"))
    }

    fn quantity(&self, name: &'static str) -> Result<U256, UserOperationError> {
        let rule = "a 0x quantity below 2^256 is expected";
        let malformed = UserOperationError::Malformed { name, rule };
        let text = self.text(name)?;
        if text.len() > 66 {
            return Err(malformed);
        }
        U256::from_hex(text).ok_or(malformed)
    }

    /// The entry point packs two of these into one word: more bits would let two operations share a hash.
    fn quantity_128(&self, name: &'static str) -> Result<u128, UserOperationError> {
        let rule = "a 0x quantity below 2^128 is expected";
        let value = self.quantity(name)?;
        value.try_into().map_err(|_| UserOperationError::Malformed { name, rule })
    }

    fn is_present<const N: usize>(&self, names: [&'static str; N]) -> Result<bool, UserOperationError> {
        let missing = names.into_iter().find(|name| self.get(name).is_none());
        match missing {
            None => Ok(true),
            Some(_) if names.iter().all(|name| self.get(name).is_none()) => Ok(false),
            Some(name) => {
                let rule = "missing, but others of its group are present";
                Err(UserOperationError::Malformed { name, rule })
            }
        }
    }

    fn deployment(&self) -> Result<Option<Deployment>, UserOperationError> {
        if !self.is_present(["factory", "factoryData"])? {
            return Ok(None);
        }
        let (factory, factory_data) = (self.address("factory")?, self.bytes("factoryData")?);
        Ok(Some(Deployment { factory, factory_data }))
    }

    fn paymaster(&self) -> Result<Option<Paymaster>, UserOperationError> {
        let [address, verification, post_op, data] = [
            "paymaster",
            "paymasterVerificationGasLimit",
            "paymasterPostOpGasLimit",
            "paymasterData",
        ];
        if !self.is_present([address, verification, post_op, data])? {
            return Ok(None);
        }
        Ok(Some(Paymaster {
            address: self.address(address)?,
            verification_gas_limit: self.quantity_128(verification)?,
            post_op_gas_limit: self.quantity_128(post_op)?,
            data: self.bytes(data)?,
        }))
    }
}
