//! The calls of a session. Each is stamped once: a repetition sends the same bytes.

use std::fmt;

use async_trait::async_trait;
use signer_core::address::{evm, solana};
use signer_core::encoding::hex;
use signer_core::keccak::eip191_digest;
use signer_core::{ed25519, secp256k1};
use signer_protocols::abstraxn::wire::{
    Activity, ActivityParameters, ActivityResult, ExportWalletAccount, Identity, SignRawPayload,
    SignResponse, SignTransaction, StampedRequest, WHOAMI_URL, WhoamiQuery, WhoamiResponse,
};
use signer_protocols::abstraxn::{ExportRecipient, ExportedKey};

use signer_protocols::jcs::{Limits, canonicalize};

use super::session::Session;
use crate::clock::unix_ms;
use crate::error::{Error, Kind};
use crate::evm::{check_digest, mismatch};
use crate::transport::{Repeat, json};
use crate::{Signer, random};

/// The form of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionType {
    /// RLP, in hex.
    Ethereum,
    /// A Solana message, in hex.
    Solana,
}

impl TransactionType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ethereum => "TRANSACTION_TYPE_ETHEREUM",
            Self::Solana => "TRANSACTION_TYPE_SOLANA",
        }
    }
}

/// What the service made of a transaction, as it gives it; it is not checked here. `Debug` does not show it: whoever
/// has it can send it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedTransaction(String);

impl SignedTransaction {
    /// Hex.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignedTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedTransaction").finish_non_exhaustive()
    }
}

impl Session {
    /// Who the service says is signed in.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn whoami(&self) -> Result<Identity, Error> {
        let query = WhoamiQuery { organization_id: self.needed_organization()?.into() };
        let request = self.stamp(WHOAMI_URL, json(&query)?)?;
        let answer = self.account.call("/whoami", Repeat::Freely, &request).await?;
        answer.json::<WhoamiResponse>().map(|whoami| whoami.result)
    }

    /// Has a transaction signed, given in hex. What comes back is not checked: its encoding is the service's.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_transaction(
        &self,
        unsigned: &str,
        transaction_type: TransactionType,
    ) -> Result<SignedTransaction, Error> {
        let digits = unsigned.strip_prefix("0x").unwrap_or(unsigned);
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if digits.is_empty() || !digits.len().is_multiple_of(2) || !hex {
            return Err(Error::input("an unsigned transaction must be whole bytes of hex"));
        }
        let parameters = SignTransaction {
            sign_with: self.needed_wallet()?.into(),
            unsigned_transaction: unsigned.into(),
            transaction_type: transaction_type.as_str().into(),
        };
        let response = self.sign(parameters).await?;
        let result = result(&response).and_then(|result| result.sign_transaction_result.as_ref());
        let signed = result.map(|result| result.signed_transaction.clone());
        let signed = signed.or(response.signature).filter(|signed| !signed.is_empty());
        signed.map(SignedTransaction).ok_or_else(unreadable)
    }

    /// Signs a message as a personal message (EIP-191): `0x` r ‖ s ‖ v, v = 27 or 28. The signature is checked under the
    /// wallet's address.
    ///
    /// # Errors
    /// [`Error`]; `is_mismatch()` when the signature is not the wallet's.
    pub async fn sign_personal(&self, message: &[u8]) -> Result<String, Error> {
        self.sign_digest(eip191_digest(message).as_bytes()).await
    }

    /// Signs EIP-712 typed data, given as its JSON text. The service hashes it: the signature has the right form, and
    /// what it signs is not checked here.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_typed_data(&self, json: &str) -> Result<String, Error> {
        let strict = canonicalize(json.as_bytes(), Limits::default());
        if !strict.is_ok_and(|strict| strict.starts_with(b"{\"")) {
            let rule = "typed data must be one JSON object, with every name once";
            return Err(Error::input(rule));
        }
        self.sign_payload(json.into(), "PAYLOAD_ENCODING_EIP712", "HASH_FUNCTION_NO_OP").await
    }

    /// Exports the private key of the wallet, sealed to a key that is made for it and opened here, once the enclave's
    /// signature is checked.
    ///
    /// # Errors
    /// [`Error`]; `is_mismatch()` when the bundle is not the enclave's, of another organization, or of another address.
    pub async fn export(&self) -> Result<ExportedKey, Error> {
        let organization = self.needed_organization()?;
        let recipient = ExportRecipient::from(random::p256_key()?);
        let address = self.needed_wallet()?;
        let parameters = ExportWalletAccount {
            address: address.into(),
            target_public_key: recipient.target_public_key(),
        };
        let request = self.activity(parameters)?;
        let answer = self.account.call("/export-wallet", Repeat::Safely, &request).await?;
        let response: SignResponse = answer.json()?;
        let exported = result(&response).and_then(|it| it.export_wallet_account_result.as_ref());
        let bundle = exported.map(|result| result.export_bundle.as_str()).ok_or_else(unreadable)?;
        let opened = recipient.open(bundle, organization, &self.account.door.quorum_key);
        opened.ok().filter(|key| is_key_of(address, key.as_bytes().expose_secret())).ok_or_else(
            || {
                Error::new(
                    Kind::Mismatch,
                    "the export bundle is not of the pinned enclave key, or not what was asked for",
                )
            },
        )
    }

    async fn sign_digest(&self, digest: &[u8; 32]) -> Result<String, Error> {
        let payload = crate::token::hex(digest);
        let encoding = "PAYLOAD_ENCODING_HEXADECIMAL";
        let signature = self.sign_payload(payload, encoding, "HASH_FUNCTION_NO_OP").await?;
        check_digest(self.needed_wallet()?, digest, &signature)?;
        Ok(signature)
    }

    async fn sign_payload(
        &self,
        payload: String,
        encoding: &str,
        hash_function: &str,
    ) -> Result<String, Error> {
        let parameters = SignRawPayload {
            sign_with: self.needed_wallet()?.into(),
            payload,
            encoding: encoding.into(),
            hash_function: hash_function.into(),
        };
        let response = self.sign(parameters).await?;
        signature_text(&response).ok_or_else(unreadable)
    }

    async fn sign<P: ActivityParameters>(&self, parameters: P) -> Result<SignResponse, Error> {
        let request = self.activity(parameters)?;
        self.account.call("/sign/transaction", Repeat::Safely, &request).await?.json()
    }

    fn activity<P: ActivityParameters>(&self, parameters: P) -> Result<StampedRequest, Error> {
        let activity = Activity::new(self.needed_organization()?, unix_ms(), parameters);
        self.stamp(P::URL, json(&activity)?)
    }

    fn stamp(&self, url: &str, body: Vec<u8>) -> Result<StampedRequest, Error> {
        let stamped = self.account.key.stamp(body).and_then(|stamp| stamp.into_request(url));
        stamped.map_err(|_| Error::new(Kind::Local, "the request could not be stamped"))
    }
}

