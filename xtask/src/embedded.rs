//! Bare metal: builds the firmware of `examples/embedded`, runs it under QEMU, and holds its figures
//! against a committed budget.

mod library;
mod machine;

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::budget::{self, Figures};
use crate::programs;
use crate::shell::{self, Profile};
use machine::Machine;

const TARGET: &str = "thumbv7em-none-eabihf";
/// What a chip with 192 KiB of flash can give to a signer of three curves.
const MAX_FLASH_BYTES: u64 = 170_000;
const INSTRUCTIONS_PER_TICK: u64 = 40;

/// Runs the task; with `update` the budget is written anew instead of compared.
pub(crate) fn run(update: bool) -> Result<(), String> {
    programs::require(&["qemu-system-arm", "size", "dpkg-deb"])?;
    let library = library::find()?;
    let built = build(&library)?;

    let mut figures = Figures::new();
    figures.extend(self_test(&built.join("self-test"))?);
    figures.extend(hardware_signer(&built.join("hardware-signer"))?);

    let flash = figures["hardware-signer flash bytes"];
    if flash > MAX_FLASH_BYTES {
        return Err(format!("embedded: {flash} bytes of flash, {MAX_FLASH_BYTES} are the limit"));
    }
    let file = shell::root().join("examples/embedded/budget.json");
    budget::compare("embedded", &file, &figures, 5, update)
}

fn build(library: &Path) -> Result<PathBuf, String> {
    let target = shell::root().join("target/embedded");
    let mut command = shell::command(
        "cargo build --release --locked --quiet -Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem --target",
    );
    command
        .arg(TARGET)
        .current_dir(shell::root().join("examples/embedded"))
        .env("CARGO_TARGET_DIR", &target)
        // The stable compiler builds its own library where it is allowed what nightly is.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("__CARGO_TESTS_ONLY_SRC_ROOT", library);
    shell::run_command(command)?;
    Ok(target.join(TARGET).join("release"))
}

/// Flash and static RAM of a program, from the sections that `size` sums up.
fn sizes(name: &str, program: &Path) -> Result<Figures, String> {
    let mut size = shell::command("size");
    size.arg(program);
    let output = shell::output_of(size)?;
    let line = output.lines().nth(1).unwrap_or_default();
    let numbers: Vec<u64> = line.split_whitespace().map_while(|it| it.parse().ok()).collect();
    let [text, data, bss, ..] = numbers[..] else {
        return Err(format!("embedded: size says {line:?}"));
    };
    Ok(BTreeMap::from([
        (format!("{name} flash bytes"), text + data),
        (format!("{name} static RAM bytes"), data + bss),
    ]))
}

fn self_test(program: &Path) -> Result<Figures, String> {
    let mut figures = sizes("self-test", program)?;
    let output = Machine::run_to_its_end(program)?;
    let mut checks = 0;
    for line in output.lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["check", name, "ok", instructions] => {
                checks += 1;
                let instructions = instructions.parse().map_err(|_| line.to_owned())?;
                figures.insert(format!("self-test {name} instructions"), instructions);
            }
            ["stack", bytes] => {
                let bytes = bytes.parse().map_err(|_| line.to_owned())?;
                figures.insert("self-test stack bytes".into(), bytes);
            }
            ["failed", "0"] => {}
            _ => return Err(format!("embedded: the self-test says {line:?}")),
        }
    }
    if checks != 10 {
        return Err(format!("embedded: {checks} of the 10 checks of the self-test ran"));
    }
    eprintln!("embedded: {checks} checks of the self-test agree with the golden bytes");
    Ok(figures)
}

/// Signs a Privy request and a Blink payment with keys that are only in the firmware.
fn hardware_signer(program: &Path) -> Result<Figures, String> {
    shell::build_signer(Profile::Dev)?;
    let mut figures = sizes("hardware-signer", program)?;
    let folder = shell::root().join("target/embedded/run");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let machine = Machine::start(program, &folder.join("line.sock"))?;
    let device = format!("device:{}", machine.socket().display());

    noise(machine.socket())?;
    privy(&device, &folder)?;
    figures.insert("hardware-signer P-256 instructions".into(), instructions(&machine)?);
    blink(&device, &folder)?;
    for (name, slot, curve) in [("Ed25519", 1, "ed25519"), ("secp256k1", 2, "secp256k1")] {
        sign_once(machine.socket(), slot, curve)?;
        let name = format!("hardware-signer {name} instructions");
        figures.insert(name, instructions(&machine)?);
    }
    let info = info(&machine)?;
    figures.insert("hardware-signer stack bytes".into(), number(&info, "stackBytes")?);
    Ok(figures)
}

