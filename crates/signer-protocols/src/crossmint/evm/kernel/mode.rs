//! The mode of ERC-7579: `callType(1) execType(1) unused(4) selector(4) payload(22)` (table of section 1.4).

use alloc::format;
use alloc::vec::Vec;

use super::super::super::verify::Finding;
use crate::evm::abi::word::Word;

/// The first word of `execute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Mode {
    pub(in super::super) call_type: CallType,
    exec_type: u8,
    rest: [u8; 30],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum CallType {
    Single,
    Batch,
    DelegateCall,
    Other(u8),
}

impl CallType {
    const fn of(byte: u8) -> Self {
        match byte {
            0 => Self::Single,
            1 => Self::Batch,
            0xff => Self::DelegateCall,
            other => Self::Other(other),
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Single => 0,
            Self::Batch => 1,
            Self::DelegateCall => 0xff,
            Self::Other(byte) => byte,
        }
    }
}

impl Mode {
    pub(super) const SINGLE: Self =
        Self { call_type: CallType::Single, exec_type: 0, rest: [0; 30] };
    pub(super) const BATCH: Self = Self { call_type: CallType::Batch, exec_type: 0, rest: [0; 30] };

    pub(super) fn read(word: Word) -> Self {
        let [call_type, exec_type, rest @ ..] = word;
        Self { call_type: CallType::of(call_type), exec_type, rest }
    }

    pub(super) fn word(self) -> Word {
        let bytes = [self.call_type.byte(), self.exec_type].into_iter().chain(self.rest);
        let mut word = [0; 32];
        word.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        word
    }

    pub(in super::super) fn check(self, findings: &mut Vec<Finding>) {
        match self.call_type {
            CallType::Single | CallType::Batch => {}
            CallType::DelegateCall => findings.push(Finding::differs(
                "delegatecall",
                "execute: call type ff runs foreign code in the wallet",
            )),
            CallType::Other(byte) => {
                let detail = format!("execute: call type {byte:02x}");
                findings.push(Finding::unverified("call_type", detail));
            }
        }
        match self.exec_type {
            0 => {}
            1 => findings.push(Finding::differs(
                "try_mode",
                "execute: exec type 01 goes on after a call that fails",
            )),
            other => {
                let detail = format!("execute: exec type {other:02x}");
                findings.push(Finding::unverified("exec_type", detail));
            }
        }
        if self.rest != [0; 30] {
            let detail = format!("execute: mode {}", crate::hex::encode_0x(&self.word()));
            findings.push(Finding::unverified("mode_bytes", detail));
        }
    }
}
