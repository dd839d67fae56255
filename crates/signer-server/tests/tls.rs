//! HTTPS, with openssl as the client.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use signer_server::{Service, TlsIdentity};

use crate::{BEARER, REQUEST, Running, builder};

/// A certificate of one's own for a name, and its key.
fn certificate(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn written(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// What a client gets that trusts one certificate, and asks for its name.
fn ask(server: &Running, authority: &Path, name: &str, options: &[&str]) -> String {
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-servername", name])
        .args(["-verify_hostname", name, "-CAfile"])
        .arg(authority)
        .args(["-connect", &server.address.to_string()])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is needed: install the package openssl");
    let mut input = client.stdin.take().unwrap();
    let request = format!(
        "POST /api/sign-payment HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\nauthorization: Bearer {BEARER}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{REQUEST}",
        REQUEST.len()
    );
    let _ = input.write_all(request.as_bytes());
    let output = client.wait_with_output().unwrap();
    drop(input);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_replaced_while_it_serves() {
    let (first, first_key) = certificate("first.example");
    let (second, second_key) = certificate("second.example");
    let identity = TlsIdentity::from_pem(first.as_bytes(), first_key.as_bytes()).unwrap();
    let endpoint = builder().build().unwrap();
    let server = Running::start_service(Service::new(endpoint).tls(identity.clone())).await;
    let (first_file, second_file) = (written("first.pem", &first), written("second.pem", &second));

    for version in ["-tls1_2", "-tls1_3"] {
        let answer = ask(&server, &first_file, "first.example", &[version]);
        assert!(answer.starts_with("HTTP/1.1 200"), "{version}: {answer}");
    }
    assert_eq!(ask(&server, &first_file, "first.example", &["-tls1_1"]), "");
    assert_eq!(ask(&server, &second_file, "second.example", &[]), "");

    // What does not belong together is refused, and what was there goes on.
    assert!(identity.replace(second.as_bytes(), first_key.as_bytes()).is_err());
    assert!(identity.replace(b"", second_key.as_bytes()).is_err());
    assert!(identity.replace(second.as_bytes(), b"").is_err());
    assert!(ask(&server, &first_file, "first.example", &[]).starts_with("HTTP/1.1 200"));

    identity.replace(second.as_bytes(), second_key.as_bytes()).unwrap();
    assert!(ask(&server, &second_file, "second.example", &[]).starts_with("HTTP/1.1 200"));
    assert_eq!(ask(&server, &first_file, "first.example", &[]), "");

    // Plain HTTP gets no answer on this port.
    let plain = crate::http::exchange(
        server.address,
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        std::time::Duration::from_secs(5),
    );
    assert!(!String::from_utf8_lossy(&plain.await).contains("HTTP/1.1"));
}
