//! The endpoint under load, beside its peers in one run: the server on one core, the load on the other.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{programs, shell};

const PORT: u16 = 3971;
const REDIS_PORT: u16 = 3972;
const CONNECTIONS: u32 = 64;
const SECONDS: u32 = 4;
const ROUNDS: usize = 3;
/// More than the cache of verified tokens holds, so that none is ever found there.
const TOKENS: u32 = 30_000;
const REQUEST: &str = r#"{"amount":50,"chainId":8453,"address":"0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a","token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913","callbackScheme":null}"#;
const BEARER: &str = "a-test-secret-of-thirty-two-letters";

/// One server under load.
struct Figures {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    resident_mib: f64,
}

pub(crate) fn run() -> Result<(), String> {
    programs::require(&["wrk", "taskset", "npm", "redis-server"])?;
    let peers = shell::root().join("xtask/peers/endpoint");
    let mut install = Command::new("npm");
    install.args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&peers);
    shell::run_command(install)?;
    shell::run("cargo build --release --locked -p signer-cli")?;
    shell::run("cargo build --release --locked -p signer-server --example bare")?;

    let bench = Bench::prepare(&peers)?;
    let key = bench.path("keys/private.pem");
    let node = |framework: &str, form: &str| {
        let mut command = Command::new("node");
        command.arg(peers.join("peer.mjs")).args([framework, form, &PORT.to_string(), &key]);
        command
    };
    let bare = |what: &str| {
        let mut command = Command::new(shell::root().join("target/release/examples/bare"));
        command.args([&PORT.to_string(), &key, what]);
        command
    };
    println!(
        "\n{CONNECTIONS} connections, medians of {ROUNDS} rounds of {SECONDS} s; server on core 0, load on core 1\n\n{:<44} {:>8} {:>8} {:>8} {:>8}",
        "", "req/s", "p50 ms", "p99 ms", "MiB"
    );
    let audit = "[audit]\nfsync = \"every-second\"";
    let ours = |sections: &str, script: &'static str| {
        (Server::Ours(sections.replace("AUDIT", audit)), script)
    };
    let rows = [
        ("bare axum, signs the body as it comes", (Server::Other(bare("echo")), "bearer")),
        ("bare axum, reads, signs and answers", (Server::Other(bare("payment")), "bearer")),
        ("bearer, durable store, audit", ours("AUDIT", "bearer")),
        ("  the same, fsync for each answer", ours("[audit]\nfsync = \"always\"", "bearer")),
        ("  the same, no audit", ours("", "bearer")),
        ("  the same, no audit, no log", ours("[log]\nlevel = \"error\"", "bearer")),
        ("  the same, under idempotency keys", ours("AUDIT", "keyed")),
        ("jwt, known token", ours("[jwt]\nAUDIT", "token")),
        ("jwt, unknown tokens", ours("[jwt]\nAUDIT", "tokens")),
        ("redis, on the core of the load", ours("[redis]\nAUDIT", "bearer")),
        ("express, pem for each request", (Server::Other(node("express", "pem")), "bearer")),
        ("express, key parsed once", (Server::Other(node("express", "key")), "bearer")),
        ("fastify, pem for each request", (Server::Other(node("fastify", "pem")), "bearer")),
        ("fastify, key parsed once", (Server::Other(node("fastify", "key")), "bearer")),
    ];
    // The rounds interleave, so that what else the machine does falls on all alike.
    let mut seen: Vec<Vec<Figures>> = rows.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for ((_, (server, script)), seen) in rows.iter().zip(&mut seen) {
            seen.push(bench.measure(server, script)?);
        }
    }
    let medians: Vec<Figures> = seen.iter().map(|rounds| Figures::median(rounds)).collect();
    for ((name, _), figures) in rows.iter().zip(&medians) {
        println!(
            "{name:<44} {:>8.0} {:>8.2} {:>8.2} {:>8.1}",
            figures.per_second, figures.p50_ms, figures.p99_ms, figures.resident_mib
        );
    }
    println!();
    let per_second = |row: usize| medians[row].per_second;
    rule(
        "of the bare handler that signs the body as it comes",
        per_second(2) / per_second(0),
        0.75,
    );
    rule("of the bare handler that reads, signs and answers", per_second(2) / per_second(1), 0.75);
    rule("the same, jwt", per_second(7) / per_second(1), 0.75);
    rule("times express", per_second(2) / per_second(10), 15.0);
    rule("times fastify with its key parsed once", per_second(2) / per_second(13), 2.0);
    rule("of the durable store's, on redis", per_second(9) / per_second(2), 0.5);
    rule("10 ms / p99", 10.0 / medians[2].p99_ms, 1.0);
    rule("16 MiB / resident", 16.0 / medians[2].resident_mib, 1.0);
    Ok(())
}