/// Whether the address, of an EVM chain or of Solana, is the key's.
fn is_key_of(address: &str, bytes: &[u8; 32]) -> bool {
    match evm::Address::parse(address) {
        Ok(address) => secp256k1::SigningKey::from_scalar(bytes)
            .is_ok_and(|key| evm::Address::from(&key.verifying_key()) == address),
        Err(_) => solana::Address::parse(address).is_ok_and(|address| {
            solana::Address::from(&ed25519::SigningKey::from_seed(bytes).verifying_key()) == address
        }),
    }
}

fn result(response: &SignResponse) -> Option<&ActivityResult> {
    response.result.as_ref().map(|envelope| &envelope.activity.result)
}

/// A yes without a result: it may have been done.
fn unreadable() -> Error {
    Error::new(Kind::Answer, "the answer is not what the service's documents say")
        .with_unknown_outcome()
}

/// A signature as `0x` r ‖ s ‖ v, from any of the forms in which it comes; v is 27 or 28.
fn signature_text(response: &SignResponse) -> Option<String> {
    let parts = |r: &str, s: &str, v: &str| {
        let part = |text: &str| text.strip_prefix("0x").unwrap_or(text).to_owned();
        Some(format!("{:0>64}{:0>64}{:0>2}", part(r), part(s), part(v)))
    };
    let raw = result(response).and_then(|result| result.sign_raw_payload_result.as_ref());
    let digits = match (&response.signature, raw, response) {
        (Some(whole), _, _) => Some(whole.strip_prefix("0x").unwrap_or(whole).to_owned()),
        (None, Some(raw), _) => parts(&raw.r, &raw.s, &raw.v),
        (None, None, SignResponse { r: Some(r), s: Some(s), v: Some(v), .. }) => parts(r, s, v),
        _ => None,
    }?;
    let mut bytes = [0; 65];
    if digits.len() != 130 {
        return None;
    }
    hex::decode_into(digits.as_bytes(), &mut bytes).ok()?;
    if !matches!(bytes[64], 0 | 1 | 27 | 28) {
        return None;
    }
    bytes[64] = 27 + bytes[64] % 27;
    Some(format!("0x{}", crate::token::hex(&bytes)))
}

#[async_trait]
impl Signer for Session {
    fn address(&self) -> &str {
        self.wallet_address().unwrap_or_default()
    }

    async fn sign_message(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let text = self.sign_personal(message).await?;
        let mut bytes = vec![0; 65];
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        hex::decode_into(digits.as_bytes(), &mut bytes).map_err(|_| mismatch())?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The addresses of the scalar 1 and of the seed of zeros are well known.
    #[test]
    fn a_key_is_that_of_its_address_and_of_no_other() {
        let mut one = [0; 32];
        one[31] = 1;
        let (evm, solana) = (
            "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
            "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS",
        );
        assert!(is_key_of(evm, &one) && is_key_of(solana, &[0; 32]));
        assert!(!is_key_of(evm, &[2; 32]) && !is_key_of(solana, &one));
        assert!(!is_key_of("", &one) && !is_key_of(evm, &[0; 32]));
    }
}
