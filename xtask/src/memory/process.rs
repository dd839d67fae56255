//! A process that stands still, and what is in its memory.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::needles::Needles;

const DEADLINE: Duration = Duration::from_secs(30);

/// Where a piece of a secret was found.
#[derive(Debug)]
pub(crate) enum Place {
    /// Outside of stacks: the form, and the kind of memory.
    Heap(String),
    Stack,
    Environment,
}

/// A process that waits; it is ended when this is dropped.
pub(crate) struct Stopped {
    child: Child,
    /// What it prints to: full, and read by nobody.
    _output: Option<UnixStream>,
}

impl Stopped {
    /// Starts a process whose standard output takes nothing, and waits until it stands at that.
    pub(crate) fn at_its_first_print(
        mut command: Command,
        feed: impl FnOnce(ChildStdin) -> io::Result<()>,
    ) -> Result<Self, String> {
        let (full, output) = full_stream().map_err(|error| error.to_string())?;
        let mut child = command
            .stdout(OwnedFd::from(full))
            .spawn()
            .map_err(|error| format!("memory: {error}"))?;
        let input = child.stdin.take().ok_or("memory: no standard input")?;
        feed(input).map_err(|error| error.to_string())?;
        let began = Instant::now();
        let mut stopped = Self { child, _output: Some(output) };
        while !stopped.writes_to_standard_output() {
            if let Ok(Some(status)) = stopped.child.try_wait() {
                return Err(format!(
                    "memory: it ended with {status} before it printed: {command:?}"
                ));
            }
            if began.elapsed() > DEADLINE {
                return Err(format!("memory: it did not print: {command:?}"));
            }
            sleep(Duration::from_millis(2));
        }
        Ok(stopped)
    }

    /// A process that waits for its input.
    pub(crate) const fn already(child: Child) -> Self {
        Self { child, _output: None }
    }

    /// In the system call `write` on descriptor 1.
    fn writes_to_standard_output(&self) -> bool {
        let call = fs::read_to_string(format!("/proc/{}/syscall", self.child.id()));
        let number = if cfg!(target_arch = "aarch64") { "64" } else { "1" };
        call.is_ok_and(|call| call.starts_with(&format!("{number} 0x1 ")))
    }

    /// Searches everything that can be written to.
    pub(crate) fn find(&self, needles: &Needles) -> Result<Vec<Place>, String> {
        let fail = |error: io::Error| format!("memory: {error}");
        let process = format!("/proc/{}", self.child.id());
        let maps = fs::read_to_string(format!("{process}/maps")).map_err(fail)?;
        let environment = self.environment().ok_or("memory: where the environment block is")?;
        let stacks = self.stack_pointers()?;
        let mut memory = File::open(format!("{process}/mem")).map_err(fail)?;
        let mut places = Vec::new();
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let mut words = line.split_whitespace();
            let range = words.next().and_then(|range| range.split_once('-'));
            let Some((Ok(start), Ok(end))) = range
                .map(|(start, end)| (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16)))
            else {
                return Err(format!("memory: a line of maps: {line}"));
            };
            let name = words.nth(4).unwrap_or("anonymous");
            let is_stack = name == "[stack]" || stacks.iter().any(|it| (start..end).contains(it));
            let mut bytes = vec![0; usize::try_from(end - start).unwrap_or_default()];
            memory.seek(SeekFrom::Start(start)).map_err(fail)?;
            memory.read_exact(&mut bytes).map_err(|error| format!("memory: {line}: {error}"))?;
            for (form, needle) in &needles.0 {
                for at in positions(&bytes, needle) {
                    let address = start + u64::try_from(at).unwrap_or_default();
                    places.push(if environment.contains(&address) {
                        Place::Environment
                    } else if is_stack {
                        Place::Stack
                    } else {
                        Place::Heap(format!("{form} in {name}"))
                    });
                }
            }
        }
        Ok(places)
    }

    /// Where each thread's stack stands: the field before the last of its waiting system call. A thread that still
    /// runs has none, and is waited for.
    fn stack_pointers(&self) -> Result<Vec<u64>, String> {
        let pointer = |call: &str| {
            let pointer = call.split_whitespace().rev().nth(1)?.strip_prefix("0x")?;
            u64::from_str_radix(pointer, 16).ok()
        };
        let began = Instant::now();
        while began.elapsed() < DEADLINE {
            let threads = fs::read_dir(format!("/proc/{}/task", self.child.id()));
            let threads = threads.map_err(|error| format!("memory: {error}"))?.flatten();
            let calls = threads.map(|thread| fs::read_to_string(thread.path().join("syscall")));
            let pointers: Option<Vec<u64>> = calls.map(|call| pointer(&call.ok()?)).collect();
            match pointers {
                Some(pointers) => return Ok(pointers),
                None => sleep(Duration::from_millis(2)),
            }
        }
        Err("memory: a thread does not come to rest".into())
    }

    /// `env_start` to `env_end`: fields 50 and 51 of `stat`, counted behind the name in brackets.
    fn environment(&self) -> Option<std::ops::Range<u64>> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse().ok();
        Some(field(50)?..field(51)?)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream that takes no byte more, and its other end.
fn full_stream() -> io::Result<(UnixStream, UnixStream)> {
    let (mut full, other) = UnixStream::pair()?;
    full.set_nonblocking(true)?;
    while full.write(&[0]).is_ok() {}
    full.set_nonblocking(false)?;
    Ok((full, other))
}

fn positions<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = needle.first().copied().unwrap_or_default();
    let starts = bytes.iter().enumerate().filter(move |(_, byte)| **byte == first);
    starts.map(|(at, _)| at).filter(move |at| bytes[*at..].starts_with(needle))
}
