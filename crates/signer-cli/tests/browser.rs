//! The page and the rules of browsers, in a real one: headless Chromium, by chromedriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::serving::{BEARER, Serving, configured};
use super::{REQUEST, folder};

/// A browser, ended when it is dropped.
struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
}

impl Browser {
    fn start(folder: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={}", address.port()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed: cargo xtask setup, or install chromium-driver");
        let mut browser = Self { driver, address, session: String::new() };
        let listens = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            TcpStream::connect(address).is_ok()
        });
        assert!(listens, "chromedriver does not listen");
        // Nothing but loopback: no updates, no lookups, no safe-browsing lists.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
            &format!("--user-data-dir={}", folder.join("profile").display()),
        ];
        let options = json!({"goog:chromeOptions": {"args": arguments}});
        let capabilities = json!({"capabilities": {"alwaysMatch": options}});
        let session = browser.call("POST", "", Some(&capabilities));
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    /// One command of the `WebDriver` protocol.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map_or_else(String::new, Value::to_string);
        let session = if self.session.is_empty() { "" } else { "/" };
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(
            stream,
            "{method} /session{session}{}{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            self.session,
            body.len()
        )
        .unwrap();
        let mut answer: Value = serde_json::from_slice(&read_body(stream)).unwrap();
        assert!(answer["value"]["error"].is_null(), "{method} {path}: {answer}");
        answer["value"].take()
    }

    fn open(&self, url: &str) {
        self.call("POST", "/url", Some(&json!({ "url": url })));
    }

    /// What a script returns, or a promise of its.
    fn run(&self, script: &str) -> Value {
        let body = json!({
            "script": format!("const done = arguments[0]; (async () => {{ {script} }})().then(done, (error) => done(`threw ${{error.name}}`));"),
            "args": [],
        });
        self.call("POST", "/execute/async", Some(&body))
    }

    fn element(&self, css: &str) -> String {
        let body = json!({"using": "css selector", "value": css});
        let element = self.call("POST", "/element", Some(&body));
        element.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    fn click(&self, css: &str) {
        let element = self.element(css);
        self.call("POST", &format!("/element/{element}/click"), Some(&json!({})));
    }

    fn fill(&self, css: &str, text: &str) {
        let element = self.element(css);
        self.call("POST", &format!("/element/{element}/clear"), Some(&json!({})));
        self.call("POST", &format!("/element/{element}/value"), Some(&json!({ "text": text })));
    }

    fn text(&self, css: &str) -> String {
        let element = self.element(css);
        self.call("GET", &format!("/element/{element}/text"), None).as_str().unwrap().to_owned()
    }

    /// The text of an element once it holds something.
    fn wait_for(&self, css: &str, part: &str) -> String {
        for _ in 0..200 {
            let text = self.text(css);
            if text.contains(part) {
                return text;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{css} does not hold {part:?} but {:?}", self.text(css));
    }

    /// What the browser complained of.
    fn errors(&self) -> Value {
        self.call("POST", "/se/log", Some(&json!({"type": "browser"})))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", "", None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The body of an answer, as long as its head says: chromedriver leaves connections open.
fn read_body(stream: TcpStream) -> Vec<u8> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim_end().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    body
}

/// An empty page, on an origin of its own.
fn page_elsewhere() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // A browser opens connections that it may never use.
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let page = "<!doctype html><title>elsewhere</title>";
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
                    page.len()
                );
            });
        }
    });
    address
}

/// Asks the endpoint from the page that is open: the status, and whether the answer could be read.
fn ask(browser: &Browser, url: &str) -> Value {
    browser.run(&format!(
        "const response = await fetch('{url}/api/sign-payment', {{ method: 'POST', headers: {{ 'content-type': 'application/json', authorization: 'Bearer {BEARER}', 'idempotency-key': 'order-1' }}, body: '{REQUEST}' }}); return `${{response.status}} ${{(await response.json()).payload !== undefined}}`;"
    ))
}

