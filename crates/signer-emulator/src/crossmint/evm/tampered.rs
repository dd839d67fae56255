//! User operations that do something else than was asked for, with everything else made to fit.

use signer_core::address::evm::Address;
use signer_protocols::U256;
use signer_protocols::evm::abi::word;

use super::super::tampering::Tampering;
use super::call::{batch, execute_with};
use super::permission::to_itself;
use super::{Account, Call, encode_function};

/// `transfer(address,uint256)` of ERC-20.
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

/// The address that profits.
const ATTACKER: Address = Address::from_bytes([0xa7; 20]);

pub(super) fn calls(account: &Account, calls: &[Call], tampering: Option<Tampering>) -> Vec<Call> {
    let mut calls = calls.to_vec();
    let pay = |value: u128| Call { to: ATTACKER, value: U256::from(value), data: Vec::new() };
    match tampering {
        Some(Tampering::OtherTransaction) => calls = vec![pay(1_000_000_000_000_000_000)],
        Some(Tampering::ExtraCall) => calls.push(pay(1)),
        Some(Tampering::OtherRecipient) => {
            if let Some(call) = calls.first_mut() {
                match token_transfer(call) {
                    Some((recipient, _)) => {
                        recipient.copy_from_slice(&word::from_address(&ATTACKER));
                    }
                    None => call.to = ATTACKER,
                }
            }
        }
        Some(Tampering::OtherAmount) => {
            if let Some(call) = calls.first_mut() {
                match token_transfer(call) {
                    Some((_, amount)) => increase(amount),
                    None => {
                        let mut value = call.value.to_be_bytes();
                        increase(&mut value);
                        call.value = U256::from_be_bytes(value);
                    }
                }
            }
        }
        Some(Tampering::MorePower) => {
            let root = [&[1][..], ATTACKER.as_bytes()].concat();
            let empty = || signer_protocols::evm::abi::Value::Bytes(Vec::new());
            let arguments = [
                signer_protocols::evm::abi::Value::Word(word::left_aligned(&root)),
                Address::from_bytes([0; 20]).into(),
                empty(),
                empty(),
            ];
            let signature = "changeRootValidator(bytes21,address,bytes,bytes)";
            calls.push(to_itself(account, encode_function(signature, &arguments)));
        }
        _ => {}
    }
    calls
}

/// Another account than the one of the wallet, as the sender or in the factory's data.
pub(super) fn account(account: &Account, tampering: Option<Tampering>) -> Option<Account> {
    match tampering? {
        Tampering::OtherWallet => Some(account.sibling()),
        Tampering::OtherOwner => Some(account.owned_by(ATTACKER)),
        _ => None,
    }
}

/// Call data that is not the plain encoding of the calls.
pub(super) fn call_data(calls: &[Call], tampering: Option<Tampering>) -> Option<Vec<u8>> {
    match tampering? {
        Tampering::DelegateCall => {
            let data = calls.first().map(|it| it.data.clone()).unwrap_or_default();
            Some(execute_with(0xff, &[&ATTACKER.as_bytes()[..], &data].concat()))
        }
        Tampering::Decoy => {
            // The calls that were asked for stay where a reader looks; the offset leads behind them.
            let mut execution = batch(calls);
            let end = word::from_usize(execution.len());
            execution.iter_mut().zip(end).for_each(|(to, from)| *to = from);
            let hostile = Call { to: ATTACKER, value: U256::from(77_u32), data: Vec::new() };
            let mut data = execute_with(1, &execution);
            data.extend(batch(&[hostile]).get(word::SIZE..)?);
            Some(data)
        }
        _ => None,
    }
}

/// The words of the recipient and the amount.
fn token_transfer(call: &mut Call) -> Option<(&mut [u8], &mut [u8])> {
    let arguments = call.data.strip_prefix(&TRANSFER[..]).is_some_and(|it| it.len() == 64);
    let arguments = arguments.then(|| call.data.get_mut(4..))??;
    Some(arguments.split_at_mut(word::SIZE))
}

/// Adds one, big-endian.
fn increase(number: &mut [u8]) {
    for digit in number.iter_mut().rev() {
        *digit = digit.wrapping_add(1);
        if *digit != 0 {
            break;
        }
    }
}
