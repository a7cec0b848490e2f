//! Writes that can wait: a connection whose client has asked for work already doesn't need "accepted" on its own.
//!
//! A runtime may send its answer and its next question in one packet. Its "accepted" then goes out together with the next
//! invocation: one system call and one wake-up of the runtime less for each invocation. A client that waits for "accepted"
//! before it asks is never affected, because then nothing is unwritten when its question arrives.

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::net::TcpStream;

/// Whether the connection's client waits in `next`. Only the connection's own task looks at it.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// Holds writes back as long as the guard lives.
    pub(crate) fn hold(&self) -> impl Drop + '_ {
        self.0.store(true, Ordering::Relaxed);
        Release(&self.0)
    }
}

struct Release<'a>(&'a AtomicBool);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A connection whose writes are held back while its client waits.
pub(crate) struct Holding {
    stream: TokioIo<TcpStream>,
    waiting: Waiting,
}

impl Holding {
    /// Around this connection.
    pub(crate) fn new(stream: TcpStream, waiting: Waiting) -> Self {
        Self { stream: TokioIo::new(stream), waiting }
    }

    /// Pending without a waker: the answer to `next` wakes the connection's task, and then it is written along.
    fn holds(&self) -> bool {
        self.waiting.0.load(Ordering::Relaxed)
    }
}

impl Read for Holding {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Holding {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.holds() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.holds() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
