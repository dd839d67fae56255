use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use signer_client::{
    AccessKeyStore, BaseUrl, FileAccessKeyStore, FileTokenStore, IdentityId, StoreError, Token,
    TokenKey, TokenStore,
};

use crate::worker;

const KILLS: u64 = 1_000;

fn base() -> BaseUrl {
    BaseUrl::parse("http://127.0.0.1:1").unwrap()
}

fn key() -> TokenKey {
    crate::trace::look();
    TokenKey::new(&base(), &"test api key".into(), "worker")
}

fn file(folder: &Path, ending: &str) -> PathBuf {
    let mut entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|path| path.to_string_lossy().ends_with(ending)).unwrap()
}

/// After each kill the token that was said to be stored is there, or a later one, and every access key.
#[tokio::test]
async fn a_kill_at_any_point_loses_nothing() {
    let folder = worker::folder("killed");
    let name = folder.to_str().unwrap();
    let (tokens, keys) = (FileTokenStore::new(&folder), FileAccessKeyStore::new(&folder));
    let (mut said_version, mut said_keys, mut begun) = (0, Vec::new(), Vec::new());
    for kill in 0..KILLS {
        let mut child = worker::start(&["churn", name]);
        // Spread over the life of a write, which takes about a millisecond after a start of two.
        std::thread::sleep(Duration::from_micros(1_500 + kill * 7_919 % 6_000));
        child.kill().unwrap();
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        for line in said.lines() {
            match line.split_once(' ').unwrap() {
                ("token", version) => said_version = version.parse().unwrap(),
                ("begins", identity) => begun.push(identity.to_owned()),
                (_, identity) => said_keys.push(identity.to_owned()),
            }
        }
        if said_version > 0 {
            let token = tokens.load(&key()).await.unwrap().expect("a token is there");
            assert!(token.version() >= said_version, "kill {kill}");
        }
        // The one that was being kept is there as a whole, or not at all.
        for identity in begun.drain(..) {
            let key = keys.load(&IdentityId::new(&base(), &identity)).await.unwrap();
            assert!(key.is_none_or(|key| key.expose_secret() == format!("key of {identity}")));
        }
        if kill % 50 == 0 || kill == KILLS - 1 {
            for identity in &said_keys {
                let key = keys.load(&IdentityId::new(&base(), identity)).await.unwrap();
                assert_eq!(key.unwrap().expose_secret(), format!("key of {identity}"));
            }
        }
    }
    assert!(said_version > 0 && !said_keys.is_empty(), "the worker worked");
    eprintln!("{KILLS} kills, {} access keys", said_keys.len());
}

#[tokio::test]
async fn every_byte_of_a_file_is_guarded() {
    let folder = worker::folder("bytes");
    let (tokens, keys) = (FileTokenStore::new(&folder), FileAccessKeyStore::new(&folder));
    let id = IdentityId::new(&base(), "user");
    let token = Token::new("a token".into()).succeeding(0);
    assert!(tokens.replace(&key(), 0, &token).await.unwrap());
    keys.insert(&id, &"the access key".into()).await.unwrap();

    let token_file = file(&folder, ".token");
    let whole = fs::read(&token_file).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        fs::write(&token_file, &changed).unwrap();
        assert!(tokens.load(&key()).await.unwrap().is_none(), "byte {at}");
    }
    let fresh = Token::new("another".into()).succeeding(token.version());
    assert!(tokens.replace(&key(), 0, &fresh).await.unwrap(), "what is damaged is replaced");
    assert_eq!(tokens.load(&key()).await.unwrap().unwrap().version(), fresh.version());

    for ending in [".key", ".key.copy"] {
        let path = file(&folder, ending);
        let whole = fs::read(&path).unwrap();
        for at in 0..=whole.len() {
            let mut changed = whole[..at].to_vec();
            changed.extend(whole.get(at).map(|byte| byte ^ 1));
            changed.extend(whole.get(at + 1..).unwrap_or_default());
            fs::write(&path, &changed).unwrap();
            let read = keys.load(&id).await.unwrap().unwrap();
            assert_eq!(read.expose_secret(), "the access key", "byte {at} of {ending}");
            assert_eq!(fs::read(&path).unwrap(), whole, "it is mended");
        }
        fs::remove_file(&path).unwrap();
        assert!(keys.load(&id).await.unwrap().is_some(), "one copy is enough");
    }
    for ending in [".key", ".key.copy"] {
        fs::write(file(&folder, ending), "damaged").unwrap();
    }
    assert_eq!(keys.load(&id).await.unwrap_err(), StoreError::Damaged);
    assert_eq!(keys.insert(&id, &"new".into()).await.unwrap_err(), StoreError::Damaged);
    assert_eq!(fs::read(file(&folder, ".key")).unwrap(), b"damaged", "nothing is written over it");
}

