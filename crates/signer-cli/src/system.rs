//! What the crates below leave to their caller: the time, random bytes, a folder for data; and no core dumps.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rand_core::UnwrapErr;
#[cfg(target_os = "linux")]
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::process::{Resource, Rlimit, setrlimit};
use signer_protocols::blink::IdempotencyKey;

use crate::failure::{Failure, OrRefuse};

/// A dump of this process would hold keys.
pub(crate) fn forbid_core_dumps() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// For who holds keys for long: where dumps go to a program, as with systemd, the limit alone does not stop them; and a
/// process that is not dumpable cannot be read by others of its user either.
pub(crate) fn forbid_looking_in() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> Result<u64, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .ok_or_else(|| Failure::refused("the system clock stands before 1970"))
}

/// The random source of the operating system, tried once before it is handed out.
pub(crate) fn random() -> Result<UnwrapErr<getrandom::SysRng>, Failure> {
    fill(&mut [0; 1])?;
    Ok(UnwrapErr(getrandom::SysRng))
}

/// Fills `bytes` from the operating system.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes)
        .map_err(|_| Failure::refused("the operating system has no random bytes to give"))
}

/// A UUID of version 4 that nobody used before.
pub(crate) fn uuid() -> Result<IdempotencyKey, Failure> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(IdempotencyKey::from_random_bytes(bytes))
}

/// `$XDG_DATA_HOME/signer`, or `~/.local/share/signer`.
pub(crate) fn data_folder() -> Result<PathBuf, Failure> {
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(Path::new(".local/share"))))
        .map(|data| data.join("signer"))
        .ok_or("set HOME or XDG_DATA_HOME to an absolute path")
        .or_refuse("folder for data")
}
