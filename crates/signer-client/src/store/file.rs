use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Lease, StoreError, TokenStore, codec};
use crate::folder::Folder;
use crate::token::{Token, TokenKey};

/// Tokens in the files of one folder, for the processes of one machine.
///
/// The folder has mode 0700, the files 0600, and all belong to the user; links are refused. A token is replaced
/// as a whole: after a crash the old one is there, or the new one. A file that was damaged counts as nothing,
/// and the token is fetched anew. Processes take turns by a lock that ends with its holder: one that is stopped
/// (`SIGSTOP`, a debugger) keeps it, and the others wait until their deadlines.
#[derive(Clone)]
pub struct FileTokenStore(Arc<Folder>);

impl FileTokenStore {
    /// A store in `folder`, which is made when the first token comes.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Folder::new(&folder.into())))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        crate::folder::run(Arc::clone(&self.0), work).await
    }
}

#[async_trait]
impl TokenStore for FileTokenStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<Token>, StoreError> {
        let key = key.clone();
        self.run(move |folder| load(folder, &key)).await
    }

    async fn replace(
        &self,
        key: &TokenKey,
        expected: u64,
        token: &Token,
    ) -> Result<bool, StoreError> {
        let (key, bytes) = (key.clone(), codec::encode(key, token));
        self.run(move |folder| {
            let _lock = folder.lock(&lock_name(&key))?;
            if load(folder, &key)?.is_some_and(|stored| stored.version > expected) {
                return Ok(false);
            }
            folder.replace(&file_name(&key), &bytes)?;
            Ok(true)
        })
        .await
    }

    async fn remove(&self, key: &TokenKey, version: u64) -> Result<(), StoreError> {
        let key = key.clone();
        self.run(move |folder| {
            let _lock = folder.lock(&lock_name(&key))?;
            if load(folder, &key)?.is_none_or(|stored| stored.version <= version) {
                folder.remove(&file_name(&key))?;
            }
            Ok(())
        })
        .await
    }

    /// The lock ends with the process that holds it: no time has to pass after a crash.
    async fn lease(&self, key: &TokenKey, _: Duration) -> Result<Option<Lease>, StoreError> {
        let name = format!("{}.lease", key.name());
        let lock = self.run(move |folder| folder.try_lock(&name)).await?;
        Ok(lock.map(|lock| Lease::new(async move { drop(lock) })))
    }
}

fn load(folder: &Folder, key: &TokenKey) -> Result<Option<Token>, StoreError> {
    let Some(bytes) = folder.read(&file_name(key))? else { return Ok(None) };
    let token = codec::decode(key, &bytes);
    if token.is_none() {
        tracing::warn!("a stored token is damaged and counts as none");
    }
    Ok(token)
}

fn file_name(key: &TokenKey) -> String {
    format!("{}.token", key.name())
}

fn lock_name(key: &TokenKey) -> String {
    format!("{}.lock", key.name())
}

impl fmt::Debug for FileTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileTokenStore({:?})", self.0)
    }
}
