use std::fmt;
use std::sync::Arc;

use signer_core::p256::DerSignature;
use signer_core::signature::Signer;
use signer_protocols::blink::{
    MERCHANT_AUTHORIZATION_HEADER, MerchantAuthorization, MerchantId, Timestamp,
};

use crate::clock::unix_ms;
use crate::error::{Error, Kind};

/// Makes the header of a merchant's own calls to Blink, each good for 15 minutes.
#[derive(Clone)]
pub struct MerchantAuthorizer {
    merchant: MerchantId,
    signer: Arc<dyn Signer<DerSignature> + Send + Sync>,
}

impl MerchantAuthorizer {
    /// The merchant, and whoever signs with its key.
    pub fn new(merchant: MerchantId, signer: Arc<dyn Signer<DerSignature> + Send + Sync>) -> Self {
        Self { merchant, signer }
    }

    /// The name and the value of the header, signed now.
    ///
    /// # Errors
    /// [`Error`] when the signer fails.
    pub fn header(&self) -> Result<(&'static str, String), Error> {
        merchant_authorization(&self.merchant, &*self.signer, unix_ms())
            .map(|value| (MERCHANT_AUTHORIZATION_HEADER, value))
    }
}

/// The value of the header `X-Merchant-Authorization`, signed at a time in Unix milliseconds.
///
/// # Errors
/// [`Error`] when the signer fails, or there is no such time.
pub fn merchant_authorization(
    merchant: &MerchantId,
    signer: &dyn Signer<DerSignature>,
    now_unix_ms: u64,
) -> Result<String, Error> {
    let now = Timestamp::from_unix_ms(now_unix_ms)
        .map_err(|_| Error::input("the time is in Unix milliseconds, up to the year 9999"))?;
    MerchantAuthorization::new(merchant.clone(), now)
        .sign(signer)
        .map_err(|_| Error::new(Kind::Local, "the signer failed"))
}

impl fmt::Debug for MerchantAuthorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MerchantAuthorizer({})", self.merchant.as_str())
    }
}