#[tokio::test]
async fn what_others_may_touch_is_refused() {
    let folder = worker::folder("loose");
    let tokens = FileTokenStore::new(&folder);
    let token = Token::new("a token".into()).succeeding(0);
    assert!(tokens.replace(&key(), 0, &token).await.unwrap());
    let path = file(&folder, ".token");
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);

    for loose in [0o640, 0o604, 0o660] {
        mode(&path, loose);
        assert_eq!(tokens.load(&key()).await.unwrap_err(), StoreError::Unsafe);
    }
    let error: signer_client::Error = StoreError::Unsafe.into();
    assert!(error.is_store() && !error.is_transient() && !error.is_refused(), "{error:?}");
    mode(&path, 0o600);
    for loose in [0o750, 0o701, 0o777] {
        mode(&folder, loose);
        assert_eq!(tokens.load(&key()).await.unwrap_err(), StoreError::Unsafe);
        assert_eq!(tokens.replace(&key(), 0, &token).await.unwrap_err(), StoreError::Unsafe);
    }
    mode(&folder, 0o700);

    let elsewhere = worker::folder("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert_eq!(tokens.load(&key()).await.unwrap_err(), StoreError::Unsafe);
    let linked = worker::folder("linked");
    symlink(&folder, &linked).unwrap();
    for name in [linked.clone(), linked.join("")] {
        let through_a_link = FileTokenStore::new(name);
        assert_eq!(through_a_link.load(&key()).await.unwrap_err(), StoreError::Unsafe);
    }
    // A pipe in the place of a file is not waited for.
    fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
    assert_eq!(tokens.load(&key()).await.unwrap_err(), StoreError::Unsafe);
}

#[tokio::test]
async fn one_identity_has_one_access_key() {
    let folder = worker::folder("once");
    let keys = FileAccessKeyStore::new(&folder);
    let id = IdentityId::new(&base(), "user");
    assert!(keys.load(&id).await.unwrap().is_none());
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (keys, id) = (FileAccessKeyStore::new(&folder), id.clone());
            let key: SecretString = format!("key {number}").into();
            tokio::spawn(async move { keys.insert(&id, &key).await.unwrap() })
        })
        .collect();
    let mut standing = Vec::new();
    for task in tasks {
        standing.push(task.await.unwrap().expose_secret().to_owned());
    }
    standing.dedup();
    assert_eq!(standing.len(), 1, "all were told of the same key: {standing:?}");
    assert_eq!(keys.load(&id).await.unwrap().unwrap().expose_secret(), standing[0]);
}

#[tokio::test]
async fn a_token_is_bound_to_its_origin_key_and_identity() {
    let folder = worker::folder("bound");
    let tokens = FileTokenStore::new(&folder);
    let token = Token::new("a token".into()).succeeding(0);
    tokens.replace(&key(), 0, &token).await.unwrap();
    let api_key: SecretString = "test api key".into();
    for other in [
        TokenKey::new(&BaseUrl::parse("http://127.0.0.1:2").unwrap(), &api_key, "worker"),
        TokenKey::new(&BaseUrl::parse("https://127.0.0.1:1").unwrap(), &api_key, "worker"),
        TokenKey::new(&base(), &"another".into(), "worker"),
        TokenKey::new(&base(), &api_key, "worker "),
    ] {
        assert!(tokens.load(&other).await.unwrap().is_none());
        // Even where the file is copied to the other's name.
        let path = file(&folder, ".token");
        fs::copy(&path, folder.join(format!("{}.token", other.name()))).unwrap();
        assert!(tokens.load(&other).await.unwrap().is_none());
        fs::remove_file(folder.join(format!("{}.token", other.name()))).unwrap();
    }
}

