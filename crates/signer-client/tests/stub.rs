//! A service of one's own script, for answers that the emulator does not give.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use signer_core::ed25519::SigningKey;
use signer_core::encoding::base58;
use signer_core::signature::Signer;
use signer_protocols::crossmint::TrustedKeys;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

type Script = Box<dyn FnMut(&Arrived) -> (u16, Value) + Send>;

/// A running stub. Its script can be replaced.
pub(crate) struct Stub {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let empty: Script = Box::new(|_| (404, json!({"error": true})));
        let script = Arc::new(Mutex::new(empty));
        let shared = Arc::clone(&script);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, script }
    }

    pub(crate) fn answer(&self, script: impl FnMut(&Arrived) -> (u16, Value) + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }
}

/// One connection, request by request.
async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut buffer = Vec::new();
    let mut chunk = [0; 16_384];
    loop {
        let (head, body_at, length) = loop {
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
                let length = head.to_lowercase();
                let length = length.lines().find_map(|line| line.strip_prefix("content-length:"));
                let length = length.map_or(0, |text| text.trim().parse().unwrap());
                break (head, end + 4, length);
            }
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(read) => buffer.extend_from_slice(&chunk[..read]),
            }
        };
        while buffer.len() < body_at + length {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(read) => buffer.extend_from_slice(&chunk[..read]),
            }
        }
        let body = serde_json::from_slice(&buffer[body_at..body_at + length]).unwrap_or_default();
        buffer.drain(..body_at + length);
        let mut words = head.split_whitespace();
        let (method, path) = (words.next().unwrap().into(), words.next().unwrap().into());
        let (status, answer) = (script.lock().unwrap())(&Arrived { method, path, body });
        let answer = answer.to_string();
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// An API key of a project, signed by a key of these tests.
pub(crate) fn api_key(project: &str, environment: &str) -> String {
    let nonce = "nonce";
    let signed = format!("sk_{environment}.{project}.{nonce}");
    let signature = signing_key().try_sign(signed.as_bytes()).unwrap();
    let payload = format!("{project}.{nonce}:{}", to_base58(&signature.to_bytes()));
    format!("sk_{environment}_{}", to_base58(payload.as_bytes()))
}

/// The keys that trust [`api_key`].
pub(crate) fn trusted_keys() -> TrustedKeys {
    let key = to_base58(&signing_key().verifying_key().to_bytes());
    TrustedKeys::any_environment([key.as_str()]).unwrap()
}

fn signing_key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

pub(crate) fn to_base58(bytes: &[u8]) -> String {
    let mut text = vec![0; base58::encoded_len(bytes.len())];
    base58::encode(bytes, &mut text).unwrap().into()
}
