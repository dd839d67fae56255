//! Runs one secret path with its secret marked as undefined, so that memcheck reports each branch and
//! each address that depends on it: `constant-time-harness CASE`, under valgrind.

mod cases;
mod memcheck;

use std::process::ExitCode;

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    if name == "--list" {
        cases::ALL.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    let Some((_, case)) = cases::ALL.iter().find(|(case, _)| *case == name) else {
        eprintln!("no case {name:?}");
        return ExitCode::from(2);
    };
    if !memcheck::is_running() {
        eprintln!("not under valgrind: nothing would be seen");
        return ExitCode::from(2);
    }
    case();
    ExitCode::SUCCESS
}
