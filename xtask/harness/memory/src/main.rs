//! Holds a token or a credential in one of our types, drops it, and waits to be looked at:
//! `memory-harness CASE FOLDER`, with the secret (64 letters) on standard input. It says `ready` and ends when
//! its input ends.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write, stdin, stdout};
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use signer_client::{
    AccessKeyStore, BaseUrl, FileAccessKeyStore, FileTokenStore, IdentityId, MemoryAccessKeyStore,
    MemoryTokenStore, Token, TokenKey, TokenStore, abstraxn, privy,
};
use signer_server::{BearerSecret, CallerId, HttpOwnership, PrivyOwnership};

const CASES: &[&str] = &[
    "control",
    "token-memory",
    "token-file",
    "access-key-memory",
    "access-key-file",
    "privy-app-secret",
    "abstraxn-api-key",
    "endpoint-bearer",
    "ownership-http",
    "ownership-privy",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|it| it == "--list") {
        CASES.iter().for_each(|name| println!("{name}"));
        return;
    }
    let [case, folder] = &arguments[..] else { panic!("CASE FOLDER") };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("tokio");
    runtime.block_on(run(case, Path::new(folder)));
    // The runtime lives on, and with it the stacks of its threads, which are told from the heap by that.
    let mut out = stdout().lock();
    out.write_all(b"ready\n").and_then(|()| out.flush()).expect("somebody reads");
    let _ = stdin().lock().read(&mut [0]);
}

/// Read into an allocation that becomes the secret's own, past the buffer of `stdin`.
fn secret() -> SecretString {
    let mut bytes = vec![0; 64];
    let mut input = File::open("/dev/stdin").expect("standard input");
    input.read_exact(&mut bytes).expect("64 letters");
    String::from_utf8(bytes).expect("letters").into()
}

fn base() -> BaseUrl {
    BaseUrl::parse("https://service.invalid").expect("an address")
}

async fn run(case: &str, folder: &Path) {
    match case {
        // What must be seen: a copy in a plain allocation.
        "control" => std::mem::forget(black_box(secret().expose_secret().to_owned())),
        "token-memory" => token(Arc::new(MemoryTokenStore::new())).await,
        "token-file" => token(Arc::new(FileTokenStore::new(folder.join("tokens")))).await,
        "access-key-memory" => access_key(Arc::new(MemoryAccessKeyStore::new())).await,
        "access-key-file" => {
            access_key(Arc::new(FileAccessKeyStore::new(folder.join("keys")))).await
        }
        "privy-app-secret" => drop(privy::Client::new(base(), "app", secret()).expect("a client")),
        "abstraxn-api-key" => {
            let store = Arc::new(MemoryAccessKeyStore::new());
            let client =
                abstraxn::Client::builder(base(), secret()).access_key_store(store).build();
            drop(client.expect("a client"));
        }
        "endpoint-bearer" => drop(BearerSecret::new(CallerId::new("shop"), &secret())),
        "ownership-http" => {
            drop(HttpOwnership::new("https://service.invalid", Some(&secret())).expect("a check"));
        }
        "ownership-privy" => {
            drop(PrivyOwnership::new("https://service.invalid", "app", &secret()).expect("a check"));
        }
        other => panic!("no case {other}"),
    }
}

async fn token(store: Arc<dyn TokenStore>) {
    let key = TokenKey::new(&base(), &"a test api key".to_owned().into(), "user-1");
    let token = Token::new(secret()).succeeding(0);
    assert!(store.replace(&key, 0, &token).await.expect("kept"));
    drop(token);
    let loaded = store.load(&key).await.expect("read").expect("it is there");
    store.remove(&key, loaded.version()).await.expect("forgotten");
}

async fn access_key(store: Arc<dyn AccessKeyStore>) {
    let id = IdentityId::new(&base(), "user-1");
    drop(store.insert(&id, &secret()).await.expect("kept"));
    drop(store.load(&id).await.expect("read").expect("it is there"));
}
