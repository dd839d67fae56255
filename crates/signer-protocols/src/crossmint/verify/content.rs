use alloc::string::String;
use alloc::vec::Vec;

use crate::{Json, U256};

/// The decoded operation, for a person and for a policy.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Content {
    /// The calls, instructions or actions, in their order; one item for a signature.
    pub items: Vec<Item>,
    /// Further facts, such as who pays the gas, the deployment with its owner, and what remains trusted.
    pub details: Vec<(&'static str, Json)>,
}

impl Content {
    /// Content of these items.
    pub const fn new(items: Vec<Item>) -> Self {
        Self { items, details: Vec::new() }
    }
}

/// One call, instruction, action or signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The members to show, as an object. EVM: `to`, `value`, `data`, `summary`; Solana: `program`, `accounts`, `data`,
    /// `summary`, or `action` and its members; Stellar: `contract`, `function`, `args`; signatures: `kind`, `digest`,
    /// `wrapped`.
    pub view: Json,
    /// The effect, for a policy.
    pub effect: Effect,
}

/// The effect of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Value leaves the wallet.
    Payment {
        /// The coin or token.
        asset: Asset,
        /// The address that receives it.
        recipient: String,
        /// The amount in base units.
        amount: U256,
    },
    /// Somebody else may spend a token of the wallet.
    Allowance {
        /// The token.
        asset: Asset,
        /// The address that may spend it.
        spender: String,
        /// The amount in base units.
        amount: U256,
    },
    /// A call of an EVM contract that is not one of the above.
    Call {
        /// The contract.
        contract: String,
        /// The first four bytes of the data, if there are four.
        function: Option<[u8; 4]>,
        /// The value in wei that is sent with it.
        value: U256,
    },
    /// An instruction of a Solana program that is not one of the above.
    Instruction {
        /// The program.
        program: String,
    },
    /// A call of a Stellar contract that is not one of the above.
    Invocation {
        /// The contract.
        contract: String,
        /// The function.
        function: String,
    },
    /// A signer of the wallet is added.
    AddSigner {
        /// The address or key of the new signer.
        signer: String,
        /// The permission id of Kernel on EVM: a later removal needs it to be verified.
        permission_id: Option<[u8; 4]>,
    },
    /// A signer of the wallet is removed.
    RemoveSigner {
        /// The address or key, or the permission id in hex on EVM.
        signer: String,
    },
    /// A signature of EIP-712 typed data.
    TypedData {
        /// The name of the domain, if it has one.
        domain: Option<String>,
        /// The verifying contract of the domain, if it has one.
        verifying_contract: Option<String>,
        /// The primary type.
        primary_type: String,
    },
    /// A signature of a message.
    Message,
    /// Not known.
    Unknown,
}

/// A coin or a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asset {
    /// The coin of the chain.
    Native,
    /// A token: its contract (EVM, Stellar) or mint (Solana), in the canonical text of the chain.
    Token(String),
}
