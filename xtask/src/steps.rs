//! The steps of a task that consists of several: how long each takes, and how to repeat the one that failed.

use std::process::Command;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::shell;
use crate::task::Arguments;

/// Runs steps one after another and remembers their durations.
pub(crate) struct Steps {
    task: &'static str,
    began: Instant,
    done: Vec<(String, Duration)>,
}

impl Steps {
    pub(crate) fn of(task: &'static str) -> Self {
        Self { task, began: Instant::now(), done: Vec::new() }
    }

    /// Runs a command.
    pub(crate) fn command(&mut self, command: Command) -> Result<(), String> {
        let line = shell::line(&command);
        self.step(&line, || shell::run_command(command))
    }

    /// Runs another task, given as its words.
    pub(crate) fn task(&mut self, words: &[&str]) -> Result<(), String> {
        let line = format!("cargo xtask {}", words.join(" "));
        let task = parse(words)?;
        self.step(&line, || task.task.run())
    }

    /// Runs a function. `line` is the command that repeats it alone.
    pub(crate) fn step<T>(
        &mut self,
        line: &str,
        step: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        let began = Instant::now();
        let result = timed(line, step)?;
        self.done.push((line.to_owned(), began.elapsed()));
        Ok(result)
    }

    /// Prints the durations.
    pub(crate) fn finish(self) {
        eprintln!("\n{}: all passed in {}", self.task, shown(self.began.elapsed()));
        for (line, duration) in &self.done {
            eprintln!("{:>12}  {line}", shown(*duration));
        }
    }
}

/// Runs a function and prints its duration, or the command that repeats it alone if it fails.
pub(crate) fn timed<T>(line: &str, step: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let began = Instant::now();
    let result = step();
    let duration = shown(began.elapsed());
    match result {
        Ok(value) => {
            eprintln!("`{line}` took {duration}");
            Ok(value)
        }
        // The innermost step knows best what to repeat.
        Err(message) if message.contains(REPEAT) => Err(message),
        Err(message) => {
            Err(format!("{message}\n`{line}` failed after {duration}\n{REPEAT} {line}"))
        }
    }
}

const REPEAT: &str = "to repeat it alone:";

/// The words of another task, read as those of the command line are.
pub(crate) fn parse(words: &[&str]) -> Result<Arguments, String> {
    let words = std::iter::once("cargo xtask").chain(words.iter().copied());
    Arguments::try_parse_from(words).map_err(|error| error.to_string())
}

/// The command that started this process.
#[allow(clippy::disallowed_methods, reason = "printed, not read")]
pub(crate) fn own_command() -> String {
    let mut command = shell::command("cargo xtask");
    command.args(std::env::args().skip(1));
    shell::line(&command)
}

fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_innermost_command() {
        let error = timed("outer", || timed("inner", || Err::<(), _>("no".into()))).unwrap_err();
        assert!(error.ends_with("to repeat it alone: inner"), "{error}");
        assert!(!error.contains("outer"), "{error}");
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        assert_eq!(shown(Duration::from_millis(1_340)), "1.3 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 05 s");
    }
}
