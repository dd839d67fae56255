//! Where the lines of the log go: into a buffer, from which a thread writes them a few hundred times a second.
//!
//! A thread that is woken for each line costs a busy service a twentieth of what it can do.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long it rests between two looks, as long as something comes.
const TICK: Duration = Duration::from_millis(4);
/// Where the reader of the log falls behind by this much, lines are dropped and counted: nobody waits for it.
const MOST: usize = 8 << 20;
/// So much memory is kept for the next lines.
const KEPT: usize = 64 << 10;

/// Takes lines, each in one write.
#[derive(Clone)]
pub(super) struct LogWriter(Arc<Buffer>);

/// Writes until it is dropped, and then what is left.
pub(super) struct LogGuard {
    buffer: Arc<Buffer>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Buffer {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    dropped: u64,
    asleep: bool,
    closed: bool,
}

impl LogWriter {
    /// Starts the thread.
    pub(super) fn start(mut out: impl Write + Send + 'static) -> io::Result<(Self, LogGuard)> {
        let buffer = Arc::new(Buffer::default());
        let read = Arc::clone(&buffer);
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || {
            let mut lines = Vec::new();
            while let Some(dropped) = read.take(&mut lines) {
                // A log that nobody reads any more stops nothing.
                let _ = out.write_all(&lines);
                if dropped > 0 {
                    let _ = writeln!(out, "{{\"level\":\"WARN\",\"message\":\"{dropped} lines of the log were dropped\"}}");
                }
                let _ = out.flush();
                // The memory is used again, but for that of a rush.
                lines.clear();
                lines.shrink_to(KEPT);
                std::thread::sleep(TICK);
            }
        })?;
        let guard = LogGuard { buffer: Arc::clone(&buffer), thread: Some(thread) };
        Ok((Self(buffer), guard))
    }
}

impl Buffer {
    /// Puts what has come into `lines`, once something has, and tells how many lines were dropped; `None` when it
    /// is closed and empty.
    fn take(&self, lines: &mut Vec<u8>) -> Option<u64> {
        let mut state = self.state();
        while state.lines.is_empty() && state.dropped == 0 {
            if state.closed {
                return None;
            }
            state.asleep = true;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.asleep = false;
        std::mem::swap(&mut state.lines, lines);
        Some(std::mem::take(&mut state.dropped))
    }

    /// Nothing panics while it is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.state();
        if state.lines.len() + line.len() > MOST {
            state.dropped += 1;
        } else {
            state.lines.extend_from_slice(line);
        }
        if state.asleep {
            drop(state);
            self.0.arrived.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.buffer.state().closed = true;
        self.buffer.arrived.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    struct Told(Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_was_logged_is_written_in_its_order_before_the_end() {
        let (told, lines) = channel();
        let (mut writer, guard) = LogWriter::start(Told(told)).unwrap();
        for number in 0..1_000 {
            writeln!(&mut writer, "line {number}").unwrap();
        }
        drop(guard);
        let text = String::from_utf8(lines.iter().flatten().collect()).unwrap();
        let expected: String = (0..1_000).map(|number| format!("line {number}\n")).collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn what_nobody_reads_is_dropped_and_counted() {
        struct Slow(Told);
        impl Write for Slow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                std::thread::sleep(Duration::from_millis(100));
                self.0.write(bytes)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (told, lines) = channel();
        let (mut writer, guard) = LogWriter::start(Slow(Told(told))).unwrap();
        let line = vec![b'x'; 1 << 20];
        for _ in 0..64 {
            writer.write_all(&line).unwrap();
        }
        drop(guard);
        let written: Vec<u8> = lines.iter().flatten().collect();
        assert!(written.len() < 40 << 20);
        assert!(String::from_utf8_lossy(&written).contains("lines of the log were dropped"));
    }
}
