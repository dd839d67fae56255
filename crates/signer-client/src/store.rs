//! Where tokens are kept.

mod codec;
#[cfg(feature = "file")]
mod file;
mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use async_trait::async_trait;

pub(crate) use self::codec::{open_checked, seal_checked};
#[cfg(feature = "file")]
pub use self::file::FileTokenStore;
pub use self::memory::MemoryTokenStore;
#[cfg(feature = "redis")]
pub use self::redis::RedisTokenStore;
use crate::error::{Error, Kind};
use crate::token::{Token, TokenKey};

const OTHER_KEY: &str = "the store has another access key for this identity: give that one, or take it from the \
     store if it was made here and never accepted";

/// Keeps tokens for one process or for many.
///
/// What it keeps is worth the account: an implementation shows it to nobody else.
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// What is kept under `key`. Something damaged counts as nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn load(&self, key: &TokenKey) -> Result<Option<Token>, StoreError>;

    /// Keeps `token`, unless something with a greater version than `expected` (and than nothing: 0) is there
    /// already; whether it did.
    ///
    /// # Errors
    /// [`StoreError`]; then what was there before is there, or `token`, whose answer was lost.
    async fn replace(
        &self,
        key: &TokenKey,
        expected: u64,
        token: &Token,
    ) -> Result<bool, StoreError>;

    /// Forgets what is kept under `key`, unless its version is greater than `version`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove(&self, key: &TokenKey, version: u64) -> Result<(), StoreError>;

    /// The right to fetch the token of `key`, for `ttl` at most; `None` while another has it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lease(&self, key: &TokenKey, ttl: Duration) -> Result<Option<Lease>, StoreError>;
}

/// The right to fetch a token. It ends when this is dropped, and sooner or later where that needs a network.
pub struct Lease(Option<Release>);

type Release = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Lease {
    /// A lease that `release` gives back.
    pub fn new(release: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(Box::pin(release)))
    }

    /// Gives it back, and returns when that is done.
    pub async fn release(mut self) {
        if let Some(release) = self.0.take() {
            release.await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut release) = self.0.take() else { return };
        // What needs nobody else is done at once, in a runtime or not.
        let mut nobody = Context::from_waker(Waker::noop());
        if release.as_mut().poll(&mut nobody).is_pending()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(release);
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// Why a store did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It does not answer, or the disk is full or fails.
    #[error("the store does not answer")]
    Unavailable,
    /// Others may read or change what it keeps: a symbolic link, a loose mode, another owner.
    #[error(
        "the store is not safe: its folder has mode 0700, its files 0600, no links, and your user owns them"
    )]
    Unsafe,
    /// There is a key already, and another.
    #[error("{OTHER_KEY}")]
    OtherKey,
    /// What it keeps cannot be read any more, and must not be replaced.
    #[error("the store's copies of the access key are damaged")]
    Damaged,
}

impl StoreError {
    /// Whether another try may do.
    pub(crate) const fn is_worth_another_try(self) -> bool {
        matches!(self, Self::Unavailable)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let what = match error {
            StoreError::Unavailable => "the store does not answer",
            StoreError::Unsafe => {
                "the store is not safe: its folder must have mode 0700, its files 0600, no links"
            }
            StoreError::OtherKey => OTHER_KEY,
            StoreError::Damaged => "the store's copies of the access key are damaged",
        };
        let kind = match error {
            StoreError::Unavailable => Kind::Store,
            StoreError::OtherKey => Kind::Conflict,
            StoreError::Unsafe | StoreError::Damaged => Kind::UnsafeStore,
        };
        Self::new(kind, what)
    }
}
