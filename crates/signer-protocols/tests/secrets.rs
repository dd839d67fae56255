use secrecy::ExposeSecret;
use signer_core::encoding::{base58, base64_encode, base64url_encode};
use signer_core::p256::SigningKey;
use signer_protocols::abstraxn::{AccessKey, ExportRecipient};
use signer_protocols::crossmint::rest::Approvals;
use signer_protocols::crossmint::{ChainType, ServerSigner, SignerSecret};
use signer_protocols::privy::{
    AuthorizationKey, AuthorizationRequest, Method, SessionRecipient, WebhookSecret,
};

const SECRET: [u8; 32] = *b"canary-canary-canary-canary-cana";

fn forms() -> Vec<String> {
    let hex: String = SECRET.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut buffer = [0; 64];
    vec![
        String::from_utf8(SECRET.to_vec()).unwrap(),
        hex.to_uppercase(),
        hex,
        base64_encode(&SECRET, &mut buffer).unwrap().into(),
        base64url_encode(&SECRET, &mut buffer).unwrap().into(),
        base58::encode(&SECRET, &mut buffer).unwrap().into(),
        format!("{SECRET:?}"),
    ]
}

fn assert_hidden(shown: &str) {
    for form in forms() {
        assert!(!shown.contains(&form[..12]), "{shown} shows a part of {form}");
    }
}

#[test]
fn debug_of_every_secret_type_is_redacted() {
    let key = || SigningKey::from_scalar(&SECRET).unwrap();
    let hex = &forms()[2];
    let secret = SignerSecret::parse(hex).unwrap();
    let core = signer_core::SecretBytes::init(|bytes| *bytes = SECRET);
    for shown in [
        format!("{secret:?}"),
        format!("{:?}", secret.to_text()),
        format!("{:?}", AuthorizationKey::from(key())),
        format!("{:?}", AuthorizationKey::from(key()).to_wallet_auth()),
        format!("{:?}", SessionRecipient::from(key())),
        format!("{:?}", WebhookSecret::parse(&format!("whsec_{}", forms()[3])).unwrap()),
        format!("{:?}", AccessKey::from(key())),
        format!("{:?}", AccessKey::from(key()).to_text()),
        format!("{:?}", ExportRecipient::from(key())),
        format!("{:?}", ServerSigner::from_key(&core, ChainType::Evm).unwrap()),
        format!("{:?}", ServerSigner::from_key(&core, ChainType::Solana).unwrap()),
    ] {
        assert_hidden(&shown);
    }
    assert_eq!(AccessKey::parse(hex).unwrap().to_text().expose_secret(), hex);
}

/// What a caller would not log either.
#[test]
fn debug_of_a_request_shows_no_body_and_no_signature() {
    let builder =
        AuthorizationRequest::builder(Method::Post, "https://x/", "app").body(&["canary"]).unwrap();
    assert!(!format!("{builder:?}").contains("canary"));
    let request = builder.build().unwrap();
    assert!(!format!("{request:?}").contains("canary"));
    let signed = request.sign(&[&SigningKey::from_scalar(&SECRET).unwrap()]).unwrap();
    let shown = format!("{signed:?}");
    assert!(!shown.contains("canary") && !shown.contains(signed.signature().unwrap()));

    let stamp = AccessKey::from(SigningKey::from_scalar(&SECRET).unwrap());
    let stamped = stamp.stamp(b"{\"canary\":1}".to_vec()).unwrap().into_request("https://x/");
    assert_eq!(format!("{:?}", stamped.unwrap()), "StampedRequest { url: \"https://x/\", .. }");
    let core = signer_core::SecretBytes::init(|bytes| *bytes = SECRET);
    let signer = ServerSigner::from_key(&core, ChainType::Evm).unwrap().locator();
    let approvals = Approvals::one("canary".into(), &signer);
    let shown = format!("{approvals:?}");
    assert!(shown.contains("server:0x") && !shown.contains("canary"), "{shown}");
}

/// Every parser of a secret, given the secret with something wrong about it: neither the error nor a
/// panic text tells any of it.
#[test]
fn errors_about_secrets_do_not_tell_them() {
    let wrap = |text: &str| {
        vec![
            format!("{text} "),
            format!(" {text}"),
            format!("{text}0"),
            text[1..].to_owned(),
            format!("{text}{text}"),
            format!("{text}\n"),
        ]
    };
    for text in forms().iter().flat_map(|form| wrap(form)) {
        let shown = [
            SignerSecret::parse(&text).err().map(|error| format!("{error} {error:?}")),
            AuthorizationKey::parse(&text).err().map(|error| format!("{error} {error:?}")),
            AccessKey::parse(&text).err().map(|error| format!("{error} {error:?}")),
            WebhookSecret::parse(&text).err().map(|error| format!("{error} {error:?}")),
        ];
        for shown in shown.into_iter().flatten() {
            assert_hidden(&shown);
            let message = shown.split(" SecretError").next().unwrap();
            assert!(!message.starts_with(char::is_uppercase), "{shown}");
        }
    }
}
