//! A client that sends exactly what it is told, one request on a connection.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The `error` of a refusal, whose form is always the same.
    pub(crate) fn error(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 1);
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        body["error"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let stream = [request.as_bytes(), body].concat();
    let received = exchange(address, &stream, Duration::from_secs(20)).await;
    parse(&received)
        .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&received)))
}

/// Sends bytes on a fresh connection and reads until the other side closes, or `patience` ends.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8], patience: Duration) -> Vec<u8> {
    exchange_until_closed(address, bytes, patience).await.0
}

/// The same, and whether the other side closed.
pub(crate) async fn exchange_until_closed(
    address: SocketAddr,
    bytes: &[u8],
    patience: Duration,
) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other side may refuse before it has read all.
    let _ = stream.write_all(bytes).await;
    let mut received = Vec::new();
    let closed = timeout(patience, stream.read_to_end(&mut received)).await.is_ok();
    (received, closed)
}

/// The first answer in what was received.
pub(crate) fn parse(received: &[u8]) -> Option<Answer> {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
    let received = received.strip_prefix(interim).unwrap_or(received);
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Some(Answer { status, headers, body: received[end + 4..].to_vec() })
}

/// How many answers there are.
pub(crate) fn count(received: &[u8]) -> usize {
    received.windows(9).filter(|window| *window == b"HTTP/1.1 ").count()
}
