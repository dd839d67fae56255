//! A connection that can be told to misbehave.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What is done with the next bytes that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mishap {
    #[default]
    None,
    /// A reset instead.
    Reset,
    /// A reset after all but the last so many bytes.
    Cut(usize),
    /// All of them, twice.
    Twice,
}

/// How a request's handler tells the connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct MishapSwitch(Arc<Mutex<Mishap>>);

impl MishapSwitch {
    pub(crate) fn set(&self, mishap: Mishap) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = mishap;
    }

    fn take(&self) -> Mishap {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) struct FaultyStream {
    inner: TcpStream,
    switch: MishapSwitch,
    /// What is still to be written, and whether a reset follows it.
    rest: Vec<u8>,
    then_reset: bool,
}

impl FaultyStream {
    pub(crate) const fn new(inner: TcpStream, switch: MishapSwitch) -> Self {
        Self { inner, switch, rest: Vec::new(), then_reset: false }
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            match Pin::new(&mut self.inner).poll_write(cx, &self.rest) {
                Poll::Ready(Ok(written)) => drop(self.rest.drain(..written)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        if self.then_reset {
            // Without lingering, closing is a reset.
            let _ = self.inner.set_zero_linger();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for FaultyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.drain(cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
        let mishap = self.switch.take();
        if mishap == Mishap::None {
            return Pin::new(&mut self.inner).poll_write(cx, bytes);
        }
        let kept = match mishap {
            Mishap::Reset => 0,
            Mishap::Cut(last) => bytes.len().saturating_sub(last),
            Mishap::Twice | Mishap::None => bytes.len(),
        };
        self.rest.extend(bytes.iter().take(kept));
        self.then_reset = mishap != Mishap::Twice;
        if mishap == Mishap::Twice {
            self.rest.extend_from_slice(bytes);
        }
        match self.drain(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.drain(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut self.inner).poll_flush(cx),
            other => other,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.drain(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut self.inner).poll_shutdown(cx),
            other => other,
        }
    }
}
