#![no_main]
//! A token's file with anything in it: what is read was sealed, and is kept again as it was.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use signer_client::{BaseUrl, FileTokenStore, TokenKey, TokenStore};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap());
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    // In memory: a disk would be the slowest part.
    let root = if PathBuf::from("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() };
    let folder = root.join(format!("token-store-fuzz-{}", std::process::id()));
    fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
    folder
});
const HEAD: &str = "signer-token v1 ";

/// Half of the inputs are the body of a file whose checksum is right.
fn file(input: &[u8], key: &TokenKey) -> Vec<u8> {
    match input.split_first() {
        Some((0x01, body)) => {
            // `$` stands for the name of the key, which no mutation would find.
            let body = String::from_utf8_lossy(body).replace('$', &key.name());
            let digest = Sha256::new_with_prefix(HEAD).chain_update(&body).finalize();
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{HEAD}{digest}\n{body}\n").into_bytes()
        }
        _ => input.to_vec(),
    }
}

fuzz_target!(|input: &[u8]| {
    let base = BaseUrl::parse("https://service.invalid").unwrap();
    let key = TokenKey::new(&base, &"a test api key".to_owned().into(), "user");
    let path = FOLDER.join(format!("{}.token", key.name()));
    fs::write(&path, file(input, &key)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let store = FileTokenStore::new(FOLDER.clone());
    RUNTIME.block_on(async {
        let Some(token) = store.load(&key).await.unwrap() else { return };
        fs::remove_file(&path).unwrap();
        assert!(store.replace(&key, 0, &token).await.unwrap());
        let again = store.load(&key).await.unwrap().expect("it was kept");
        assert_eq!(again.version(), token.version());
        assert_eq!(again.access().expose_secret(), token.access().expose_secret());
    });
});
