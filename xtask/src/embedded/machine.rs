//! The board under QEMU.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(120);

/// A board that runs until it is dropped.
pub(crate) struct Machine {
    child: Child,
    socket: PathBuf,
}

impl Machine {
    /// Runs a program that ends by itself, and returns what it printed. Its status must be 0.
    pub(crate) fn run_to_its_end(program: &Path) -> Result<String, String> {
        let mut child = qemu(program)
            .args(["-semihosting-config", "enable=on,target=native"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("qemu-system-arm: {error}"))?;
        let began = Instant::now();
        while matches!(child.try_wait(), Ok(None)) && began.elapsed() < DEADLINE {
            sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            return Err(format!("embedded: the program ended with {}:\n{text}", output.status));
        }
        Ok(text)
    }

    /// Starts a program whose serial line is a socket.
    pub(crate) fn start(program: &Path, socket: &Path) -> Result<Self, String> {
        let _ = std::fs::remove_file(socket);
        let serial = format!("unix:{},server=on,wait=off", socket.display());
        let child = qemu(program)
            .args(["-serial", &serial])
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("qemu-system-arm: {error}"))?;
        let mut machine = Self { child, socket: socket.into() };
        let began = Instant::now();
        // The socket is there before anybody listens on it.
        while UnixStream::connect(socket).is_err() {
            let is_over =
                began.elapsed() > DEADLINE || !matches!(machine.child.try_wait(), Ok(None));
            if is_over {
                return Err("embedded: the board's serial line did not come up".into());
            }
            sleep(Duration::from_millis(10));
        }
        Ok(machine)
    }

    /// The socket of its serial line.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// With `icount` an instruction takes a nanosecond of the board's time: counts are the same each run.
fn qemu(program: &Path) -> Command {
    let mut command = Command::new("qemu-system-arm");
    command.args(["-M", "mps2-an386", "-nographic", "-monitor", "none", "-icount", "shift=0"]);
    command.arg("-kernel").arg(program).stdin(Stdio::null());
    command
}
