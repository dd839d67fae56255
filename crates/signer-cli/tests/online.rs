//! The commands that talk to a service, against `signer emulate` as another process.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// `signer emulate`, and what it tells its users.
pub(crate) struct Emulate {
    child: Child,
    environment: HashMap<String, String>,
    pub(crate) folder: PathBuf,
}

impl Emulate {
    pub(crate) fn start(name: &str, faults: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_signer"));
        command.args(["emulate", "--port", "0"]).stderr(Stdio::piped());
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut environment = HashMap::new();
        for line in lines.map(Result::unwrap) {
            if let Some((name, value)) =
                line.strip_prefix("export ").and_then(|it| it.split_once('='))
            {
                environment.insert(name.to_owned(), value.trim_matches('\'').to_owned());
                if name == "PRIVY_APP_SECRET" {
                    break;
                }
            }
        }
        Self { child, environment, folder }
    }

    pub(crate) fn run(&self, arguments: &str) -> Output {
        let words = arguments.split_whitespace().map(|word| match word.strip_prefix('$') {
            Some(name) => self.environment[name].clone(),
            None => word.into(),
        });
        Command::new(env!("CARGO_BIN_EXE_signer"))
            .args(words)
            .current_dir(&self.folder)
            .envs(&self.environment)
            .env("XDG_DATA_HOME", &self.folder)
            // Nobody listens there: credentials go through no proxy that an environment names.
            .envs(
                ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:1")),
            )
            .envs(
                ["http_proxy", "https_proxy", "all_proxy"].map(|name| (name, "http://127.0.0.1:1")),
            )
            .output()
            .unwrap()
    }

