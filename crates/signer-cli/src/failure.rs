//! What stops a command: a refusal (exit 1) or wrong usage (exit 2).

use std::fmt;
use std::process::ExitCode;

/// A reason to stop, in words for the user, without any secret.
#[derive(Debug)]
pub(crate) struct Failure {
    usage: bool,
    message: String,
}

impl Failure {
    /// The command was understood and the answer is no.
    pub(crate) fn refused(message: impl fmt::Display) -> Self {
        Self { usage: false, message: message.to_string() }
    }

    /// The command cannot be understood.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { usage: true, message: message.to_string() }
    }

    /// Names what the message is about.
    pub(crate) fn about(self, subject: impl fmt::Display) -> Self {
        Self { message: format!("{subject}: {}", self.message), ..self }
    }

    /// Prints the message to standard error.
    pub(crate) fn report(&self) -> ExitCode {
        use std::io::Write;
        // Where standard error is closed, the exit code still tells.
        let _ = writeln!(std::io::stderr(), "error: {}", self.message);
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

/// Turns an error into a refusal about a subject.
pub(crate) trait OrRefuse<T> {
    fn or_refuse(self, subject: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> OrRefuse<T> for Result<T, E> {
    fn or_refuse(self, subject: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::refused(error).about(subject))
    }
}
