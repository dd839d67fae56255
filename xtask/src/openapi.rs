//! The endpoint against its description, by schemathesis.

use std::fs;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::shell::{self, Profile};

const VERSION: &str = "4.32.5";
const ADDRESS: &str = "127.0.0.1:3981";
const BEARER: &str = "a-test-secret-of-thirty-two-letters";

/// Installs schemathesis into the target folder, starts the endpoint, and lets the one ask the other.
pub(crate) fn run() -> Result<(), String> {
    let folder = shell::root().join("target/openapi");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let tool = folder.join("python/bin/schemathesis");
    if !tool.exists() {
        shell::run("python3 -m venv target/openapi/python")?;
        // The script `pip` begins with the path of its interpreter, which a space would end.
        let mut install = shell::command(
            "target/openapi/python/bin/python -m pip install --quiet --disable-pip-version-check",
        );
        install.arg(format!("schemathesis=={VERSION}"));
        shell::run_command(install)?;
    }
    let signer = shell::build_signer(Profile::Dev)?;
    let _ = fs::remove_dir_all(folder.join("keys"));
    let mut generate = Command::new(&signer);
    generate.args(["blink", "generate", "--out", "keys"]).current_dir(&folder);
    shell::run_command(generate)?;
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).map_err(|error| error.to_string())
    };
    write("owners", "backend 0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a\n")?;
    write(
        "signer.toml",
        &format!(
            "listen = \"{ADDRESS}\"\nmerchant_id = \"a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d\"\n[key]\nactive = \"keys/private.pem\"\n[callers]\nkind = \"bearer\"\nname = \"backend\"\nsecret = \"env:SIGNER_TEST_BEARER\"\n[ownership]\nkind = \"file\"\nfile = \"owners\"\n[rates]\npeer_per_second = 0\ncaller_per_second = 0\ndestination_per_second = 0\n[status]\nlisten = \"off\"\n[log]\nlevel = \"error\"\n"
        ),
    )?;
    let mut server = Command::new(&signer)
        .args(["serve", "--config", "signer.toml"])
        .env("SIGNER_TEST_BEARER", BEARER)
        .current_dir(&folder)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let listens = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        TcpStream::connect(ADDRESS).is_ok()
    });
    let verdict = if listens {
        let mut ask = Command::new(folder.join("python/bin/python"));
        ask.arg(&tool);
        ask.arg("--config-file").arg(shell::root().join("xtask/schemathesis.toml")).arg("run");
        ask.arg(shell::root().join("docs/openapi.json"));
        ask.args(["--url", &format!("http://{ADDRESS}"), "--max-examples", "100", "--no-color"]);
        ask.env("SIGNER_TEST_BEARER", BEARER).current_dir(&folder);
        shell::run_command(ask)
    } else {
        Err("the endpoint does not listen".into())
    };
    let _ = server.kill();
    let _ = server.wait();
    verdict
}
