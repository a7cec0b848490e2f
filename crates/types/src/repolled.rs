//! A future that is polled again at once when it wakes itself.
//!
//! An HTTP connection, of a client or of a runtime, wakes its own task several times for each request with a body, once per
//! hand-over between its parser and the body's reader. The scheduler would queue the task again each time and wake another
//! thread to help with it, a system call and a wake-up across processors for nothing. Invariant: a wake-up is never lost, and a future that wakes
//! itself for ever lets others run.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Polls in a row before the task goes to the end of the scheduler's queue after all.
const IN_A_ROW: usize = 16;

const IDLE: u8 = 0;
const POLLING: u8 = 1;
/// Woken while it was being polled.
const AGAIN: u8 = 2;

/// See the top of its file: a wake-up is never lost, and one that comes while the future is being polled costs nothing.
pub struct Repolled<F> {
    inner: Pin<Box<F>>,
    signal: Arc<Signal>,
    waker: Waker,
}

struct Signal {
    state: AtomicU8,
    task: Mutex<Waker>,
}

impl Signal {
    /// What it guards is a waker, whole whatever panicked.
    fn task(&self) -> MutexGuard<'_, Waker> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let polling = self.state.fetch_max(AGAIN, Ordering::AcqRel);
        if polling == IDLE {
            // Nobody polls it: the task has to. The mark stays until it does, and spares further wake-ups.
            self.task().wake_by_ref();
        }
    }
}

impl<F: Future> Repolled<F> {
    /// Around this future.
    pub fn new(inner: F) -> Self {
        let signal = Arc::new(Signal { state: AtomicU8::new(IDLE), task: Mutex::new(Waker::noop().clone()) });
        let waker = Waker::from(Arc::clone(&signal));
        Self { inner: Box::pin(inner), signal, waker }
    }
}

impl<F: Future> Future for Repolled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        this.signal.task().clone_from(cx.waker());
        for _ in 0..IN_A_ROW {
            this.signal.state.store(POLLING, Ordering::Release);
            let mut context = Context::from_waker(&this.waker);
            if let Poll::Ready(output) = this.inner.as_mut().poll(&mut context) {
                return Poll::Ready(output);
            }
            let quiet =
                this.signal.state.compare_exchange(POLLING, IDLE, Ordering::AcqRel, Ordering::Acquire);
            if quiet.is_ok() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;
    use std::time::{Duration, Instant};

    const PATIENCE: Duration = Duration::from_secs(10);

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_future_that_wakes_itself_is_polled_again_without_its_task() {
        let mut polls = 0;
        let mut future = Repolled::new(poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls < 4 { Poll::Pending } else { Poll::Ready(polls) }
        }));
        let task = Arc::new(Counted::default());
        let waker = Waker::from(Arc::clone(&task));
        assert_eq!(Pin::new(&mut future).poll(&mut Context::from_waker(&waker)), Poll::Ready(4));
        assert_eq!(task.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn one_that_never_stops_waking_itself_lets_others_run() {
        let mut future = Repolled::new(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        let task = Arc::new(Counted::default());
        let waker = Waker::from(Arc::clone(&task));
        for round in 1..4 {
            assert_eq!(Pin::new(&mut future).poll(&mut Context::from_waker(&waker)), Poll::Pending);
            assert_eq!(task.0.load(Ordering::SeqCst), round, "queued once, not by each wake-up");
        }
    }

    /// Resolves once another thread has said so; wakes whoever polled it last.
    #[derive(Default)]
    struct Elsewhere(Mutex<(bool, Option<Waker>)>);

    impl Elsewhere {
        fn poll(&self, cx: &Context<'_>) -> Poll<()> {
            let mut held = self.0.lock().unwrap();
            held.1 = Some(cx.waker().clone());
            if held.0 { Poll::Ready(()) } else { Poll::Pending }
        }

        fn finish(&self) {
            let mut held = self.0.lock().unwrap();
            held.0 = true;
            if let Some(waker) = held.1.take() {
                waker.wake();
            }
        }
    }

    struct Unparking(std::thread::Thread);

    impl Wake for Unparking {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    #[test]
    fn no_wake_up_from_elsewhere_is_lost() {
        let waker = Waker::from(Arc::new(Unparking(std::thread::current())));
        for _ in 0..200 {
            let elsewhere = Arc::new(Elsewhere::default());
            let waited = Arc::clone(&elsewhere);
            let mut future = Repolled::new(poll_fn(move |cx| waited.poll(cx)));
            let other = std::thread::spawn(move || elsewhere.finish());
            let begun = Instant::now();
            while Pin::new(&mut future).poll(&mut Context::from_waker(&waker)).is_pending() {
                assert!(begun.elapsed() < PATIENCE, "a wake-up was lost");
                std::thread::park_timeout(PATIENCE);
            }
            other.join().unwrap();
        }
    }
}
