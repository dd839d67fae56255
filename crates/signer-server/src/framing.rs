//! Refuses a head that has both `Content-Length` and `Transfer-Encoding`. The HTTP layer would take the
//! second, and whoever stands in front may take the first: what one of them holds for a body the other
//! would take for a request (RFC 9112, section 6.3).
//!
//! Both names at the start of two lines with no empty line between them are refused wherever they stand. So
//! nothing must be known of where a head begins; and no JSON text has such lines.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longer of the two names.
const LONGEST: usize = "transfer-encoding".len();

/// A connection whose input is watched. In place of the second name the HTTP layer gets a byte that no head
/// may hold, answers 400, and closes.
pub(crate) struct Framed<S> {
    stream: S,
    watch: Watch,
}

impl<S> Framed<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, watch: Watch::default() }
    }
}

#[derive(Default)]
struct Watch {
    /// The line so far, up to a length that no name of ours has.
    line: [u8; LONGEST + 1],
    length: usize,
    content_length: bool,
    transfer_encoding: bool,
    refused: bool,
}

impl Watch {
    /// Looks at what was read; the place from which on it must not be passed on.
    fn see(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.length > LONGEST {
                // The name is over: only the end of the line tells more.
                at += bytes[at..].iter().position(|byte| *byte == b'\n')?;
            }
            match bytes[at] {
                b'\n' => self.end_line(),
                b':' => {
                    self.end_name();
                    if self.content_length && self.transfer_encoding {
                        self.refused = true;
                        return Some(at);
                    }
                }
                byte => {
                    self.line[self.length] = byte.to_ascii_lowercase();
                    self.length += 1;
                }
            }
            at += 1;
        }
        None
    }

    fn end_line(&mut self) {
        if matches!(&self.line[..self.length], b"" | b"\r") {
            (self.content_length, self.transfer_encoding) = (false, false);
        }
        self.length = 0;
    }

    fn end_name(&mut self) {
        match &self.line[..self.length] {
            b"content-length" => self.content_length = true,
            b"transfer-encoding" => self.transfer_encoding = true,
            _ => {}
        }
        self.length = LONGEST + 1;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Framed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.watch.refused {
            // Nothing of this connection is read any more.
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(at) = self.watch.see(&buffer.filled()[before..]) {
            buffer.filled_mut()[before + at] = 0;
            buffer.set_filled(before + at + 1);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::Watch;

    /// Whether a stream is refused, however it is cut.
    fn refused(stream: &str) -> bool {
        let verdicts: Vec<bool> = (1..=stream.len())
            .map(|size| {
                let mut watch = Watch::default();
                stream.as_bytes().chunks(size).any(|chunk| watch.see(chunk).is_some())
            })
            .collect();
        assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{stream:?}");
        verdicts[0]
    }

    #[test]
    fn both_names_in_one_head() {
        assert!(refused(
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        ));
        assert!(refused("POST / HTTP/1.1\ntransfer-ENCODING:x\nHost: a\ncontent-length:1\n\n"));
        assert!(!refused("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"));
        assert!(!refused("POST / HTTP/1.1\r\nX-Content-Length: 1\r\nTransfer-Encoding: x\r\n\r\n"));
        assert!(!refused(
            "POST / HTTP/1.1\r\nx: content-length: 1\r\nTransfer-Encoding: x\r\n\r\n"
        ));
    }

    #[test]
    fn one_name_in_each_of_two_heads() {
        let first = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
        let second = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        assert!(!refused(&format!("{first}{second}{first}")));
        assert!(refused(&format!(
            "{first}POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: x\r\n\r\n"
        )));
    }
}
