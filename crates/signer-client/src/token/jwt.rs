//! How long a JWT says that it lives. Nothing is verified: whoever accepts the token decides.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use zeroize::Zeroizing;

/// Longer tokens are not read.
const MAX_LEN: usize = 64 * 1024;
/// A token that claims to live longer is asked about sooner.
const MAX_LIFETIME_MS: f64 = 400.0 * 24.0 * 3_600.0 * 1_000.0;

#[derive(Deserialize)]
struct Claims {
    exp: f64,
    iat: Option<f64>,
}

/// The life of a token that was given now: `exp` − `iat`, or without `iat`, what is left until `exp`. `None` where
/// that is not known, or makes no sense.
pub(super) fn lifetime_ms(token: &str, now_ms: u64) -> Option<u64> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || claims.len() > MAX_LEN {
        return None;
    }
    let claims = Base64UrlUnpadded::decode_vec(claims.trim_end_matches('=')).map(Zeroizing::new);
    let claims: Claims = serde_json::from_slice(&claims.ok()?).ok()?;
    let lifetime = match claims.iat {
        Some(iat) => (claims.exp - iat) * 1_000.0,
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of this millennium are exact")]
        None => claims.exp.mul_add(1_000.0, -(now_ms as f64)),
    };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between nought and the bound"
    )]
    (lifetime > 0.0).then(|| lifetime.min(MAX_LIFETIME_MS) as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", Base64UrlUnpadded::encode_string(claims.as_bytes()))
    }

    #[test]
    fn a_life_is_read_and_nonsense_is_not() {
        let now = 1_773_679_531_000;
        for (claims, expected) in [
            (r#"{"exp":1773680431}"#, Some(900_000)),
            (r#"{"exp":1773680431.5,"iat":1773680430}"#, Some(1_500)),
            // A clock of ours that stands an hour ahead, or behind.
            (r#"{"exp":1773676831,"iat":1773675931}"#, Some(900_000)),
            (r#"{"exp":1e300,"iat":0}"#, Some(34_560_000_000)),
            (r#"{"exp":1773679531}"#, None),
            (r#"{"exp":-1}"#, None),
            (r#"{"exp":10,"iat":20}"#, None),
            (r#"{"exp":"soon"}"#, None),
            (r#"{}"#, None),
            ("[]", None),
        ] {
            assert_eq!(lifetime_ms(&jwt(claims), now), expected, "{claims}");
        }
        for text in ["", ".", "a.b", "a.b.c", "a.b.c.d", "opaque"] {
            assert_eq!(lifetime_ms(text, now), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".*", claims in ".*", now in any::<u64>()) {
            let _ = lifetime_ms(&text, now);
            let _ = lifetime_ms(&jwt(&claims), now);
        }

        #[test]
        fn any_clock_is_survived(exp in any::<f64>(), iat in any::<Option<f64>>(), now in any::<u64>()) {
            let iat = iat.map(|iat| format!(",\"iat\":{iat}")).unwrap_or_default();
            let life = lifetime_ms(&jwt(&format!("{{\"exp\":{exp}{iat}}}")), now);
            prop_assert!(life.is_none_or(|life| life <= 34_560_000_000));
        }
    }
}
