//! A process of its own for the tests of the stores, which are shared by processes and survive them.
//!
//! `churn DIR` replaces one token and adds access keys until it is killed, and says what it has done.
//! `fill DIR` writes tokens that grow until the disk takes no more, and says what is there afterwards.
//! `full DIR` fills a disk of its own to the last byte, adds an access key, makes room and adds it again.
//! `token file:DIR|redis:URL PORT` asks for the token that the service on PORT of loopback gives, and for another one
//! after a line on its standard input; a second line ends it.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use signer_client::{
    AccessKeyStore, BaseUrl, Error, FileAccessKeyStore, FileTokenStore, IdentityId,
    RedisTokenStore, StoreError, Token, TokenCache, TokenKey, TokenSource, TokenStore,
};

const BASE: &str = "http://127.0.0.1:1";

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["churn", folder] => churn(folder).await,
        ["fill", folder] => fill(folder).await,
        ["full", folder] => full(folder).await,
        ["token", store, port] => token(store, port.parse()?).await,
        _ => Err("store_worker churn DIR | fill DIR | full DIR | token STORE PORT".into()),
    }
}

fn key() -> Result<TokenKey, Error> {
    Ok(TokenKey::new(&BaseUrl::parse(BASE)?, &"test api key".into(), "worker"))
}

/// One line is one write: what was said was done.
fn say(line: &str) -> std::io::Result<()> {
    std::io::stdout().write_all(format!("{line}\n").as_bytes())
}

async fn churn(folder: &str) -> Result<(), Failure> {
    let (tokens, keys) = (FileTokenStore::new(folder), FileAccessKeyStore::new(folder));
    let (base, key) = (BaseUrl::parse(BASE)?, key()?);
    for count in 0_u64.. {
        let last = tokens.load(&key).await?.map_or(0, |token| token.version());
        let token = Token::new(format!("token {count}").into()).succeeding(last);
        let version = token.version();
        if tokens.replace(&key, last, &token).await? {
            say(&format!("token {version}"))?;
        }
        if count % 8 == 0 {
            let name = format!("{}-{count}", std::process::id());
            let secret: SecretString = format!("key of {name}").into();
            say(&format!("begins {name}"))?;
            keys.insert(&IdentityId::new(&base, &name), &secret).await?;
            say(&format!("key {name}"))?;
        }
    }
    Ok(())
}

async fn fill(folder: &str) -> Result<(), Failure> {
    let (tokens, keys) = (FileTokenStore::new(folder), FileAccessKeyStore::new(folder));
    let (base, key) = (BaseUrl::parse(BASE)?, key()?);
    let id = IdentityId::new(&base, "worker");
    keys.insert(&id, &"the access key".into()).await?;
    let (mut last, mut tried) = (0, 0);
    for size in (0..).map(|power| 64_usize << power) {
        let token = Token::new("t".repeat(size).into()).succeeding(last);
        tried = token.version();
        match tokens.replace(&key, last, &token).await {
            Ok(_) => last = token.version(),
            Err(error) => {
                say(&format!("refused: {error}"))?;
                break;
            }
        }
    }
    let kept = tokens.load(&key).await?.map_or(0, |token| token.version());
    say(match kept {
        0 if last == 0 => "no token was stored",
        0 => "the token is lost",
        kept if kept == last => "the old token is there",
        kept if kept == tried => "the new token is there",
        _ => "another token is there",
    })?;
    let kept = keys.load(&id).await?;
    let same = kept.is_some_and(|key| key.expose_secret() == "the access key");
    say(if same { "the access key is there" } else { "the access key is lost" })?;
    Ok(())
}

async fn full(folder: &str) -> Result<(), Failure> {
    let keys = FileAccessKeyStore::new(folder);
    let id = IdentityId::new(&BaseUrl::parse(BASE)?, "worker");
    let filler = std::path::Path::new(folder).join("filler");
    let fill = || {
        let mut file = std::fs::File::create(&filler)?;
        while file.write_all(&[0; 512]).is_ok() {}
        Ok::<_, std::io::Error>(())
    };
    fill()?;
    let told = |key: Result<SecretString, StoreError>| match key {
        Ok(key) => format!("{} stands", key.expose_secret()),
        Err(error) => format!("refused: {error}"),
    };
    say(&told(keys.insert(&id, &"the first key".into()).await))?;
    std::fs::remove_file(&filler)?;
    // Nobody was told that the first one stands.
    say(&told(keys.insert(&id, &"the second key".into()).await))?;
    // What stands already needs no room.
    fill()?;
    say(&told(keys.insert(&id, &"the third key".into()).await))?;
    Ok(())
}

struct Service(u16);

#[async_trait]
impl TokenSource for Service {
    async fn fetch(&self, replaced: Option<&Token>) -> Result<Token, Error> {
        let port = self.0;
        let replaced = replaced.map_or("", |token| token.access().expose_secret());
        let replaced = format!("{replaced}\n");
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.write_all(replaced.as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok::<_, std::io::Error>(answer)
        });
        let answer = answer.await.unwrap_or_else(|_| Ok(String::new())).unwrap_or_default();
        Ok(Token::new(answer.into()))
    }
}

fn wait_for_line() -> std::io::Result<()> {
    std::io::stdin().read_line(&mut String::new()).map(drop)
}

async fn token(store: &str, port: u16) -> Result<(), Failure> {
    let store: Arc<dyn TokenStore> = match store.split_once(':') {
        Some(("file", folder)) => Arc::new(FileTokenStore::new(folder)),
        Some(("redis", url)) => {
            let patience = Duration::from_secs(5);
            Arc::new(RedisTokenStore::new(&url.into(), patience)?)
        }
        _ => return Err("file:DIR or redis:URL".into()),
    };
    let cache = TokenCache::new(key()?, store, Service(port));
    let token = cache.token().await?;
    say(token.token().access().expose_secret())?;
    wait_for_line()?;
    let token = cache.replace(&token).await?;
    say(token.token().access().expose_secret())?;
    wait_for_line()?;
    // What gives a lease back may still be under way.
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok(())
}
