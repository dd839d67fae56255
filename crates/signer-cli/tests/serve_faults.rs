//! What goes wrong around the process.

use std::fs;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::serving::{AUTHORIZATION, Serving, configured};
use super::{REQUEST, run, stderr};

const SERVE: [&str; 3] = ["serve", "--config", "signer.toml"];

/// As many descriptors as this process may have.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    assert!(
        limit.maximum.is_none_or(|most| most >= 10_200),
        "10,200 descriptors are needed: ulimit -Hn"
    );
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

#[test]
fn ten_thousand_idle_connections() {
    raise_descriptors();
    let folder = configured("serve-idle", |text| text);
    let serving = Serving::start(&folder, &SERVE);
    let before = serving.resident_kib();
    let idle: Vec<TcpStream> =
        (0..10_000).map(|_| TcpStream::connect(&serving.address).unwrap()).collect();
    let begun = Instant::now();
    assert_eq!(serving.post("x", AUTHORIZATION, REQUEST).0, 200);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let each = (serving.resident_kib() - before) * 1_024 / 10_000;
    eprintln!("{each} bytes for each idle connection");
    assert!(each < 6 * 1_024, "{each} bytes for each");
    // They say nothing for longer than a head may take, and are ended.
    std::thread::sleep(Duration::from_secs(11));
    assert!(serving.status("/metrics").contains("signer_connections 0"));
    drop(idle);
}

/// It may be told to dump, and dumps are allowed here: there is none.
#[cfg(target_os = "linux")]
#[test]
fn it_leaves_no_core_dump() {
    use std::os::unix::process::ExitStatusExt;
    let folder = configured("serve-core", |text| text);
    let mut serving = Serving::start_with(&folder, &SERVE, "ulimit -c unlimited");
    let process = format!("/proc/{}", serving.child.id());
    let limits = fs::read_to_string(format!("{process}/limits")).unwrap();
    let limit = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(limit.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{limit}");
    // A process that is not dumpable belongs to root, whoever runs it.
    let owner =
        std::os::unix::fs::MetadataExt::uid(&fs::metadata(format!("{process}/environ")).unwrap());
    assert_eq!(owner, 0);
    serving.signal("-ABRT");
    let status = serving.child.wait().unwrap();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
    let left: Vec<_> = fs::read_dir(&folder).unwrap().flatten().map(|it| it.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("core")), "{left:?}");
}

/// Whatever reads a key: it stands here before it has read one.
#[cfg(target_os = "linux")]
#[test]
fn no_command_leaves_a_core_dump() {
    let folder = configured("core-commands", |text| text);
    for command in ["serve --config - --check", "privy public-key --key -", "jcs -"] {
        let mut child = std::process::Command::new("sh")
            .args(["-c", &format!("ulimit -c unlimited; exec \"$0\" {command}")])
            .arg(env!("CARGO_BIN_EXE_signer"))
            .current_dir(&folder)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let process = format!("/proc/{}", child.id());
        let limit = || -> Vec<String> {
            let limits = fs::read_to_string(format!("{process}/limits")).unwrap();
            let limit = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
            limit.split_whitespace().skip(4).take(2).map(str::to_owned).collect()
        };
        // It waits for its standard input from then on.
        for _ in 0..1_000 {
            if limit() == ["0", "0"] {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let limit = limit();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(limit, ["0", "0"], "{command}");
    }
}

/// More connections than descriptors: those beyond wait, files can still be read, and it goes on.
#[test]
fn descriptors_run_out() {
    let folder = configured("serve-descriptors", |text| text);
    let serving = Serving::start_limited(&folder, &SERVE, 96);
    let crowd: Vec<_> =
        (0..120).filter_map(|_| TcpStream::connect(&serving.address).ok()).collect();
    std::thread::sleep(Duration::from_millis(500));
    serving.signal("-HUP");
    serving.wait_for("reloaded");
    drop(crowd);
    assert_eq!(serving.post("x", AUTHORIZATION, REQUEST).0, 200);
    assert_eq!(serving.terminate(), Some(0));
}

/// Every answer that went out is in the log, and no answer is cut.
#[test]
fn told_to_end_under_load() {
    let folder = configured("serve-end", |text| {
        text + "[audit]\nfile = \"audit.jsonl\"\nkey = \"audit/private.pem\"\n"
    });
    assert!(run(&folder, &["blink", "generate", "--out", "audit"]).status.success());
    let serving = Arc::new(Serving::start(&folder, &SERVE));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let serving = serving.clone();
            std::thread::spawn(move || {
                let mut answered = 0;
                while let Some(whole) = serving.answer_of(AUTHORIZATION, REQUEST) {
                    assert!(whole, "an answer was cut");
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    serving.signal("-TERM");
    let answered: usize = load.into_iter().map(|thread| thread.join().unwrap()).sum();
    let serving = Arc::into_inner(serving).unwrap();
    assert_eq!(serving.wait(), Some(0));
    let verify = ["audit", "verify", "--log", "audit.jsonl", "--public-key", "audit/public.pem"];
    let output = run(&folder, &verify);
    assert!(output.status.success(), "{}", stderr(&output));
    let log = fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    let signed = log.lines().filter(|line| line.contains("\"decision\":\"signed\"")).count();
    assert!(answered > 50 && signed >= answered && signed <= answered + 4, "{signed}, {answered}");
}
