use signer_core::{Error, SecretBytes, ed25519, secp256k1};
use signer_protocols::crossmint::{Approval, ApprovalError, ChainType, ServerSigner};

/// Each fault of a text that is said to approve, as the receiving side names it.
#[test]
fn approvals_are_verified_on_the_receiving_side() {
    let seed = |byte: u8| SecretBytes::init(|bytes| bytes.fill(byte));
    let mismatch = ApprovalError::Signature(Error::SignatureMismatch);
    let format = ApprovalError::Signature(Error::SignatureFormat);

    let approval = Approval::evm("0x0102").unwrap();
    let text =
        ServerSigner::from_key(&seed(7), ChainType::Evm).unwrap().approve(&approval).unwrap();
    let key = |byte: u8| secp256k1::SigningKey::from_scalar(&[byte; 32]).unwrap().verifying_key();
    assert_eq!(approval.verify_evm(&key(7), &text), Ok(()));
    assert_eq!(approval.verify_evm(&key(8), &text), Err(mismatch));
    assert_eq!(approval.verify_evm(&key(7), &text[2..]), Err(format));
    assert_eq!(approval.verify_evm(&key(7), &text[..130]), Err(format));
    let ed25519 = |byte: u8| ed25519::SigningKey::from_seed(&[byte; 32]).verifying_key();
    assert_eq!(approval.verify_ed25519(&ed25519(7), &text), Err(ApprovalError::ChainType));

    for (chain, approval) in [
        (ChainType::Solana, Approval::solana_message("2").unwrap()),
        (ChainType::Stellar, Approval::stellar("AAAA").unwrap()),
    ] {
        let text = ServerSigner::from_key(&seed(7), chain).unwrap().approve(&approval).unwrap();
        assert_eq!(approval.verify_ed25519(&ed25519(7), &text), Ok(()));
        assert_eq!(approval.verify_ed25519(&ed25519(8), &text), Err(mismatch));
        assert!(approval.verify_ed25519(&ed25519(7), &text[1..]).is_err());
        assert_eq!(approval.verify_evm(&key(7), &text), Err(ApprovalError::ChainType));
    }
}