/// What is put under load.
enum Server {
    /// Our endpoint, with these sections; `[jwt]` and `[redis]` stand for what the bench has of them.
    Ours(String),
    Other(Command),
}

fn rule(name: &str, ratio: f64, least: f64) {
    let mark = if ratio >= least { "" } else { "  <- not today" };
    println!("{ratio:>7.2} {name} (at least {least}){mark}");
}

struct Bench {
    folder: PathBuf,
}

impl Bench {
    /// Keys, tokens, configurations and scripts of the load.
    fn prepare(peers: &Path) -> Result<Self, String> {
        let folder = shell::root().join("target/bench-endpoint");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let bench = Self { folder };
        for keys in ["keys", "audit"] {
            let mut generate = bench.signer();
            generate.args(["blink", "generate", "--out", keys]).stdout(Stdio::null());
            shell::run_command(generate)?;
        }
        let mut tokens = Command::new("node");
        tokens.arg(peers.join("tokens.mjs")).arg(TOKENS.to_string()).arg(&bench.folder);
        shell::run_command(tokens)?;
        let head = format!(
            "wrk.method = \"POST\"\nwrk.body = [[{REQUEST}]]\nwrk.headers[\"content-type\"] = \"application/json\"\n"
        );
        let bearer = format!("wrk.headers[\"authorization\"] = \"Bearer {BEARER}\"\n");
        let keyed = "local n = 0\nfunction request()\n  n = n + 1\n  wrk.headers[\"idempotency-key\"] = \"order-\" .. n\n  return wrk.format()\nend\n";
        let one = "for token in io.lines(\"tokens.txt\") do wrk.headers[\"authorization\"] = \"Bearer \" .. token break end\n";
        let many = "local tokens, n = {}, 0\nfor token in io.lines(\"tokens.txt\") do tokens[#tokens + 1] = \"Bearer \" .. token end\nfunction request()\n  n = n % #tokens + 1\n  wrk.headers[\"authorization\"] = tokens[n]\n  return wrk.format()\nend\n";
        for (name, script) in [
            ("bearer.lua", format!("{head}{bearer}")),
            ("keyed.lua", format!("{head}{bearer}{keyed}")),
            ("token.lua", format!("{head}{one}")),
            ("tokens.lua", format!("{head}{many}")),
        ] {
            bench.write(name, &script)?;
        }
        bench.write("owners", "backend 0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a\n")?;
        bench.write("redis.url", &format!("redis://127.0.0.1:{REDIS_PORT}"))?;
        Ok(bench)
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        fs::write(self.folder.join(name), text).map_err(|error| error.to_string())
    }

    fn signer(&self) -> Command {
        let mut command = Command::new(shell::root().join("target/release/signer"));
        command.current_dir(&self.folder).env("SIGNER_BENCH_BEARER", BEARER);
        command
    }

    /// Our endpoint, configured.
    fn ours(&self, sections: &str) -> Result<Command, String> {
        let callers = if sections.contains("[jwt]") {
            "[callers]\nkind = \"jwt\"\nkeys = \"jwks.json\"\nissuer = \"bench\"\naudience = \"signer\"\naddresses_claim = \"wallets\"\n[ownership]\nkind = \"claims\"\n"
        } else {
            "[callers]\nkind = \"bearer\"\nname = \"backend\"\nsecret = \"env:SIGNER_BENCH_BEARER\"\n[ownership]\nkind = \"file\"\nfile = \"owners\"\n"
        };
        let store = if sections.contains("[redis]") {
            "[store]\nkind = \"redis\"\nurl = \"redis.url\"\nkeys_per_caller = 10000000\n"
        } else {
            "[store]\nremembered_keys = 10000000\nkeys_per_caller = 10000000\n"
        };
        let rest = sections.replace("[jwt]\n", "").replace("[redis]\n", "");
        let rest =
            rest.replace("[audit]", "[audit]\nfile = \"audit.jsonl\"\nkey = \"audit/private.pem\"");
        // Rates that are asked and never reached.
        let rates: String = ["peer", "caller", "destination"]
            .map(|name| format!("{name}_per_second = 1000000\n{name}_burst = 1000000\n"))
            .concat();
        self.write(
            "signer.toml",
            &format!(
                "listen = \"127.0.0.1:{PORT}\"\nmerchant_id = \"a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d\"\n[key]\nactive = \"keys/private.pem\"\n{callers}{store}[rates]\n{rates}[status]\nlisten = \"off\"\n{rest}\n"
            ),
        )?;
        for file in ["audit.jsonl", "signer-store.redb"] {
            let _ = fs::remove_file(self.folder.join(file));
        }
        let mut command = self.signer();
        command.args(["serve", "--config", "signer.toml"]);
        Ok(command)
    }

