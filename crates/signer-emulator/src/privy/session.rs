//! A user's session: a key that is made for it and sealed to whoever asks with the user's token.

use hpke::aead::ChaCha20Poly1305;
use secrecy::ExposeSecret;
use serde_json::json;
use signer_core::p256::SigningKey;
use signer_protocols::privy::AuthorizationKey;

use super::State;
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::hpke_seal::seal_to_spki;
use crate::key::random;

/// A user's token is `test-user-token:` and the user's id, and after a further colon, for how many milliseconds
/// the session lives.
const TOKEN: &str = "test-user-token:";
const LIFE_MS: u64 = 10 * 60 * 1_000;

pub(super) fn authenticate(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let user = text(&body, "user_jwt")?.strip_prefix(TOKEN);
    let user = user.ok_or_else(|| Refusal::new(401, "invalid_jwt", "the user's token is wrong"))?;
    let (user, life) = user.split_once(':').unwrap_or((user, ""));
    let ends = shared.clock.now_ms() + life.parse().unwrap_or(LIFE_MS);
    let key = AuthorizationKey::from(SigningKey::generate(&mut random()));
    let plaintext = key.to_wallet_auth();
    let recipient = text(&body, "recipient_public_key")?;
    let sealed = seal_to_spki::<ChaCha20Poly1305>(recipient, plaintext.expose_secret().as_bytes());
    let (encapsulated_key, ciphertext) = sealed
        .ok_or_else(|| Refusal::new(400, "invalid_data", "recipient_public_key is no P-256 key"))?;
    state.sessions.insert(user.into(), (key.verifying_key(), ends));
    Ok(Answer::ok(json!({
        "encrypted_authorization_key": {
            "encryption_type": "HPKE",
            "encapsulated_key": encapsulated_key,
            "ciphertext": ciphertext,
        },
        "expires_at": ends,
        "wallets": [],
    })))
}