#[test]
fn a_payment_is_signed_and_verified_in_the_browser() {
    let folder = folder("browser-page");
    let serving = Serving::start(&folder, &["serve", "--dev", "--port", "0"]);
    let browser = Browser::start(&folder);
    let origin = format!("http://{}", serving.address);
    browser.open(&origin);
    browser.click("#sign");
    browser.wait_for("#verdict", "This browser verified the signature.");
    let payload: Value = serde_json::from_str(&browser.text("#decoded")).unwrap();
    assert_eq!(payload["amount"], 50);
    assert_eq!(payload["chainId"], 8453);

    // Another chain brings its token; what is refused is said in the rule's words.
    browser.run("const chain = document.getElementById('chain'); chain.value = '792703809'; chain.dispatchEvent(new Event('change')); return 1;");
    browser.click("#sign");
    browser.wait_for("#verdict", "Refused (400): address must be the Base58 text of 32 bytes.");
    browser.fill("#address", "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV");
    browser.fill("#reference", "order <b>1</b>");
    browser.click("#sign");
    browser.wait_for("#verdict", "verified");
    browser.fill("#amount", "lots");
    browser.click("#sign");
    browser.wait_for("#verdict", "amount must be a positive number.");

    // The other tab: a new secret each time, made here, and nothing is sent for it.
    let requests = "return performance.getEntriesByType('resource').length;";
    let before = browser.run(requests);
    browser.click("#tab-secret");
    let mut secrets = std::collections::BTreeSet::new();
    for _ in 0..3 {
        browser.click("#generate");
        let secret = browser.run("return document.getElementById('generated').value;");
        let secret = secret.as_str().unwrap().to_owned();
        let hex = secret.strip_prefix("xmsk1_").unwrap();
        assert!(hex.len() == 64 && hex.bytes().all(|b| b"0123456789abcdef".contains(&b)));
        secrets.insert(secret);
    }
    assert_eq!(secrets.len(), 3);
    assert_eq!(browser.run(requests), before);

    // The policy of the page holds: no inline script, no third party.
    let policy = "const script = document.createElement('script'); script.textContent = 'window.inline = 1'; document.body.append(script); return window.inline ?? 'held';";
    assert_eq!(browser.run(policy), "held");
    let elsewhere = page_elsewhere();
    let fetched = browser.run(&format!("await fetch('http://{elsewhere}/'); return 'sent';"));
    assert_eq!(fetched, "threw TypeError");
    let _ = browser.errors();
}

#[test]
fn development_answers_no_other_page() {
    let folder = folder("browser-foreign");
    let serving = Serving::start(&folder, &["serve", "--dev", "--port", "0"]);
    let browser = Browser::start(&folder);
    let origin = format!("http://{}", serving.address);
    let port = serving.address.rsplit_once(':').unwrap().1;
    // The page by its two names that a browser resolves here.
    for name in ["127.0.0.1", "localhost"] {
        let own = format!("http://{name}:{port}");
        browser.open(&own);
        assert_eq!(ask(&browser, &own), "200 true", "{name}");
    }
    browser.open(&format!("http://{}/", page_elsewhere()));
    assert_eq!(ask(&browser, &origin), "threw TypeError");
    // Not even without a preflight, and not even the page itself.
    let simple = format!(
        "const response = await fetch('{origin}/api/sign-payment', {{ method: 'POST', mode: 'no-cors', headers: {{ 'content-type': 'text/plain' }}, body: '{REQUEST}' }}); return response.type;"
    );
    assert_eq!(browser.run(&simple), "opaque", "what it was told cannot be read");
    assert!(serving.count("outcome=\"signed\"") <= 2);
    // A name elsewhere that points here: what rebinding comes to.
    browser.open(&format!("http://rebound.example:{port}/"));
    assert_eq!(browser.text("body"), "{\"error\":\"Host is not allowed.\"}");
}

#[test]
fn origins_on_the_list_and_no_others() {
    let (allowed, foreign) = (page_elsewhere(), page_elsewhere());
    let folder =
        configured("browser-cors", |text| format!("origins = [\"http://{allowed}\"]\n{text}"));
    let serving = Serving::start(&folder, &["serve", "--config", "signer.toml"]);
    let browser = Browser::start(&folder);
    let endpoint = format!("http://{}", serving.address);
    browser.open(&format!("http://{allowed}/"));
    assert_eq!(ask(&browser, &endpoint), "200 true");
    browser.open(&format!("http://{foreign}/"));
    assert_eq!(ask(&browser, &endpoint), "threw TypeError");
    // The same server by another name is another origin.
    browser.open(&format!("http://localhost:{}/", allowed.port()));
    assert_eq!(ask(&browser, &endpoint), "threw TypeError");
    serving.wait_for("\"outcome\":\"origin\"");
    assert_eq!(serving.count("\"outcome\":\"signed\""), 1);
}
