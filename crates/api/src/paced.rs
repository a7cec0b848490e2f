//! A connection that gives up a client who takes too long over reading an answer: the answer is held in memory meanwhile.
//!
//! Invariant: an answer of N bytes is held for at most 30 s and a second for each 16 KiB of it. Nothing of this costs a
//! client that reads as fast as it is sent to.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may take over any answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How fast it must read on the whole beyond that, in bytes.
const BYTES_PER_SECOND: usize = 16 << 10;

/// A stream whose writes have to get on.
pub(crate) struct Paced<S> {
    stream: S,
    /// When what is being written must be through; there is none while writes don't wait.
    due: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncWrite + Unpin> Paced<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, due: None }
    }

    /// What a write came to, and whether its time is over.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.waits(context).map(Err),
            Poll::Ready(Ok(bytes)) => {
                self.has_earned(bytes);
                Poll::Ready(Ok(bytes))
            }
            failed => failed,
        }
    }

    fn waits(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let due = self.due.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + PATIENCE)));
        due.as_mut()
            .poll(context)
            .map(|()| io::Error::new(io::ErrorKind::TimedOut, "an answer is read too slowly"))
    }

    fn has_earned(&mut self, bytes: usize) {
        if let Some(due) = &mut self.due {
            let more = Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND as f64);
            let later = due.deadline() + more;
            due.as_mut().reset(later);
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Everything is with the system: the next answer has its own time.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.due = None;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    const SECOND: Duration = Duration::from_secs(1);
    const ANSWER: usize = 1 << 20;

    /// Reads so many bytes a second, for ever.
    async fn read_slowly(mut client: DuplexStream, bytes: usize) {
        let mut space = vec![0; bytes];
        loop {
            tokio::time::sleep(SECOND).await;
            client.read_exact(&mut space).await.unwrap();
        }
    }

    async fn sent_to(bytes_per_second: usize) -> (io::Result<()>, Duration) {
        let (client, stream) = duplex(64 << 10);
        let (begun, mut paced) = (Instant::now(), Paced::new(stream));
        let sent = tokio::select! {
            sent = async {
                paced.write_all(&vec![0; ANSWER]).await?;
                paced.flush().await
            } => sent,
            () = read_slowly(client, bytes_per_second) => unreachable!(),
        };
        (sent, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_given_up_soon() {
        let (client, stream) = duplex(64 << 10);
        let begun = Instant::now();
        let error = Paced::new(stream).write_all(&vec![0; ANSWER]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() <= 31 * SECOND, "{:?}", begun.elapsed());
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_at_half_the_least_rate_is_given_up() {
        let (sent, took) = sent_to(BYTES_PER_SECOND / 2).await;
        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(took < 70 * SECOND, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_but_in_earnest_gets_everything() {
        let (sent, took) = sent_to(BYTES_PER_SECOND * 5 / 4).await;
        sent.unwrap();
        assert!(took > 40 * SECOND, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_has_its_own_time() {
        let (mut client, stream) = duplex(1);
        let mut paced = Paced::new(stream);
        for _ in 0..10 {
            let answer = async {
                paced.write_all(b"ab").await.unwrap();
                paced.flush().await.unwrap();
            };
            let reader = async {
                tokio::time::sleep(20 * SECOND).await;
                client.read_exact(&mut [0; 2]).await.unwrap();
            };
            tokio::join!(answer, reader);
        }
    }
}