    fn redis(&self) -> Result<Running, String> {
        let mut command = Command::new("redis-server");
        command.args(["--port", &REDIS_PORT.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.current_dir(&self.folder).stdout(Stdio::null());
        Running::start(&command, 1, REDIS_PORT)
    }

    fn measure(&self, server: &Server, script: &str) -> Result<Figures, String> {
        let script = format!("{script}.lua");
        let redis = match server {
            Server::Ours(sections) if sections.contains("[redis]") => Some(self.redis()?),
            _ => None,
        };
        let running = match server {
            Server::Ours(sections) => Running::start(&self.ours(sections)?, 0, PORT)?,
            Server::Other(command) => Running::start(command, 0, PORT)?,
        };
        self.load(&script, 1)?;
        let report = self.load(&script, SECONDS)?;
        let figures = Figures::read(&report, running.resident_mib()?);
        drop(redis);
        figures
    }

    fn load(&self, script: &str, seconds: u32) -> Result<String, String> {
        let url = format!("http://127.0.0.1:{PORT}/api/sign-payment");
        let output = Command::new("taskset")
            .args(["-c", "1", "wrk", "-t1", "--latency", "-s", script])
            .args([format!("-c{CONNECTIONS}"), format!("-d{seconds}s"), url])
            .current_dir(&self.folder)
            .output()
            .map_err(|error| error.to_string())?;
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() || report.contains("Non-2xx") {
            return Err(format!("not every request was answered with a signature:\n{report}"));
        }
        Ok(report)
    }
}

impl Figures {
    /// The median of each figure.
    fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        Self {
            per_second: of(|round| round.per_second),
            p50_ms: of(|round| round.p50_ms),
            p99_ms: of(|round| round.p99_ms),
            resident_mib: of(|round| round.resident_mib),
        }
    }

    fn read(report: &str, resident_mib: f64) -> Result<Self, String> {
        let word = |line: &str| -> Option<String> {
            let line = report.lines().map(str::trim).find(|found| found.starts_with(line))?;
            line.split_whitespace().nth(1).map(str::to_owned)
        };
        let milliseconds = |line: &str| {
            let text = word(line)?;
            let number = text.trim_end_matches(char::is_alphabetic);
            let factor = match &text[number.len()..] {
                "us" => 0.001,
                "ms" => 1.0,
                "s" => 1_000.0,
                _ => return None,
            };
            Some(number.parse::<f64>().ok()? * factor)
        };
        let figures = || {
            Some(Self {
                per_second: word("Requests/sec:")?.parse().ok()?,
                p50_ms: milliseconds("50%")?,
                p99_ms: milliseconds("99%")?,
                resident_mib,
            })
        };
        figures().ok_or_else(|| format!("wrk said something else:\n{report}"))
    }
}

/// A server on a core of its own, ended when it is dropped.
struct Running(Child);

impl Running {
    fn start(server: &Command, core: u32, port: u16) -> Result<Self, String> {
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", &core.to_string()]).arg(server.get_program()).args(server.get_args());
        if let Some(folder) = server.get_current_dir() {
            pinned.current_dir(folder);
        }
        pinned.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
        pinned.stdout(Stdio::null()).stderr(Stdio::null());
        let child = pinned.spawn().map_err(|error| error.to_string())?;
        let running = Self(child);
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(50));
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(running);
            }
        }
        Err(format!("{:?} does not listen", server.get_program()))
    }

    fn resident_mib(&self) -> Result<f64, String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        let status = status.map_err(|error| error.to_string())?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        kib.map(|kib| kib / 1_024.0).ok_or_else(|| "no VmRSS".into())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
