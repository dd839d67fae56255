use std::fmt;
use std::path::PathBuf;
use std::str;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::{AccessKeyStore, IdentityId};
use crate::folder::{self, Folder};
use crate::store::{StoreError, open_checked, seal_checked};

const FORMAT: &str = "signer-access-key v1 ";

/// Access keys in the files of a folder: two copies of each, with checksums, in mode 0600. A copy that was
/// damaged or lost is made anew from the other; where both are, nothing is written over them.
///
/// Back the folder up, or use a secrets manager: two copies on one disk are lost with it.
#[derive(Clone)]
pub struct FileAccessKeyStore(Arc<Folder>);

impl FileAccessKeyStore {
    /// A store in `folder`, which is made when the first key comes.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Folder::new(&folder.into())))
    }
}

#[async_trait]
impl AccessKeyStore for FileAccessKeyStore {
    async fn load(&self, id: &IdentityId) -> Result<Option<SecretString>, StoreError> {
        let id = id.clone();
        folder::run(Arc::clone(&self.0), move |folder| {
            if !folder.is_there()? {
                return Ok(None);
            }
            let _lock = folder.lock(&lock_name(&id))?;
            let key = load(folder, &id)?;
            if key.is_some() && folder.sync().is_err() {
                // What a crash interrupted may be read before it is on the disk; most are there long since.
                tracing::warn!("the disk does not say that it keeps an access key");
            }
            Ok(key)
        })
        .await
    }

    async fn insert(
        &self,
        id: &IdentityId,
        key: &SecretString,
    ) -> Result<SecretString, StoreError> {
        let (id, key) = (id.clone(), key.clone());
        folder::run(Arc::clone(&self.0), move |folder| {
            let _lock = folder.lock(&lock_name(&id))?;
            let stored = load(folder, &id)?;
            let sealed = seal(&id, stored.as_ref().unwrap_or(&key));
            for name in names(&id) {
                if folder.read(&name)?.is_none() {
                    folder.create(&name, &sealed)?;
                }
            }
            folder.sync()?;
            // What stands is what can be read back from both copies, not what was meant.
            let copies = names(&id).map(|name| folder.read(&name));
            for copy in copies {
                copy?.filter(|copy| **copy == *sealed).ok_or(StoreError::Unavailable)?;
            }
            Ok(stored.unwrap_or(key))
        })
        .await
    }
}

fn names(id: &IdentityId) -> [String; 2] {
    [format!("{}.key", id.name()), format!("{}.key.copy", id.name())]
}

fn lock_name(id: &IdentityId) -> String {
    format!("{}.key.lock", id.name())
}

fn seal(id: &IdentityId, key: &SecretString) -> zeroize::Zeroizing<Vec<u8>> {
    let (name, key) = (id.name(), key.expose_secret());
    let mut body = zeroize::Zeroizing::new(Vec::with_capacity(name.len() + key.len() + 1));
    for part in [name.as_bytes(), b" ", key.as_bytes()] {
        body.extend_from_slice(part);
    }
    seal_checked(FORMAT, &body)
}

fn open(id: &IdentityId, bytes: &[u8]) -> Option<SecretString> {
    let key =
        open_checked(FORMAT, bytes)?.strip_prefix(id.name().as_bytes())?.strip_prefix(b" ")?;
    str::from_utf8(key).ok().map(Into::into)
}

/// The key, from whichever copy is good; the other is mended. Hold the lock.
fn load(folder: &Folder, id: &IdentityId) -> Result<Option<SecretString>, StoreError> {
    let names = names(id);
    let [first, second] = [folder.read(&names[0])?, folder.read(&names[1])?];
    if first.is_none() && second.is_none() {
        return Ok(None);
    }
    let keys = [&first, &second].map(|copy| copy.as_deref().and_then(|bytes| open(id, bytes)));
    match keys {
        [Some(first), Some(second)] if first.expose_secret() == second.expose_secret() => {
            Ok(Some(first))
        }
        [Some(_), Some(_)] => Err(StoreError::Damaged),
        [Some(key), None] => mend(folder, id, &names[1], key),
        [None, Some(key)] => mend(folder, id, &names[0], key),
        [None, None] => Err(StoreError::Damaged),
    }
}

fn mend(
    folder: &Folder,
    id: &IdentityId,
    name: &str,
    key: SecretString,
) -> Result<Option<SecretString>, StoreError> {
    tracing::warn!("a copy of an access key was damaged or lost, and is made anew");
    // The good copy serves, whether or not the disk takes another now.
    let _ = folder.replace(name, &seal(id, &key));
    Ok(Some(key))
}

impl fmt::Debug for FileAccessKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileAccessKeyStore({:?})", self.0)
    }
}
