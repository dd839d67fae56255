//! A program that serves, for tests.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{MERCHANT, REQUEST, folder, run, run_with, signer};

/// A running endpoint, ended when it is dropped.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) log: Vec<String>,
    /// What comes behind the address.
    pub(crate) rest: Arc<Mutex<Vec<String>>>,
}

impl Serving {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::read_address(signer(folder, arguments), folder)
    }

    /// With so many descriptors, and no more.
    pub(crate) fn start_limited(folder: &Path, arguments: &[&str], descriptors: u32) -> Self {
        Self::start_with(folder, arguments, &format!("ulimit -n {descriptors}"))
    }

    /// After a command of the shell.
    pub(crate) fn start_with(folder: &Path, arguments: &[&str], first: &str) -> Self {
        let mut command = Command::new("sh");
        let script = format!("{first}; exec \"$0\" \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_signer")]).args(arguments);
        command.current_dir(folder).stdin(Stdio::null());
        Self::read_address(command, folder)
    }

    fn read_address(mut command: Command, folder: &Path) -> Self {
        let mut child = command
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
        let rest = Arc::new(Mutex::new(Vec::new()));
        let drained = rest.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                drained.lock().unwrap().push(line);
            }
        });
        Self { child, address, log, rest }
    }

    /// The first line of the log that holds a text, once it is there.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        for _ in 0..200 {
            let found = self.rest.lock().unwrap().iter().find(|line| line.contains(text)).cloned();
            if let Some(line) = found {
                return line;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no line with {text} in {:?}", self.rest.lock().unwrap());
    }

    /// How many lines of the log hold a text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.rest.lock().unwrap().iter().filter(|line| line.contains(text)).count()
    }

    /// What the listener for operators answers.
    pub(crate) fn status(&self, path: &str) -> String {
        let line = self.wait_for("listening for status");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let mut stream = TcpStream::connect(line["address"].as_str().unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// The key that a payment is signed with now, by the public key that verifies it.
    pub(crate) fn is_signed_by(&self, folder: &Path, public: &str) -> bool {
        let (status, response) = self.post("x", AUTHORIZATION, REQUEST);
        assert_eq!(status, 200, "{response}");
        let verify = ["blink", "verify", "--public-key", public, "--response", "-"];
        run_with(folder, &verify, response.as_bytes()).status.success()
    }

    /// One that logs nothing when it listens: its address is chosen here.
    pub(crate) fn start_quiet(folder: &Path, arguments: &[&str]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = signer(folder, arguments)
            .env("SIGNER_TEST_BEARER", BEARER)
            .env("SIGNER_SERVE_LISTEN", free.to_string())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let serving =
            Self { child, address: free.to_string(), log: Vec::new(), rest: Arc::default() };
        let listens = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            TcpStream::connect(free).is_ok()
        });
        assert!(listens, "it does not listen");
        serving
    }

    /// Whether a request is answered with a 200; `false` when there is no answer.
    pub(crate) fn try_post(&self, headers: &str, body: &str) -> bool {
        self.answer_of(headers, body) == Some(true)
    }

    /// Whether the answer came whole; `None` when none came.
    pub(crate) fn answer_of(&self, headers: &str, body: &str) -> Option<bool> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let sent = write!(
            stream,
            "POST /api/sign-payment HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = String::new();
        sent.ok()?;
        let ended = stream.read_to_string(&mut answer).is_ok();
        if answer.is_empty() {
            return None;
        }
        Some(ended && answer.starts_with("HTTP/1.1 200") && answer.ends_with('}'))
    }

    /// The status and the body; `None` when none came whole.
    pub(crate) fn try_answer(&self, headers: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let length = body.len();
        write!(
            stream,
            "POST /api/sign-payment HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}",
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.get(9..12)?.parse().ok()?;
        body.ends_with('}').then(|| (status, body.to_owned()))
    }

    /// Resident memory.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// The exit code, once it has ended.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub(crate) fn post(&self, host: &str, headers: &str, body: &str) -> (u16, String) {
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
    pub(crate) fn terminate(self) -> Option<i32> {
        self.signal("-TERM");
        self.wait()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const OWNERS: &str = "backend 0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a # a test\n";
pub(crate) const BEARER: &str = "a-test-secret-of-thirty-two-letters";
pub(crate) const AUTHORIZATION: &str =
    "authorization: Bearer a-test-secret-of-thirty-two-letters\r\n";

/// Writes a configuration, changed, and what it names.
pub(crate) fn configure(folder: &Path, change: impl Fn(String) -> String) {
    let text = format!(
        r#"listen = "127.0.0.1:0"
merchant_id = "{MERCHANT}"
[key]
active = "keys/private.pem"
[callers]
kind = "bearer"
name = "backend"
secret = "env:SIGNER_TEST_BEARER"
[ownership]
kind = "file"
file = "owners"
[rates]
peer_per_second = 0
caller_per_second = 0
destination_per_second = 0
[status]
listen = "127.0.0.1:0"
"#
    );
    fs::write(folder.join("signer.toml"), change(text)).unwrap();
}

/// A folder with keys, owners and a configuration, changed.
pub(crate) fn configured(name: &str, change: impl Fn(String) -> String) -> PathBuf {
    let folder = folder(name);
    assert!(run(&folder, &["blink", "generate", "--out", "keys"]).status.success());
    fs::write(folder.join("owners"), OWNERS).unwrap();
    configure(&folder, change);
    folder
}
