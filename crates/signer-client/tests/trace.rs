//! Everything that is logged while the suite runs, at TRACE and by every crate, is looked at for secrets. A secret in the
//! log ends the suite.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use tracing_subscriber::filter::LevelFilter;

/// What the tests keep secret, in the forms in which it travels, and the beginnings of what the emulator makes up.
const SECRETS: [&str; 12] = [
    "test-app-secret",
    // Basic of the app id and its secret.
    "dGVzdC1hcHAtaWQ6dGVzdC1hcHAtc2VjcmV0",
    "test-api-key",
    "test api key",
    "Bearer ",
    // The head of every token.
    "eyJhbGciOiJub25lIn0",
    "refresh=",
    "wallet-auth:",
    "sk_staging_",
    "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23",
    "test-user-token:",
    "canary-of-redis",
];

struct Looking;

impl Write for Looking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        let repeated = ["1", "2", "3"].map(|digit| digit.repeat(64));
        let secrets = SECRETS.into_iter().chain(repeated.iter().map(String::as_str));
        for secret in secrets {
            if line.contains(secret) {
                eprintln!("a secret ({secret}) stands in the log: {line}");
                std::process::abort();
            }
        }
        if let Some(lines) = &mut *TAKEN_DOWN.lock().unwrap_or_else(PoisonError::into_inner) {
            lines.push_str(&line);
        }
        LINES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

static LINES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// What was logged since somebody began to take it down, for secrets that are made up on the way.
static TAKEN_DOWN: Mutex<Option<String>> = Mutex::new(None);

pub(crate) fn take_down() {
    look();
    TAKEN_DOWN.lock().unwrap().get_or_insert_default();
}

/// Whether a text stands in what was taken down, which is much.
pub(crate) fn was_logged(text: &str) -> bool {
    let lines = TAKEN_DOWN.lock().unwrap();
    let lines = lines.as_deref().unwrap();
    assert!(lines.len() > 1_000 && !text.is_empty());
    lines.contains(text)
}

/// Looks from now on; each suite calls it first.
pub(crate) fn look() {
    static LOOKING: Once = Once::new();
    LOOKING.call_once(|| {
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(|| Looking).init();
        let log = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = Looking.write(panic.to_string().as_bytes());
            log(panic);
        }));
    });
}

#[tokio::test]
async fn the_libraries_below_are_heard() {
    look();
    let emulator = signer_emulator::Emulator::start().await.unwrap();
    let base = signer_client::BaseUrl::parse(&emulator.privy_url()).unwrap();
    let client = signer_client::privy::Client::new(base, "test-app-id", "test-app-secret".into());
    let error = client.unwrap().wallet("none").await.unwrap_err();
    tracing::info!(%error, ?error, "what callers log");
    assert!(
        LINES.load(std::sync::atomic::Ordering::Relaxed) > 5,
        "reqwest and hyper speak at TRACE"
    );
}
