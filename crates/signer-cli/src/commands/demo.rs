//! `signer demo`: all four providers at work, against the emulator and an endpoint of this process.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use signer_client::MemoryAccessKeyStore;
use signer_client::abstraxn::{Client as AbstraxnClient, Identity};
use signer_client::blink::{PaymentRequest, SignerEndpoint, payment_link};
use signer_client::crossmint::{Client as CrossmintClient, NewWallet, Waiting};
use signer_client::privy::{Authorization, ChainType, Client as PrivyClient, CreateWallet, Owner};
use signer_core::SecretBytes;
use signer_core::p256::SigningKey;
use signer_emulator::Emulator;
use signer_native::P256SigningKey;
use signer_protocols::blink::MerchantId;
use signer_protocols::crossmint::rest::{EvmCall, Transaction};
use signer_protocols::crossmint::{ChainId, SignerSecret, TrustedKeys};
use signer_protocols::privy::AuthorizationKey;
use signer_server::{Endpoint, PaymentKey, Rules, Service};
use tokio::net::TcpListener;

use super::online::{self, base_url, refused};
use super::serve::{AnyDestination, LocalCallers};
use crate::failure::{Failure, OrRefuse};
use crate::outcome::Outcome;
use crate::system;

const MERCHANT: &str = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d";
const ADDRESS: &str = "0x1111111111111111111111111111111111111111";
const USDC_ON_BASE: &str = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";

pub(super) fn run() -> Result<Outcome, Failure> {
    online::run(async {
        let emulator = Emulator::start().await.or_refuse("emulator")?;
        let mut text = format!(
            "The services' side: {}, on this machine; every key is made for this demo.\n",
            emulator.url()
        );
        text += &crossmint(&emulator).await.map_err(|failure| failure.about("crossmint"))?;
        text += &privy(&emulator).await.map_err(|failure| failure.about("privy"))?;
        text += &abstraxn(&emulator).await.map_err(|failure| failure.about("abstraxn"))?;
        text += &blink(&emulator).await.map_err(|failure| failure.about("blink"))?;
        Ok(Outcome::Raw(text.into_bytes()))
    })
}

async fn crossmint(emulator: &Emulator) -> Result<String, Failure> {
    let secret = SecretBytes::try_init(|bytes| system::fill(bytes))?;
    let secret = SignerSecret::from_bytes(secret);
    let trusted = TrustedKeys::any_environment([emulator.crossmint_trusted_key().as_str()]);
    let trusted = trusted.map_err(Failure::refused)?;
    let base = base_url(&emulator.crossmint_url())?;
    let client = CrossmintClient::new(base, emulator.crossmint_api_key().into(), &trusted);
    let waiting = Waiting { pause: Duration::from_millis(20), ..Waiting::default() };
    let client = client.map_err(refused)?.waiting(waiting);
    let chain = ChainId::parse("base").map_err(Failure::refused)?;
    let wallet = client.create_wallet(NewWallet::new(chain), &secret).await.map_err(refused)?;
    let call = EvmCall::Parts { to: ADDRESS.into(), value: "5".into(), data: "0x".into() };
    let sent = wallet.send(Transaction::Evm(wallet.chain(), vec![call])).await.map_err(refused)?;
    Ok(show(
        "Crossmint",
        &[
            ("signed", format!("the approval of {} on {}", sent.id, wallet.chain())),
            ("by", wallet.signer().locator().to_string()),
            ("verified", "the emulator recovered that address from the signature".into()),
        ],
    ))
}

async fn privy(emulator: &Emulator) -> Result<String, Failure> {
    let key = AuthorizationKey::from(SigningKey::generate(&mut system::random()?));
    let base = base_url(&emulator.privy_url())?;
    let client =
        PrivyClient::new(base, "test-app-id", "test-app-secret".into()).map_err(refused)?;
    let owner = Owner::public_key(&key.verifying_key());
    let request = client.create_wallet(&CreateWallet::new(ChainType::ETHEREUM).owner(owner));
    let wallet = request.send().await.map_err(refused)?;
    let request =
        client.personal_sign(&wallet, "hello").authorization(Authorization::key(Arc::new(key)));
    let answer = request.send().await.map_err(refused)?;
    Ok(show(
        "Privy",
        &[
            ("signed", "the canonical JSON of a request that has \"hello\" signed".into()),
            ("came back", shorten(answer.signature().unwrap_or_default())),
            (
                "verified",
                format!("the emulator the request, this program the signature: {}", wallet.address),
            ),
        ],
    ))
}

