//! What stops a command: a refusal (exit 1) or wrong usage (exit 2).

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::input::looks_like_a_secret;

/// A reason to stop, in words for the user, without any secret.
#[derive(Debug)]
pub(crate) struct Failure {
    usage: bool,
    message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
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

    /// The same message as a failure of usage: exit 2.
    pub(crate) fn into_usage(self) -> Self {
        Self { usage: true, ..self }
    }

    /// Names what the message is about.
    pub(crate) fn about(self, subject: impl fmt::Display) -> Self {
        Self { message: format!("{subject}: {}", self.message), ..self }
    }

    /// Prints the message to standard error.
    pub(crate) fn report(&self) -> ExitCode {
        say(&format!("error: {}", self.message));
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

/// Tells the user something on standard error; where that is closed, nobody hears it.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints what clap says of the arguments, unless that may quote a secret.
pub(crate) fn report_usage(error: &clap::Error) -> ExitCode {
    let quoted = error.context().any(|(_, value)| looks_like_a_secret(value.to_string().trim()));
    if error.use_stderr() && quoted {
        let message = "an argument looks like a secret, which comes from a file, - or env:NAME";
        return Failure::usage(message).report();
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// An error of the operating system in our words: lower case, and what to look at.
pub(crate) fn io_reason(error: &io::Error) -> String {
    let words = match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder",
        io::ErrorKind::PermissionDenied => "permission denied: check the owner and the mode",
        io::ErrorKind::IsADirectory => "it is a folder, not a file",
        io::ErrorKind::NotADirectory => "a part of the path is not a folder",
        io::ErrorKind::StorageFull => "no space is left on the disk",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::BrokenPipe => "the reader has gone",
        // Ours, or the short name of what happened.
        kind => return error.get_ref().map_or_else(|| kind.to_string(), ToString::to_string),
    };
    words.into()
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
