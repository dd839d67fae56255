//! Exchanges as lines of JSON, for a comparison with a vendor's OpenAPI document.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::emulator::Incoming;

/// The variable of the environment that names the file. It is created if it is missing.
pub(crate) const VARIABLE: &str = "SIGNER_EMULATOR_TRAFFIC";

/// The file that exchanges are written to, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Mutex<Option<File>>);

impl Traffic {
    /// Appends to the file that the environment names.
    pub(crate) fn from_environment() -> io::Result<Self> {
        let traffic = Self::default();
        if let Some(path) = std::env::var_os(VARIABLE) {
            traffic.append_to(Path::new(&path))?;
        }
        Ok(traffic)
    }

    pub(crate) fn append_to(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    /// Writes one line. A file that cannot be written to ends the recording.
    pub(crate) fn record(&self, path: &str, request: &Incoming, answer: &Answer) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = file.as_mut() else { return };
        let line: Value = json!({
            "method": request.method.as_str(),
            "path": path,
            "request": String::from_utf8_lossy(&request.body),
            "status": answer.status,
            "answer": answer.body.to_string(),
        });
        // One write for each line, because several processes may append to one file.
        if open.write_all(format!("{line}\n").as_bytes()).is_err() {
            *file = None;
        }
    }
}