async fn abstraxn(emulator: &Emulator) -> Result<String, Failure> {
    let base = base_url(&emulator.abstraxn_url())?;
    let client = AbstraxnClient::builder(base, "test-api-key".into())
        .access_key_store(Arc::new(MemoryAccessKeyStore::new()));
    let client = client.build().map_err(refused)?;
    let identity = Identity::new("merchant-backend-user-001");
    let session = client.authenticate(&identity).await.map_err(refused)?;
    emulator.abstraxn_revoke(false);
    let signature = session.sign_personal(b"hello").await.map_err(refused)?;
    let again = client.authenticate(&identity).await.map_err(refused)?;
    if again.did_create() {
        return Err(Failure::refused("the second sign-in did not use the token that is there"));
    }
    Ok(show("Abstraxn", &[
        ("signed", "a stamped activity that has \"hello\" signed; its token was revoked, and refreshed once".into()),
        ("came back", shorten(&signature)),
        ("verified", format!(
            "the emulator the stamp, this program the signature: {}",
            session.wallet_address().unwrap_or_default(),
        )),
    ]))
}

async fn blink(emulator: &Emulator) -> Result<String, Failure> {
    let key = SigningKey::generate(&mut system::random()?);
    let native = P256SigningKey::try_from(&key).map_err(Failure::refused)?;
    let public = *native.verifying_key();
    let key = PaymentKey::new(Arc::new(native), public).map_err(Failure::refused)?;
    let merchant = MerchantId::parse(MERCHANT).map_err(Failure::refused)?;
    let rules = Rules::new(merchant, key, Arc::new(LocalCallers), Arc::new(AnyDestination));
    let endpoint = Endpoint::builder(rules).build().map_err(Failure::refused)?;
    let listener = TcpListener::bind("127.0.0.1:0").await.or_refuse("endpoint")?;
    let address = listener.local_addr().or_refuse("endpoint")?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let service = tokio::spawn(Service::new(endpoint).serve(listener, async {
        let _ = stopped.await;
    }));

    emulator.blink_register(MERCHANT, public);
    let url = base_url(&format!("http://{address}/api/sign-payment"))?;
    let endpoint = SignerEndpoint::new(url, public).map_err(refused)?;
    let request = PaymentRequest::new(50.0, 8453, ADDRESS, USDC_ON_BASE).reference("order-1");
    let signed = endpoint.sign(&request).await.map_err(refused)?;
    let base = base_url(&format!("{}/pay", emulator.blink_url()))?;
    let link = payment_link(&base, &signed).map_err(refused)?;
    let (first, second) = (emulator.visit(&link).await, emulator.visit(&link).await);
    let _ = stop.send(());
    let _ = service.await;
    if (first, second) != (Some(200), Some(409)) {
        return Err(Failure::refused("the link is not paid exactly once"));
    }
    Ok(show(
        "Blink",
        &[
            (
                "signed",
                format!(
                    "a payment of $50 to {}, by an endpoint on http://{address}",
                    shorten(ADDRESS)
                ),
            ),
            ("link", shorten(&link)),
            (
                "verified",
                "this program the answer, the emulator the link: paid once, and its replay refused"
                    .into(),
            ),
        ],
    ))
}

fn shorten(text: &str) -> String {
    let head: String = text.chars().take(48).collect();
    if head.len() < text.len() { format!("{head}…") } else { head }
}

/// A provider's lines; the last one is green where somebody looks at it.
fn show(provider: &str, lines: &[(&str, String)]) -> String {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (green, plain) = if colour { ("\u{1b}[32m", "\u{1b}[0m") } else { ("", "") };
    let mut text = format!("\n{provider}\n");
    for (at, (name, line)) in lines.iter().enumerate() {
        text += &if at + 1 == lines.len() {
            format!("{green}✓ {name:<10} {line}{plain}\n")
        } else {
            format!("  {name:<10} {line}\n")
        };
    }
    text
}
