//! Answers that ask to approve something else than was requested. What an attacker would keep consistent is consistent:
//! hashes, sizes and signatures fit, and the echo of the request shows what was asked for.

use std::fmt;
use std::str::FromStr;

macro_rules! tampering {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A way in which the stand-in for Crossmint asks to approve something else.
        ///
        /// A way that has no meaning on a chain changes nothing there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Tampering {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Tampering {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name, such as `other-recipient`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

tampering! {
    /// Another transaction than the one that was asked for.
    OtherTransaction = "other-transaction",
    /// Another recipient of the first call or instruction.
    OtherRecipient = "other-recipient",
    /// Another amount of the first call or instruction.
    OtherAmount = "other-amount",
    /// A call or an inner instruction more.
    ExtraCall = "extra-call",
    /// The account, and so the wallet at its creation, obeys another owner on EVM.
    OtherOwner = "other-owner",
    /// Another wallet of the same signer acts.
    OtherWallet = "other-wallet",
    /// Solana: a second wallet of the signer acts in the same transaction. Stellar: a second authorization.
    SecondInstruction = "second-instruction",
    /// What was asked for stands where a reader looks, and something else is done: on EVM an array behind the call data, on
    /// Stellar another call in the authorization than in the transaction.
    Decoy = "decoy",
    /// The first call of an EVM operation becomes a delegatecall.
    DelegateCall = "delegatecall",
    /// EVM: hashes of chain 0, which are valid on every chain. Stellar: a payload of the other network.
    ChainZero = "chain-zero",
    /// The message is none that belongs to the answer.
    OtherMessage = "other-message",
    /// The answer has a message and nothing that it stands for.
    BareHash = "bare-hash",
    /// No paymaster, and a fee that empties the wallet.
    NoPaymaster = "no-paymaster",
    /// Solana: the signer pays the fee of the transaction.
    SignerPays = "signer-pays",
    /// Solana: an outer instruction spends what the signer itself has.
    SignerSpends = "signer-spends",
    /// Solana: an account comes from a lookup table.
    LookupTable = "lookup-table",
    /// Not wrapped: on Solana the instructions as they were asked for, on EVM the digest of the message or the typed data.
    Unwrapped = "unwrapped",
    /// A signature for another message or other typed data.
    OtherContent = "other-content",
    /// Stellar: the authorization allows a call below the one that was asked for.
    SubInvocation = "sub-invocation",
    /// Another signer is added or removed than was asked for.
    OtherSigner = "other-signer",
    /// More power than was asked for: another root validator (EVM), a lower threshold (Solana), the role of an admin
    /// (Stellar).
    MorePower = "more-power",
    /// An approval that has not the shape of its chain.
    OtherShape = "other-shape",
    /// Two different approvals of the one signer.
    TwoApprovals = "two-approvals",
    /// A transaction of another type of chain.
    OtherChain = "other-chain",
    /// The state of another transaction.
    OtherId = "other-id",
    /// A new wallet without the further signers that were asked for.
    FewerSigners = "fewer-signers",
}

/// No way of tampering has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown tampering; the names are {}", Tampering::ALL.iter().map(|it| it.name()).collect::<Vec<_>>().join(", "))]
pub struct TamperingError;

impl FromStr for Tampering {
    type Err = TamperingError;

    fn from_str(text: &str) -> Result<Self, TamperingError> {
        Self::ALL.iter().find(|it| it.name() == text).copied().ok_or(TamperingError)
    }
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
