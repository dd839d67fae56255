use std::sync::Arc;

use signer_protocols::U256;
use signer_protocols::crossmint::ChainType;
use signer_protocols::crossmint::verify::{ApprovalLimits, Asset, Grant, Spend};

use super::super::spending::{SpendError, SpendKey, SpendStore};
use super::ApprovalRequest;
use crate::clock::unix_ms;
use crate::error::{Error, Kind};

const DAY_MS: u64 = 86_400_000;

/// The caller's limits, with the store of their sums per day.
#[derive(Clone)]
pub(in super::super) struct Limits {
    limits: Arc<ApprovalLimits>,
    store: Arc<dyn SpendStore>,
}

impl Limits {
    pub(in super::super) fn new(limits: ApprovalLimits, store: Arc<dyn SpendStore>) -> Self {
        Self { limits: Arc::new(limits), store }
    }

    /// The amounts that the content spends, if the limits allow every effect. Content that cannot be read is allowed for a
    /// change of signers alone, which the caller asked for by name.
    pub(super) fn check(&self, request: &ApprovalRequest<'_>) -> Result<Vec<Spend>, Error> {
        let grant =
            if request.is_signer_change { Grant::signer_change() } else { Grant::default() };
        let refused = |detail: String| {
            let what = "the limits do not allow it; nothing was signed";
            Err(Error::new(Kind::Refused, what).with_detail(detail))
        };
        match request.verification.content() {
            Some(content) => {
                self.limits.check(content, &grant).or_else(|refusal| refused(refusal.to_string()))
            }
            None if request.is_signer_change => Ok(Vec::new()),
            None => refused("the content cannot be read".into()),
        }
    }

    /// Adds the amounts to the sums of the day, all or none.
    pub(super) async fn reserve(
        &self,
        request: &ApprovalRequest<'_>,
        spends: Vec<Spend>,
    ) -> Result<Reservation, Error> {
        let mut reservation = Reservation { store: Arc::clone(&self.store), sums: Vec::new() };
        for spend in spends {
            let Some(limit) = spend.per_day else { continue };
            let key = sum_of(request, spend.asset);
            match self.store.reserve(&key, spend.amount, limit).await {
                Ok(()) => reservation.sums.push((key, spend.amount)),
                Err(error) => {
                    reservation.release().await;
                    return Err(not_reserved(error));
                }
            }
        }
        Ok(reservation)
    }
}

fn sum_of(request: &ApprovalRequest<'_>, asset: Asset) -> SpendKey {
    let wallet = match request.chain.chain_type() {
        ChainType::Evm => request.wallet.to_ascii_lowercase(),
        ChainType::Solana | ChainType::Stellar => request.wallet.to_owned(),
    };
    // A wallet of EVM has one address on all chains, and its tokens differ from chain to chain.
    SpendKey::new(format!("{}:{wallet}", request.chain), unix_ms() / DAY_MS, asset)
}

fn not_reserved(error: SpendError) -> Error {
    match error {
        SpendError::Exceeded { .. } => {
            let what = "the limit of the day does not allow it; nothing was signed";
            Error::new(Kind::Refused, what).with_detail(error)
        }
        _ => Error::new(Kind::Store, "the sums of the day are not available; nothing was signed"),
    }
}

/// Amounts that count as spent until they are released.
pub(super) struct Reservation {
    store: Arc<dyn SpendStore>,
    sums: Vec<(SpendKey, U256)>,
}

impl Reservation {
    /// Takes the amounts back, because nothing was approved.
    pub(super) async fn release(self) {
        for (key, amount) in &self.sums {
            if self.store.release(key, *amount).await.is_err() {
                tracing::warn!(
                    "an amount that was not approved still counts: the store of the day's sums does not answer"
                );
            }
        }
    }
}