/// The worker on a disk of its own, of 64 KiB.
fn on_a_small_disk(name: &str, task: &str) -> String {
    let folder = worker::folder(name);
    fs::create_dir_all(&folder).unwrap();
    let script = r#"mount -t tmpfs -o size=64k,mode=700 tmpfs "$1" && exec "$0" "$2" "$1""#;
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(worker::program())
        .args([folder.as_path(), Path::new(task)])
        .output()
        .expect("unshare is needed, of Debian's package util-linux");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_full_disk_keeps_what_is_there() {
    assert_eq!(
        on_a_small_disk("full", "fill"),
        "refused: the store does not answer\nthe old token is there\nthe access key is there\n",
    );
}

#[test]
fn an_access_key_that_a_full_disk_does_not_keep_is_none() {
    assert_eq!(
        on_a_small_disk("full-of-keys", "full"),
        "refused: the store does not answer\nthe second key stands\nthe second key stands\n",
    );
}

/// A disk that fails at one step or another: each system call of a write in its turn.
#[test]
fn a_failing_disk_keeps_what_is_there() {
    for (call, after) in [
        ("fsync", 1),
        ("fsync", 3),
        ("fsync", 5),
        ("fsync", 8),
        ("fsync", 9),
        ("fsync", 10),
        ("fsync", 11),
        ("write", 3),
        ("rename", 3),
        ("linkat", 1),
    ] {
        let folder = worker::folder("failing");
        let written = folder.join(format!("{}.token.new", key().name())).display().to_string();
        let injected = format!("inject={call}:error=EIO:when={after}+");
        let output = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &injected])
            // The runtime writes, too, and must not be told that its own wake-up failed.
            .args(if call == "write" { vec!["-P", &written] } else { vec![] })
            .arg(worker::program())
            .args(["fill", folder.to_str().unwrap()])
            .stderr(Stdio::piped())
            .output()
            .expect("strace is needed: cargo xtask setup, or install the package strace");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let no_key = call == "linkat" || call == "fsync" && after < 8;
        if no_key {
            assert!(!output.status.success(), "a key that is not kept is not used");
            assert!(said.is_empty());
        } else {
            let token = ["the old token is there", "the new token is there", "no token was stored"];
            let token = token.iter().any(|it| said.contains(it));
            assert!(token && said.ends_with("the access key is there\n"), "{call} {after}: {said}");
        }
        // With a disk that works again, whatever was said before.
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let tokens = FileTokenStore::new(&folder);
            let last = tokens.load(&key()).await.unwrap().map_or(0, |token| token.version());
            let token = Token::new("fresh".into()).succeeding(last);
            assert!(tokens.replace(&key(), last, &token).await.unwrap());
            let keys = FileAccessKeyStore::new(&folder);
            let id = IdentityId::new(&base(), "worker");
            let whole = |key: &SecretString| key.expose_secret() == "the access key";
            let kept = keys.load(&id).await.unwrap();
            assert!(kept.as_ref().map_or(no_key, whole), "{call} {after}");
            let kept = keys.insert(&id, &"the access key".into()).await.unwrap();
            assert!(whole(&kept), "{call} {after}");
        });
    }
}

#[test]
fn processes_that_share_a_folder_fetch_once() {
    let folder = worker::folder("shared");
    worker::one_fetch(&format!("file:{}", folder.display()), 2);
    let folder = worker::folder("shared by ten");
    worker::one_fetch(&format!("file:{}", folder.display()), 10);
}
