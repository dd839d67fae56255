use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::stellar::ContractAddress;

use super::writer::{put_count, put_opaque, put_u32};
use super::{Reader, ScAddress, ScVal, XdrError, skipped};

const MAX_ARGUMENTS: usize = 64;
const MAX_SUB_INVOCATIONS: usize = 64;
const MAX_DEPTH: usize = 16;

/// `InvokeContractArgs`: one call of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The contract.
    pub contract: ContractAddress,
    /// The name of the function.
    pub function: String,
    /// The arguments by position.
    pub arguments: Vec<ScVal>,
}

impl Invocation {
    /// A call of `function`.
    pub fn new(contract: ContractAddress, function: &str, arguments: Vec<ScVal>) -> Self {
        Self { contract, function: function.into(), arguments }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, XdrError> {
        let contract = match ScAddress::read(reader)? {
            ScAddress::Contract(contract) => contract,
            ScAddress::Account(_) => {
                return Err(XdrError::Unsupported { part: "contract address", tag: 0 });
            }
        };
        let function = reader.symbol()?.into();
        let count = reader.count("arguments", MAX_ARGUMENTS)?;
        let arguments = (0..count).map(|_| ScVal::read(reader)).collect::<Result<_, _>>()?;
        Ok(Self { contract, function, arguments })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        ScAddress::Contract(self.contract).write(out);
        put_opaque(out, self.function.as_bytes());
        put_count(out, self.arguments.len());
        self.arguments.iter().for_each(|argument| argument.write(out));
    }
}

/// `SorobanAuthorizedFunction`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizedFunction {
    /// A call of a contract.
    Contract(Invocation),
    /// The creation of a contract (type 1) or of one with a constructor (type 2), as its encoding.
    Create {
        /// 1 or 2.
        tag: u32,
        /// The encoding after the type.
        encoded: Vec<u8>,
    },
}

/// `SorobanAuthorizedInvocation`: a call with the calls that are authorized below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationTree {
    /// The call.
    pub function: AuthorizedFunction,
    /// The calls below it.
    pub sub_invocations: Vec<InvocationTree>,
}

impl InvocationTree {
    /// A call without others below it.
    pub const fn leaf(invocation: Invocation) -> Self {
        let function = AuthorizedFunction::Contract(invocation);
        Self { function, sub_invocations: Vec::new() }
    }

    /// Encodes the tree.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn read(reader: &mut Reader<'_>, depth: usize) -> Result<Self, XdrError> {
        if depth > MAX_DEPTH {
            return Err(XdrError::Limit { part: "nested invocations" });
        }
        reader.count_value()?;
        let function = match reader.u32()? {
            0 => AuthorizedFunction::Contract(Invocation::read(reader)?),
            tag @ (1 | 2) => {
                let start = reader.rest();
                skipped::create_contract(reader, tag)?;
                AuthorizedFunction::Create { tag, encoded: reader.since(start).into() }
            }
            tag => return Err(XdrError::Unsupported { part: "authorized function", tag }),
        };
        let count = reader.count("sub-invocations", MAX_SUB_INVOCATIONS)?;
        let below = (0..count).map(|_| Self::read(reader, depth + 1));
        Ok(Self { function, sub_invocations: below.collect::<Result<_, _>>()? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        match &self.function {
            AuthorizedFunction::Contract(invocation) => {
                put_u32(out, 0);
                invocation.write(out);
            }
            AuthorizedFunction::Create { tag, encoded } => {
                put_u32(out, *tag);
                out.extend_from_slice(encoded);
            }
        }
        put_count(out, self.sub_invocations.len());
        self.sub_invocations.iter().for_each(|below| below.write(out));
    }
}

/// `SorobanCredentials`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// The source account of the transaction authorizes by its signature.
    SourceAccount,
    /// An address authorizes by a signature of its own over the payload.
    Address {
        /// The account or contract.
        address: ScAddress,
        /// The nonce.
        nonce: i64,
        /// The last ledger in which the signature is valid.
        expiration_ledger: u32,
        /// The signature: void as long as there is none.
        signature: ScVal,
    },
}

/// `SorobanAuthorizationEntry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationEntry {
    /// The authorizing party.
    pub credentials: Credentials,
    /// The authorized calls.
    pub root: InvocationTree,
}

impl AuthorizationEntry {
    /// Decodes exactly one entry.
    ///
    /// # Errors
    /// [`XdrError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, XdrError> {
        let mut reader = Reader::new(bytes);
        let entry = Self::read(&mut reader)?;
        reader.finish()?;
        if entry.encode() != bytes {
            return Err(XdrError::Canonical);
        }
        Ok(entry)
    }

    /// Encodes the entry.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, XdrError> {
        let credentials = match reader.u32()? {
            0 => Credentials::SourceAccount,
            1 => Credentials::Address {
                address: ScAddress::read(reader)?,
                nonce: reader.i64()?,
                expiration_ledger: reader.u32()?,
                signature: ScVal::read(reader)?,
            },
            tag => return Err(XdrError::Unsupported { part: "credentials", tag }),
        };
        Ok(Self { credentials, root: InvocationTree::read(reader, 0)? })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match &self.credentials {
            Credentials::SourceAccount => put_u32(out, 0),
            Credentials::Address { address, nonce, expiration_ledger, signature } => {
                put_u32(out, 1);
                address.write(out);
                out.extend_from_slice(&nonce.to_be_bytes());
                put_u32(out, *expiration_ledger);
                signature.write(out);
            }
        }
        self.root.write(out);
    }
}
