use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::stellar::Address;

use super::xdr::writer::{put_count, put_u32};
use super::xdr::{AuthorizationEntry, Invocation, Reader, XdrError, skipped};
use crate::base64;

/// More than the network accepts: its limit is 129 KiB.
const MAX_TEXT: usize = 1 << 18;
const MAX_AUTHORIZATIONS: usize = 16;
const ENVELOPE_TYPE_TX: u32 = 2;
const INVOKE_HOST_FUNCTION: u32 = 24;
const INVOKE_CONTRACT: u32 = 0;

/// `TransactionV1Envelope` with exactly one operation, `InvokeHostFunction`, that calls a contract.
///
/// Source account, fee, sequence number, preconditions, memo, resources and signatures of the transaction are checked for
/// their form and kept as bytes: the signature of a wallet covers none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    head: Vec<u8>,
    call: Invocation,
    authorizations: Vec<AuthorizationEntry>,
    tail: Vec<u8>,
}

impl Envelope {
    /// An unsigned transaction without time bounds, memo and resources.
    pub fn new(
        source: Address,
        fee: u32,
        sequence: i64,
        call: Invocation,
        authorizations: Vec<AuthorizationEntry>,
    ) -> Self {
        let mut head = Vec::new();
        put_u32(&mut head, ENVELOPE_TYPE_TX);
        put_u32(&mut head, 0); // source account: Ed25519
        head.extend_from_slice(source.as_bytes());
        put_u32(&mut head, fee);
        head.extend_from_slice(&sequence.to_be_bytes());
        put_u32(&mut head, 1); // time bounds
        head.extend_from_slice(&[0; 16]);
        put_u32(&mut head, 0); // no memo
        put_u32(&mut head, 1); // operations
        put_u32(&mut head, 0); // no source account
        Self { head, call, authorizations, tail: [0; 8].into() }
    }

    /// Decodes the base64 of an envelope.
    ///
    /// # Errors
    /// [`XdrError`]; [`XdrError::Canonical`] if the text is not canonical base64 with padding.
    pub fn parse(text: &str) -> Result<Self, XdrError> {
        if text.len() > MAX_TEXT {
            return Err(XdrError::Limit { part: "envelope" });
        }
        Self::decode(&base64::decode(text).map_err(|_| XdrError::Canonical)?)
    }

    /// Decodes exactly one envelope.
    ///
    /// # Errors
    /// [`XdrError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, XdrError> {
        let mut reader = Reader::new(bytes);
        reader.expect("envelope", ENVELOPE_TYPE_TX)?;
        skipped::muxed_account(&mut reader)?;
        reader.take(4 + 8)?; // fee, sequence number
        skipped::preconditions(&mut reader)?;
        skipped::memo(&mut reader)?;
        reader.expect("number of operations", 1)?;
        if reader.flag("source account of the operation")? {
            skipped::muxed_account(&mut reader)?;
        }
        let head = reader.since(bytes).into();
        reader.expect("operation", INVOKE_HOST_FUNCTION)?;
        reader.expect("host function", INVOKE_CONTRACT)?;
        let call = Invocation::read(&mut reader)?;
        let count = reader.count("authorizations", MAX_AUTHORIZATIONS)?;
        let authorizations = (0..count).map(|_| AuthorizationEntry::read(&mut reader));
        let authorizations = authorizations.collect::<Result<_, _>>()?;
        let tail = reader.rest().into();
        skipped::transaction_extension(&mut reader)?;
        skipped::signatures(&mut reader)?;
        reader.finish()?;
        let envelope = Self { head, call, authorizations, tail };
        if envelope.encode() != bytes {
            return Err(XdrError::Canonical);
        }
        Ok(envelope)
    }

    /// Encodes the envelope.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.head.clone();
        put_u32(&mut out, INVOKE_HOST_FUNCTION);
        put_u32(&mut out, INVOKE_CONTRACT);
        self.call.write(&mut out);
        put_count(&mut out, self.authorizations.len());
        self.authorizations.iter().for_each(|entry| entry.write(&mut out));
        out.extend_from_slice(&self.tail);
        out
    }

    /// The base64 of the envelope, as the service answers it.
    pub fn to_base64(&self) -> String {
        base64::encode(&self.encode())
    }

    /// The call of the host function.
    pub const fn call(&self) -> &Invocation {
        &self.call
    }

    /// The authorizations.
    pub fn authorizations(&self) -> &[AuthorizationEntry] {
        &self.authorizations
    }
}
