//! The ERC-4337 user operation of an answer, in the unpacked form of entry point v0.7 (sections 1.1 and 1.2).

mod read;

use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::entry_point::EntryPoint;
use crate::hex::encode_0x;
use crate::{Json, U256};

pub use self::read::UserOperationError;

/// A user operation of entry point v0.7.
///
/// ```
/// use signer_protocols::crossmint::evm::{Call, UserOperation, encode_execute};
/// use signer_protocols::signer_core::address::evm::Address;
/// use signer_protocols::U256;
///
/// let call = Call { to: Address::from_bytes([7; 20]), value: U256::from(5_u64), data: Vec::new() };
/// let operation = UserOperation {
///     call_data: encode_execute(&[call]),
///     ..UserOperation::new(Address::from_bytes([9; 20]), U256::ZERO)
/// };
/// let message = operation.hash(84_532); // to be signed as a personal message
/// assert_eq!(UserOperation::from_json(&operation.to_json())?.hash(84_532), message);
/// # Ok::<(), signer_protocols::crossmint::evm::UserOperationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserOperation {
    /// The wallet.
    pub sender: Address,
    /// The nonce; see [`Nonce`](super::Nonce).
    pub nonce: U256,
    /// The deployment of the wallet, in its first operation only.
    pub deployment: Option<Deployment>,
    /// The call of the wallet; see [`encode_execute`](super::encode_execute).
    pub call_data: Vec<u8>,
    /// The gas of the execution.
    pub call_gas_limit: u128,
    /// The gas of the validation.
    pub verification_gas_limit: u128,
    /// The gas of the bundler.
    pub pre_verification_gas: U256,
    /// The most that is paid for one gas, in wei.
    pub max_fee_per_gas: u128,
    /// The most that the block producer gets for one gas, in wei.
    pub max_priority_fee_per_gas: u128,
    /// The contract that pays the gas, if there is one.
    pub paymaster: Option<Paymaster>,
    /// The signature. It is not hashed; answers carry a placeholder.
    pub signature: Vec<u8>,
}

/// The deployment of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The contract that is called.
    pub factory: Address,
    /// The call data; see [`factory_data`](super::factory_data).
    pub factory_data: Vec<u8>,
}

/// The contract that pays the gas of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paymaster {
    /// The contract. If it is address 0, the wallet pays.
    pub address: Address,
    /// The gas of its validation.
    pub verification_gas_limit: u128,
    /// The gas after the execution.
    pub post_op_gas_limit: u128,
    /// Its data.
    pub data: Vec<u8>,
}

impl UserOperation {
    /// An operation without calls, gas, deployment and paymaster.
    pub const fn new(sender: Address, nonce: U256) -> Self {
        Self {
            sender,
            nonce,
            deployment: None,
            call_data: Vec::new(),
            call_gas_limit: 0,
            verification_gas_limit: 0,
            pre_verification_gas: U256::ZERO,
            max_fee_per_gas: 0,
            max_priority_fee_per_gas: 0,
            paymaster: None,
            signature: Vec::new(),
        }
    }

    /// Reads `onChain.userOperation` of an answer: `0x` hex of either case, `null` as absent, no unknown members.
    ///
    /// # Errors
    /// [`UserOperationError::Form`] for members of another form of operation, [`UserOperationError::Malformed`] for a
    /// member that is missing, out of range or not hex.
    pub fn from_json(json: &Json) -> Result<Self, UserOperationError> {
        read::user_operation(json)
    }

    /// Writes the form of an answer: lower-case hex, addresses with their checksum, quantities without leading zeros.
    pub fn to_json(&self) -> Json {
        let address = |address: &Address| Json::from(alloc::format!("{address}"));
        let bytes = |bytes: &[u8]| Json::from(encode_0x(bytes));
        let mut members = alloc::vec![
            ("sender", address(&self.sender)),
            ("nonce", quantity(self.nonce)),
            ("callData", bytes(&self.call_data)),
            ("callGasLimit", quantity(self.call_gas_limit.into())),
            ("verificationGasLimit", quantity(self.verification_gas_limit.into())),
            ("preVerificationGas", quantity(self.pre_verification_gas)),
            ("maxFeePerGas", quantity(self.max_fee_per_gas.into())),
            ("maxPriorityFeePerGas", quantity(self.max_priority_fee_per_gas.into())),
            ("signature", bytes(&self.signature)),
        ];
        if let Some(paymaster) = &self.paymaster {
            let verification = quantity(paymaster.verification_gas_limit.into());
            let post_op = quantity(paymaster.post_op_gas_limit.into());
            members.push(("paymaster", address(&paymaster.address)));
            members.push(("paymasterVerificationGasLimit", verification));
            members.push(("paymasterPostOpGasLimit", post_op));
            members.push(("paymasterData", bytes(&paymaster.data)));
        }
        if let Some(deployment) = &self.deployment {
            members.push(("factory", address(&deployment.factory)));
            members.push(("factoryData", bytes(&deployment.factory_data)));
        }
        members.into_iter().collect()
    }

    /// The hash of entry point v0.7: the message that an owner approves.
    pub fn hash(&self, chain_id: u64) -> [u8; 32] {
        EntryPoint::V0_7.hash(self, chain_id)
    }

    /// The address that pays the gas instead of the wallet: a paymaster that is not address 0 (section 1.7).
    pub fn gas_payer(&self) -> Option<&Address> {
        let paymaster = self.paymaster.as_ref().map(|paymaster| &paymaster.address);
        paymaster.filter(|address| *address.as_bytes() != [0; 20])
    }

    /// The most that the gas can cost, in wei: the sum of all gas limits × `maxFeePerGas`. `None` if it is 2^256 or more.
    pub fn max_cost(&self) -> Option<U256> {
        let paymaster = self.paymaster.as_ref();
        let paymaster = paymaster.map_or([0; 2], |it| [it.verification_gas_limit, it.post_op_gas_limit]);
        let limits = [self.call_gas_limit, self.verification_gas_limit].into_iter().chain(paymaster);
        let gas = limits.map(U256::from).try_fold(self.pre_verification_gas, U256::checked_add)?;
        let (high, low) = (self.max_fee_per_gas >> 64, self.max_fee_per_gas & u128::from(u64::MAX));
        let high = gas.checked_mul(u64::try_from(high).ok()?)?;
        let high = high.checked_mul(1 << 32)?.checked_mul(1 << 32)?;
        high.checked_add(gas.checked_mul(u64::try_from(low).ok()?)?)
    }
}

fn quantity(value: U256) -> Json {
    let digits = crate::hex::encode(&value.to_be_bytes());
    let digits = digits.trim_start_matches('0');
    let mut text = String::from("0x");
    text.push_str(if digits.is_empty() { "0" } else { digits });
    text.into()
}

#[cfg(test)]
mod tests;