    /// What a command says with --json.
    pub(crate) fn json(&self, arguments: &str) -> serde_json::Value {
        let output = self.run(&format!("{arguments} --json"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn refused(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Emulate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ABSTRAXN: &str = "--identity user-1 --api-key env:ABSTRAXN_API_KEY --base-url $ABSTRAXN_URL";
const PRIVY: &str =
    "--app-id $PRIVY_APP_ID --app-secret env:PRIVY_APP_SECRET --base-url $PRIVY_URL";
pub(crate) const CROSSMINT: &str = "--api-key env:CROSSMINT_API_KEY --trusted-key $CROSSMINT_TRUSTED_KEY --base-url $CROSSMINT_URL";

#[test]
fn abstraxn_signs_in_once_and_stays() {
    let emulate = Emulate::start("online-abstraxn", &[]);
    let first = emulate.json(&format!("login {ABSTRAXN}"));
    assert_eq!(first["didCreate"], true);
    let second = emulate.json(&format!("login {ABSTRAXN}"));
    assert_eq!(second["didCreate"], false);
    assert_eq!(first["walletAddress"], second["walletAddress"]);
    let whoami = emulate.json(&format!("abstraxn whoami {ABSTRAXN}"));
    assert_eq!(whoami["address"], first["walletAddress"]);
    let signed = emulate.json(&format!("abstraxn sign {ABSTRAXN} --message hello"));
    assert_eq!(signed["signature"].as_str().map(str::len), Some(132));
    emulate.json(&format!("abstraxn sign {ABSTRAXN} --transaction 02ef"));
    let export =
        format!("abstraxn export {ABSTRAXN} --quorum-key $ABSTRAXN_QUORUM_KEY --out wallet.key");
    emulate.json(&export);
    assert_eq!(fs::read_to_string(emulate.folder.join("wallet.key")).unwrap().len(), 65);
    let typo = ABSTRAXN.replace("user-1", "user-one");
    let said = emulate.refused(&format!("abstraxn whoami {typo}"));
    assert!(said.contains("signer login"), "a name that was mistyped makes no wallet: {said}");
    let other = emulate.refused(&format!("abstraxn export {ABSTRAXN}"));
    assert!(other.contains("export bundle"), "the vendor's key did not sign it: {other}");
    emulate.json(&format!("abstraxn logout {ABSTRAXN}"));
    assert_eq!(emulate.json(&format!("login {ABSTRAXN}"))["didCreate"], true);
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(emulate.folder.join("signer").join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("tokens"), mode("access-keys")), (0o700, 0o700));
}

#[test]
fn abstraxn_keeps_its_token_in_a_redis() {
    let server = crate::redis_server::RedisServer::start();
    let mut emulate = Emulate::start("online-redis", &[]);
    emulate.environment.insert("TOKENS".into(), server.url());
    assert_eq!(emulate.json(&format!("login {ABSTRAXN} --redis env:TOKENS"))["didCreate"], true);
    assert_eq!(emulate.json(&format!("login {ABSTRAXN} --redis env:TOKENS"))["didCreate"], false);
    assert!(!emulate.folder.join("signer/tokens").exists());
    // A command that ends leaves no lease behind.
    let begun = std::time::Instant::now();
    emulate.json(&format!("abstraxn logout {ABSTRAXN} --redis env:TOKENS"));
    emulate.json(&format!("login {ABSTRAXN} --redis env:TOKENS"));
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn privy_makes_a_wallet_and_has_it_sign() {
    let emulate = Emulate::start("online-privy", &["POST /privy/v1/wallets/=lost"]);
    emulate.json("privy generate --out privy.key");
    let public = emulate.json("privy public-key --key privy.key");
    let public = public["publicKey"].as_str().unwrap();
    let create =
        format!("privy wallet create {PRIVY} --chain-type ethereum --owner-public-key {public}");
    let wallet = emulate.json(&create);
    let id = wallet["id"].as_str().unwrap();
    let shown = emulate.json(&format!("privy wallet show {PRIVY} --wallet {id}"));
    assert_eq!(shown, wallet);
    let call = r#"{"method":"personal_sign","params":{"message":"hello","encoding":"utf-8"}}"#;
    fs::write(emulate.folder.join("call.json"), call).unwrap();
    // Its answer is lost however often it is asked for: the user is told how to ask without doing it twice.
    let said = emulate
        .refused(&format!("privy rpc {PRIVY} --wallet {id} --key privy.key --body call.json"));
    assert!(
        said.contains("whether it was done is not known") && said.contains("--idempotency-key"),
        "{said}"
    );

    let emulate = Emulate::start("online-privy-2", &[]);
    emulate.json("privy generate --out privy.key");
    let public = emulate.json("privy public-key --key privy.key");
    let public = public["publicKey"].as_str().unwrap();
    let create =
        format!("privy wallet create {PRIVY} --chain-type ethereum --owner-public-key {public}");
    let id = emulate.json(&create)["id"].as_str().unwrap().to_owned();
    fs::write(emulate.folder.join("call.json"), call).unwrap();
    let rpc = format!("privy rpc {PRIVY} --wallet {id} --body call.json");
    let signed = emulate.run(&format!("{rpc} --key privy.key --json"));
    let answer: serde_json::Value = serde_json::from_slice(&signed.stdout).unwrap();
    assert_eq!(answer["data"]["signature"].as_str().map(str::len), Some(132));
    // Whoever breaks it off can ask again without doing it twice.
    let said = String::from_utf8(signed.stderr).unwrap();
    let key = said.rsplit_once("--idempotency-key ").map(|(_, key)| key.trim()).unwrap();
    let again = emulate.json(&format!("{rpc} --key privy.key --idempotency-key {key}"));
    assert_eq!(again, answer);
    let said = emulate.refused(&rpc);
    assert!(said.contains("missing_or_empty_authorization_header"), "{said}");
}

#[test]
fn a_device_signs_calls_of_privy() {
    let emulate = Emulate::start("online-device", &[]);
    crate::device::listen(&emulate.folder, crate::device::device);
    let public = emulate.json("privy public-key --key device:line.sock");
    let public = public["publicKey"].as_str().unwrap();
    let create = format!(
        "privy wallet create {PRIVY} --chain-type ethereum --owner-public-key {public} --key device:line.sock"
    );
    let id = emulate.json(&create)["id"].as_str().unwrap().to_owned();
    let call = r#"{"method":"personal_sign","params":{"message":"hello","encoding":"utf-8"}}"#;
    fs::write(emulate.folder.join("call.json"), call).unwrap();
    let rpc = format!("privy rpc {PRIVY} --wallet {id} --body call.json --key device:line.sock");
    assert_eq!(emulate.json(&rpc)["data"]["signature"].as_str().map(str::len), Some(132));
}

#[test]
fn a_demo_ends_well_without_a_network() {
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-c", "ip link set lo up && exec \"$0\" demo"])
        .arg(env!("CARGO_BIN_EXE_signer"))
        .output()
        .expect("unshare is needed, of Debian's package util-linux");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().filter(|line| line.starts_with('✓')).count(), 4, "{said}");
}
