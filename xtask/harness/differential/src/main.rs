//! Our code beside independent code: `differential-harness TASK`, with what another program made on standard
//! input. It ends with status 0 when all agree, and says how much that was.

mod curves;
mod numbers;
mod texts;

use std::io::{BufRead, stdin};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let verdict = match arguments[..] {
        ["curves", count, seed] => match (count.parse(), seed.parse()) {
            (Ok(count), Ok(seed)) => curves::run(count, seed),
            _ => Err("curves COUNT SEED".into()),
        },
        ["numbers", count] => count.parse().map(numbers::digest).map_err(|_| "numbers COUNT".into()),
        ["documents"] => each_line(texts::document),
        ["doubles"] => each_line(texts::double),
        _ => Err("curves COUNT SEED | numbers COUNT | documents | doubles".into()),
    };
    match verdict {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

/// Checks lines of two fields: what went in, and what the other program made of it.
fn each_line(check: fn(&str, &str) -> Result<(), String>) -> Result<String, String> {
    let mut count = 0_u64;
    for line in stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let (input, expected) = line.split_once('\t').ok_or("a line has two fields")?;
        check(input, expected)?;
        count += 1;
    }
    Ok(count.to_string())
}
