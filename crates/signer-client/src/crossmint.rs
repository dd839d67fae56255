//! Crossmint: wallets with a server signer, transactions, transfers, messages, and approvals that are signed here.
//!
//! Nothing is signed blindly: only the approval of what was just created, addressed to our signer, of the shape that
//! its chain has, and after an [`ApprovalPolicy`] has seen it. On Solana the transaction to approve is taken apart and
//! must do what was asked for and nothing else; what the service writes there by itself (transfers, changes of signers) is
//! signed only under a policy that says so, as [`ServiceWritten`]. On EVM what is approved is a hash of 32 bytes: what it stands for
//! cannot be checked here, and the service has to be trusted with it; the same holds on Stellar.
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

mod client;
mod policy;
mod rotation;
mod spending;
mod waiting;
mod wallet;

pub use self::client::{Client, NewWallet};
pub use self::policy::{ApprovalPolicy, ApprovalRequest, AsRequested, Content, ServiceWritten};
pub use self::rotation::{Rotation, Signers};
pub use self::spending::{MemorySpendStore, SpendError, SpendKey, SpendStore};
pub use self::waiting::{Cancel, Progress, ProgressListener, Waiting};
pub use self::wallet::{Sent, SignedMessage, Wallet};
