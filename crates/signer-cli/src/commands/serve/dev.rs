//! `signer serve --dev`: no configuration, a key of its own, this machine only.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use axum::http::{HeaderMap, HeaderValue};
use signer_core::p256::SigningKey;
use signer_native::P256SigningKey;
use signer_protocols::blink::{MerchantId, ValidPayment};
use signer_server::{
    Caller, CallerAuthenticator, CallerError, CallerId, Endpoint, Ownership, OwnershipError,
    PaymentKey, Rules, Service, openapi_json,
};
use tokio::net::TcpListener;

use super::configuration::LogFormat;
use super::process;
use crate::commands::blink::parse_key;
use crate::failure::{Failure, OrRefuse, say};
use crate::input::SecretSource;
use crate::key_file;
use crate::outcome::Outcome;
use crate::system;

mod page;

/// The first line of a development key. No other start takes a key with it.
const MARK: &str = "This is a development key of `signer serve --dev`. It protects nothing.\n";
/// The merchant of the vendor's document.
const MERCHANT: &str = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d";

pub(super) fn is_development_key(file: &[u8]) -> bool {
    let mark = MARK.trim_end().as_bytes();
    file.windows(mark.len()).any(|window| window == mark)
}

pub(super) fn run(port: u16) -> Result<Outcome, Failure> {
    let (key, file) = development_key()?;
    let public = key.verifying_key().to_spki_pem();
    let native = P256SigningKey::try_from(&key).map_err(Failure::refused)?;
    let merchant = MerchantId::parse(MERCHANT).map_err(Failure::refused)?;
    let public_key = *native.verifying_key();
    let key = PaymentKey::new(Arc::new(native), public_key).map_err(Failure::refused)?;
    let _log = process::start_log(LogFormat::Pretty, tracing::Level::INFO).or_refuse("log")?;
    super::runtime()?.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.or_refuse(address)?;
        let stop = process::stop_signal().or_refuse("signals")?;
        let address = listener.local_addr().or_refuse(address)?;
        let rules =
            Rules::new(merchant.clone(), key, Arc::new(LocalCallers), Arc::new(AnyDestination))
                .origins(origins(address.port()))
                .refuse_foreign_origins();
        let endpoint = Endpoint::builder(rules).build().map_err(Failure::refused)?;
        let openapi = openapi_json(&endpoint);
        greet(address, &file, &public);
        Service::new(endpoint)
            .map(|endpoint| page::around(endpoint, &public_key, &merchant, openapi))
            .serve(listener, stop)
            .await
            .or_refuse("service")
    })?;
    Ok(Outcome::Raw(Vec::new()))
}

/// The origins of the page itself, as a browser sends them: without a port that is HTTP's own.
fn origins(port: u16) -> impl Iterator<Item = HeaderValue> {
    page::LOCAL_NAMES.into_iter().filter_map(move |host| {
        let port = if port == 80 { String::new() } else { format!(":{port}") };
        HeaderValue::from_str(&format!("http://{host}{port}")).ok()
    })
}

fn greet(listen: SocketAddr, file: &Path, public: &[u8]) {
    say(&format!("signer: development endpoint on http://{listen}, for this machine only"));
    say(&format!("signer: open http://{listen}/ to sign a payment and see it verified"));
    let file = file.display();
    say(&format!("signer: anybody who can reach it is signed for, with the key in {file}"));
    say(&String::from_utf8_lossy(public));
    let path = "/api/sign-payment";
    say(&format!(
        "try it:\n\n  curl -s http://{listen}{path} -H 'content-type: application/json' -d '{EXAMPLE}'\n"
    ));
}

const EXAMPLE: &str = r#"{"amount":50,"chainId":8453,"address":"0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a","token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913","callbackScheme":null,"url":"https://pay.blink.cash","version":"v1"}"#;

/// The key of this user's development, made where there is none.
fn development_key() -> Result<(SigningKey, PathBuf), Failure> {
    let folder = system::data_folder()?;
    let private = folder.join("development.pem");
    if !private.exists() {
        key_file::create_folder(&folder)?;
        let key = SigningKey::generate(&mut system::random()?);
        let pem = key.to_pkcs8_pem();
        key_file::create_secret(&private, &[MARK.as_bytes(), pem.expose_secret()])?;
        let public = folder.join("development.public.pem");
        let _ = fs::remove_file(&public);
        key_file::create_public(&public, &key.verifying_key().to_spki_pem())?;
    }
    let source = SecretSource::File(private.clone());
    let secret = source.read()?;
    if !is_development_key(secret.bytes()) {
        let message = "not a development key: move it away";
        return Err(Failure::refused(message).about(private.display()));
    }
    Ok((parse_key(&secret, &source)?, private))
}

/// Everybody who can reach it: the door has seen by what name.
pub(crate) struct LocalCallers;

#[async_trait]
impl CallerAuthenticator for LocalCallers {
    async fn authenticate(&self, _: &HeaderMap) -> Result<Caller, CallerError> {
        Ok(Caller::new(CallerId::new("developer")))
    }
}

/// Every destination is the developer's.
pub(crate) struct AnyDestination;

#[async_trait]
impl Ownership for AnyDestination {
    async fn owns(&self, _: &Caller, _: &ValidPayment) -> Result<bool, OwnershipError> {
        Ok(true)
    }
}
