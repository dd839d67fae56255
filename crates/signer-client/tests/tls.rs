//! Https, with openssl as the service.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use signer_client::privy::Client;
use signer_client::{BaseUrl, Error, TransportOptions};

const NEEDED: &str = "openssl is needed: install the package openssl";

/// A service with a certificate of its own for 127.0.0.1, which answers 404.
struct Service {
    child: Child,
    port: String,
    certificate: Vec<u8>,
}

impl Service {
    fn start() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls");
        fs::create_dir_all(folder.join("v1/transactions")).unwrap();
        let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}";
        fs::write(folder.join("v1/transactions/none"), answer).unwrap();
        openssl(
            &folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
             -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE",
        );
        let mut child = Command::new("openssl")
            .args("s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -HTTP".split(' '))
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect(NEEDED);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let accepts = lines.into_iter().find(|line| line.starts_with("ACCEPT")).unwrap();
        let port = accepts.rsplit(':').next().unwrap().to_owned();
        Self { child, port, certificate: fs::read(folder.join("cert.pem")).unwrap() }
    }

    async fn ask(&self, host: &str, extra_root_pem: Option<Vec<u8>>) -> Error {
        let base = BaseUrl::parse(&format!("https://{host}:{}", self.port)).unwrap();
        let options = TransportOptions {
            total: Duration::from_secs(5),
            attempts: 2,
            extra_root_pem,
            ..TransportOptions::default()
        };
        let client = Client::with_options(base, "app", "test-app-secret".into(), options).unwrap();
        client.transaction("none").await.unwrap_err()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn openssl(folder: &PathBuf, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split_whitespace()).current_dir(folder).stderr(Stdio::null());
    assert!(command.status().expect(NEEDED).success(), "openssl {arguments}");
}

#[tokio::test]
async fn a_certificate_is_trusted_where_it_is_named_and_for_its_host_only() {
    crate::trace::look();
    let service = Service::start();
    let trusted = || Some(service.certificate.clone());
    assert_eq!(service.ask("127.0.0.1", trusted()).await.status(), Some(404));
    for (host, roots) in [("127.0.0.1", None), ("localhost", trusted())] {
        let error = service.ask(host, roots).await;
        assert_eq!(error.status(), None, "{host}: {error:?}");
        assert!(error.to_string().contains("no connection to the service"), "{host}: {error}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    for pem in [
        "",
        "no",
        "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ] {
        let options =
            TransportOptions { extra_root_pem: Some(pem.into()), ..TransportOptions::default() };
        let base = BaseUrl::parse("https://127.0.0.1:1").unwrap();
        let client = Client::with_options(base, "app", "test-app-secret".into(), options);
        assert!(client.unwrap_err().is_input(), "{pem}");
    }
}
