#![no_main]
//! Approvals of every chain: the message of a transaction is a part of it, or its short form.

use libfuzzer_sys::fuzz_target;
use signer_protocols::crossmint::{Approval, SigningInput};

fuzz_target!(|text: &str| {
    let _ = Approval::evm(text);
    let _ = Approval::stellar(text);
    if let (Ok(transaction), Ok(wire)) = (Approval::solana_transaction(text), Approval::solana_message(text)) {
        let (SigningInput::Message(message), SigningInput::Message(wire)) =
            (transaction.signing_input(), wire.signing_input())
        else {
            unreachable!("both are messages");
        };
        assert!(message.len() < wire.len());
    }
});
