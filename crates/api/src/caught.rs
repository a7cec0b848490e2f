//! A panic in one request stays in that request.
//!
//! Invariant: what panicked is dropped and never polled again, so that no half-changed state is seen; what several
//! requests share is behind locks that ignore poison and hold plain data.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// The future panicked. The panic's own message went to the log through the panic hook.
#[derive(Debug, thiserror::Error)]
#[error("the code that handled the request panicked: report this with the log's lines about the panic")]
pub(crate) struct Panicked;

/// The future's output, or the news of its panic.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}
