use std::fmt;
use std::sync::Arc;

use signer_core::p256::DerSignature;
use signer_core::signature::Signer;

use super::UserSession;
use crate::Error;

/// A key of ours, or behind a trait, that signs requests.
///
/// It signs on the thread that makes the call, between two of its waits, where no deadline of the call reaches. One
/// that asks a device or a network must end by itself, and its calls belong on a runtime with other threads.
pub type AuthorizationSigner = Arc<dyn Signer<DerSignature> + Send + Sync>;

/// Who signs a request, in the order of the signatures: as many as the owner's quorum asks for, and not one more,
/// for a quorum refuses a surplus.
#[derive(Clone, Default)]
pub struct Authorization(Vec<Party>);

#[derive(Clone)]
enum Party {
    Key(AuthorizationSigner),
    User(UserSession),
}

impl Authorization {
    /// Nobody signs.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// An authorization key signs, as of
    /// [`AuthorizationKey`](signer_protocols::privy::AuthorizationKey).
    pub fn key(signer: Arc<dyn Signer<DerSignature> + Send + Sync>) -> Self {
        Self::none().and_key(signer)
    }

    /// A user signs, by the key of the user's session.
    pub fn user(session: UserSession) -> Self {
        Self::none().and_user(session)
    }

    /// A further key signs.
    #[must_use]
    pub fn and_key(mut self, signer: Arc<dyn Signer<DerSignature> + Send + Sync>) -> Self {
        self.0.push(Party::Key(signer));
        self
    }

    /// A further user signs.
    #[must_use]
    pub fn and_user(mut self, session: UserSession) -> Self {
        self.0.push(Party::User(session));
        self
    }

    /// The keys that sign, where no user does.
    pub(super) fn keys(&self) -> Option<Vec<SignerRef<'_>>> {
        let mut keys = Vec::with_capacity(self.0.len());
        for party in &self.0 {
            match party {
                Party::Key(signer) => keys.push(&**signer),
                Party::User(_) => return None,
            }
        }
        Some(keys)
    }

    /// The keys that sign now; those of sessions are exchanged where they must be.
    pub(super) async fn signers(&self) -> Result<Signers<'_>, Error> {
        let mut signers = Signers { keys: Vec::with_capacity(self.0.len()), users: Vec::new() };
        for party in &self.0 {
            signers.keys.push(match party {
                Party::Key(signer) => Arc::clone(signer),
                Party::User(session) => {
                    let (signer, generation) = session.signer().await?;
                    signers.users.push((session, generation));
                    signer
                }
            });
        }
        Ok(signers)
    }
}

pub(super) type SignerRef<'a> = &'a (dyn Signer<DerSignature> + Send + Sync);

/// The keys of one attempt, and which keys of sessions are among them.
pub(super) struct Signers<'a> {
    keys: Vec<AuthorizationSigner>,
    users: Vec<(&'a UserSession, u64)>,
}

impl Signers<'_> {
    pub(super) fn keys(&self) -> Vec<SignerRef<'_>> {
        self.keys.iter().map(|key| &**key).collect()
    }

    /// The service says that a session has ended: exchanges anew what was used, unless that has happened.
    pub(super) async fn renew(&self) -> Result<(), Error> {
        for (session, generation) in &self.users {
            session.renew(*generation).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorization({} signers)", self.0.len())
    }
}
