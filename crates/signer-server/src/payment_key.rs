use std::fmt;
use std::sync::Arc;

use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::{Signer, Verifier};

use signer_protocols::blink::Timestamp;

use crate::KeyId;

/// A key that payments are signed with, under the name of its public key.
#[derive(Clone)]
pub struct PaymentKey {
    pub(crate) signer: Arc<dyn Signer<DerSignature> + Send + Sync>,
    public: VerifyingKey,
    id: KeyId,
    made_at: Option<Timestamp>,
}

impl PaymentKey {
    /// A signer with its public key. It signs once, to show that the two belong together.
    ///
    /// # Errors
    /// A text for the operator when they do not.
    pub fn new(
        signer: Arc<dyn Signer<DerSignature> + Send + Sync>,
        public: VerifyingKey,
    ) -> Result<Self, &'static str> {
        const PROBE: &[u8] = b"signer-server: does this key sign?";
        let signature = signer.try_sign(PROBE).map_err(|_| "the key does not sign")?;
        public.verify(PROBE, &signature).map_err(|_| "the key signs for another public key")?;
        Ok(Self { signer, public, id: KeyId::of(&public), made_at: None })
    }

    /// The time from which the key's age counts; without it, that of its first use here.
    #[must_use]
    pub const fn made_at(mut self, time: Timestamp) -> Self {
        self.made_at = Some(time);
        self
    }

    /// The name of the key.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The public key.
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    pub(crate) const fn since(&self) -> Option<Timestamp> {
        self.made_at
    }
}

impl fmt::Debug for PaymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentKey({})", self.id)
    }
}
