//! Crossmint: wallets with a server signer, transactions, transfers, messages, and approvals that are signed here.
//!
//! Nothing is signed blindly. An answer is decoded and compared with the request that was sent, and only an approval that
//! is proved to do what was requested is signed. An approval that cannot be verified is refused, unless
//! [`AllowUnverified`] names its kind; an approval that differs from the request is signed under no policy. Each refusal
//! names the part of the answer ([`Error::findings`](crate::Error::findings)).
//!
//! ```no_run
//! use signer_client::BaseUrl;
//! use signer_client::crossmint::{Client, NewWallet};
//! use signer_protocols::crossmint::{ChainId, SignerSecret, TrustedKeys};
//! use signer_protocols::crossmint::rest::EvmCall;
//! use signer_protocols::crossmint::rest::Transaction;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let base = BaseUrl::parse("http://127.0.0.1:4010/crossmint")?; // an emulator's
//! let trusted = TrustedKeys::any_environment(["…"])?;            // for the service: TrustedKeys::vendor()
//! let client = Client::new(base, "sk_staging_…".into(), &trusted)?;
//! let secret = SignerSecret::parse("xmsk1_…")?;
//! let chain = ChainId::parse("base-sepolia")?;
//! let wallet = client.create_wallet(NewWallet::new(chain), &secret).await?;
//! let call = EvmCall::Parts { to: "0x…".into(), value: "5".into(), data: "0x".into() };
//! let sent = wallet.send(Transaction::Evm(wallet.chain(), vec![call])).await?;
//! println!("{} {:?}", sent.id, sent.hash);
//! # Ok(())
//! # }
//! ```

mod approval;
mod client;
mod completion;
mod exchange;
mod operation;
mod rotation;
mod spending;
mod waiting;
mod wallet;

pub use self::approval::{AllowUnverified, ApprovalPolicy, ApprovalRequest};
pub use self::client::{Client, NewWallet};
pub use self::rotation::{Rotated, Rotation, Signers};
pub use self::spending::{MemorySpendStore, SpendError, SpendKey, SpendStore};
pub use self::waiting::{Cancel, Progress, ProgressListener, Waiting};
pub use self::wallet::{
    AddedSigner, NewSigner, PermissionId, PermissionIdError, Sent, SignedMessage, Wallet,
};
