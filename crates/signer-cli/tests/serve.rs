//! The endpoint as the program runs it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::{MERCHANT, REQUEST, folder, private_file, run, run_with, signer, stderr};

/// A running endpoint, ended when it is dropped.
struct Serving {
    child: Child,
    address: String,
    log: Vec<String>,
}

impl Serving {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = signer(folder, arguments)
            .env("XDG_DATA_HOME", folder.join("data"))
            .env("SIGNER_TEST_BEARER", BEARER)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = Vec::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("it ended before it listened").unwrap();
            let found = line
                .split_once("127.0.0.1:")
                .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
            log.push(line);
            if let Some(port) = found {
                break format!("127.0.0.1:{port}");
            }
        };
        // The rest is drained, or the program would wait for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, log }
    }

    fn post(&self, host: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(
            stream,
            "POST /api/sign-payment HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// SIGTERM, and the exit code.
    fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const OWNERS: &str = "backend 0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a # a test\n";
const BEARER: &str = "a-test-secret-of-thirty-two-letters";

#[test]
fn development_without_a_configuration() {
    let folder = folder("serve-dev");
    let serving = Serving::start(&folder, &["serve", "--dev", "--port", "0"]);
    assert!(serving.log[0].contains("for this machine only"));
    let (status, response) = serving.post("localhost", "", REQUEST);
    assert_eq!(status, 200, "{response}");
    let public = "data/signer/development.public.pem";
    let verify = ["blink", "verify", "--public-key", public, "--response", "-"];
    let verdict = run_with(&folder, &verify, response.as_bytes());
    assert_eq!(verdict.stdout, b"valid\n", "{}", stderr(&verdict));
    // Another name for this machine, and a page from elsewhere.
    for host in
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "[::1]x"]
    {
        assert_eq!(serving.post(host, "", REQUEST).0, 401, "{host}");
    }
    assert_eq!(serving.post("[::1]:3001", "", REQUEST).0, 200);
    assert_eq!(serving.post("localhost", "origin: https://evil.example\r\n", REQUEST).0, 403);
    assert_eq!(serving.terminate(), Some(0));

    // The same key the next time.
    let serving = Serving::start(&folder, &["serve", "--dev", "--port", "0"]);
    let (_, response) = serving.post("127.0.0.1", "", REQUEST);
    assert_eq!(run_with(&folder, &verify, response.as_bytes()).stdout, b"valid\n");
}

fn configure(folder: &Path, change: impl Fn(String) -> String) {
    let text = format!(
        "listen = \"127.0.0.1:0\"\nmerchant_id = \"{MERCHANT}\"\nkey = \"keys/private.pem\"\nbearer = \"env:SIGNER_TEST_BEARER\"\ncaller = \"backend\"\nownership = \"owners\"\n"
    );
    fs::write(folder.join("signer.toml"), change(text)).unwrap();
}

#[test]
fn a_configured_endpoint() {
    let folder = folder("serve-config");
    assert!(run(&folder, &["blink", "generate", "--out", "keys"]).status.success());
    fs::write(
        folder.join("owners"),
        "backend 0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a # a test\n",
    )
    .unwrap();
    configure(&folder, |text| text);
    let serving = Serving::start(&folder, &["serve", "--config", "signer.toml"]);
    let authorization = format!("authorization: Bearer {BEARER}\r\n");
    assert_eq!(serving.post("any.example", &authorization, REQUEST).0, 200);
    assert_eq!(serving.post("any.example", "", REQUEST).0, 401);
    let other = REQUEST.replace("0x1a5F", "0x1111");
    assert_eq!(serving.post("any.example", &authorization, &other).0, 403);
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn all_that_is_wrong_at_once() {
    let folder = folder("serve-check");
    assert!(run(&folder, &["blink", "generate", "--out", "keys"]).status.success());
    fs::write(folder.join("owners"), "backend\n").unwrap();
    configure(&folder, |text| {
        text.replace(MERCHANT, "YOUR_MERCHANT_ID").replace("127.0.0.1:0", "nowhere")
            + "origins = [\"*\"]\nmax_per_day = \"much\"\n"
    });
    let check = || {
        signer(&folder, ["serve", "--config", "signer.toml", "--check"])
            .env("SIGNER_TEST_BEARER", BEARER)
            .output()
            .unwrap()
    };
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    for name in ["listen: ", "merchant_id: ", "ownership: line 1", "origins: ", "max_per_day: "] {
        assert!(stderr(&output).contains(name), "{}", stderr(&output));
    }

    fs::write(folder.join("owners"), "").unwrap();
    configure(&folder, |text| text);
    assert!(stderr(&check()).contains("ownership: no line gives the caller an address"));
    fs::write(folder.join("owners"), OWNERS).unwrap();
    for (bad, name) in [
        ("origins = [\"https://APP.example.com\"]\n", "origins: "),
        ("origins = [\"https://app.example.com:443\"]\n", "origins: "),
        ("back_date_ms = 9223372036854775807\n", "endpoint: "),
        ("path = \"nopath\"\n", "path: "),
        ("max_per_day = \"0\"\n", "max_per_day: "),
    ] {
        configure(&folder, |text| text + bad);
        assert!(stderr(&check()).contains(name), "{bad}: {}", stderr(&check()));
    }
    for wrong in ["", "two words", "a#b"] {
        configure(&folder, |text| text.replace("\"backend\"", &format!("\"{wrong}\"")));
        assert!(stderr(&check()).contains("caller: "), "{wrong}");
    }
    // The secret itself where its name was asked for.
    configure(&folder, |text| {
        text.replace("env:SIGNER_TEST_BEARER", "correct-horse-battery-staple-very-long")
    });
    assert!(
        stderr(&check()).contains("bearer: cannot be read") && !stderr(&check()).contains("horse")
    );
    configure(&folder, |text| text);
    assert_eq!(check().stdout, b"configuration: good\n");
    configure(&folder, |text| text + "surprise = 1\n");
    assert!(stderr(&check()).contains("unknown field `surprise`"));
    // A weak secret, and none at all.
    configure(&folder, |text| text.replace("env:SIGNER_TEST_BEARER", "weak"));
    private_file(&folder, "weak", "hunter2");
    assert!(stderr(&check()).contains("bearer: bearer secret must be 32"));
    configure(&folder, |text| text.replace("bearer = \"env:SIGNER_TEST_BEARER\"\n", ""));
    assert!(stderr(&check()).contains("missing field `bearer`"));
}

#[test]
fn a_development_key_serves_nothing_else() {
    let folder = folder("serve-mark");
    drop(Serving::start(&folder, &["serve", "--dev", "--port", "0"]));
    fs::write(folder.join("owners"), OWNERS).unwrap();
    let marked = fs::read_to_string(folder.join("data/signer/development.pem")).unwrap();
    private_file(&folder, "crlf.pem", &marked.replace('\n', "\r\n"));
    configure(&folder, |text| text.replace("keys/private.pem", "crlf.pem"));
    let check = signer(&folder, ["serve", "--config", "signer.toml", "--check"])
        .env("SIGNER_TEST_BEARER", BEARER)
        .output()
        .unwrap();
    assert!(stderr(&check).contains("a development key serves --dev only"));
    configure(&folder, |text| text.replace("keys/private.pem", "data/signer/development.pem"));
    let output = signer(&folder, ["serve", "--config", "signer.toml"])
        .env("SIGNER_TEST_BEARER", BEARER)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("a development key serves --dev only"));
    // And a real key is not taken for one of development.
    let path = folder.join("data/signer/development.pem");
    assert!(run(&folder, &["blink", "generate", "--out", "keys"]).status.success());
    fs::copy(folder.join("keys/private.pem"), &path).unwrap();
    let output = signer(&folder, ["serve", "--dev", "--port", "0"])
        .env("XDG_DATA_HOME", folder.join("data"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("not a development key"));
}