fn instructions(machine: &Machine) -> Result<u64, String> {
    Ok(number(&info(machine)?, "ticks")? * INSTRUCTIONS_PER_TICK)
}

fn info(machine: &Machine) -> Result<Value, String> {
    let mut command = signer(&["--json", "device", "info"]);
    command.arg(machine.socket());
    serde_json::from_str(&shell::output_of(command)?).map_err(|error| error.to_string())
}

fn number(value: &Value, name: &str) -> Result<u64, String> {
    let text = value[name].as_str().unwrap_or_default();
    text.parse().map_err(|_| format!("embedded: device info has no {name}: {value}"))
}

fn signer(arguments: &[&str]) -> Command {
    let mut command = shell::program(shell::root().join("target/debug/signer"));
    command.args(arguments);
    command
}

fn public_key(device: &str) -> Result<String, String> {
    let answer = shell::output_of(signer(&["--json", "privy", "public-key", "--key", device]))?;
    text(&answer, "publicKey")
}

/// Half frames, wrong checksums, frames too long: after them the line must be as it was.
fn noise(socket: &Path) -> Result<(), String> {
    use std::io::Write;
    let mut line = UnixStream::connect(socket).map_err(|error| error.to_string())?;
    let mut noise: Vec<u8> = (0..20_000_u32).map(|it| (it * it / 7).to_le_bytes()[0] | 1).collect();
    noise.extend(b"\xc0half a frame\xdb\xc0\xc0\xc0\x01\x02\xc0");
    line.write_all(&noise).map_err(|error| error.to_string())
}

fn privy(device: &str, folder: &Path) -> Result<(), String> {
    let body = folder.join("privy.json");
    write(&body, &json!({ "method": "personal_sign", "params": { "message": "hello" } }))?;
    let public_key = public_key(device)?;
    let of_the_request = |mut command: Command| {
        command.args(["--app-id", "test-app", "--method", "POST", "--expiry", "none"]);
        command.args(["--url", "https://api.privy.io/v1/wallets/w/rpc", "--body"]).arg(&body);
        command
    };
    let signed = of_the_request(signer(&["--json", "privy", "sign", "--key", device]));
    let signature = text(&shell::output_of(signed)?, "signature")?;
    let mut verify = signer(&["privy", "verify", "--public-key", &public_key]);
    verify.args(["--signature", &signature]);
    shell::run_command(of_the_request(verify))
}

fn blink(device: &str, folder: &Path) -> Result<(), String> {
    let (request, response, key) =
        (folder.join("request.json"), folder.join("response.json"), folder.join("public.pem"));
    let payment = json!({
        "amount": 50, "chainId": 8453,
        "address": "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a",
        "token": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    });
    write(&request, &payment)?;
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        wrapped(&public_key(device)?)
    );
    std::fs::write(&key, pem).map_err(|error| error.to_string())?;
    let mut sign = signer(&["blink", "sign", "--key", device]);
    sign.args(["--merchant-id", "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d", "--request"]);
    sign.arg(request);
    std::fs::write(&response, shell::output_of(sign)?).map_err(|error| error.to_string())?;
    let mut verify = signer(&["blink", "verify", "--public-key"]);
    verify.arg(key).arg("--response").arg(response);
    shell::run_command(verify)
}

/// PEM has lines of 64 letters.
fn wrapped(base64: &str) -> String {
    let letters: Vec<char> = base64.chars().collect();
    let lines: Vec<String> = letters.chunks(64).map(|line| line.iter().collect()).collect();
    lines.join("\n")
}

fn text(json: &str, name: &str) -> Result<String, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    value[name].as_str().map(str::to_owned).ok_or_else(|| format!("embedded: no {name} in {value}"))
}

fn write(path: &Path, value: &Value) -> Result<(), String> {
    std::fs::write(path, value.to_string()).map_err(|error| error.to_string())
}

/// A signature of a curve that no command of the program takes from a device.
fn sign_once(socket: &Path, slot: u8, curve: &str) -> Result<(), String> {
    let mut sign = shell::program(shell::root().join("target/debug/examples/device_sign"));
    sign.arg(socket).args([&slot.to_string(), curve]);
    shell::run_command(sign)
}
