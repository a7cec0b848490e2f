//! What a fuzzer feeds: both fronts of the Runtime API, before a desk with an invocation on it.
//!
//! Invariant: whatever a runtime sends, the front comes to its end with the environment, and a desk whose runtime is gone
//! still gives its invocation an outcome.

use crate::environment::End;
use crate::environment::desk::Desk;
use crate::logs::Capture;
use crate::memory::MemoryWatch;
use crate::runtime_api::{Connections, converse, serve};
use crate::{Invocation, Outcome, sample};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use types::{Clock, Random, RequestId, Timestamp};

/// How long a front may take to see that its runtime has hung up, on a busy machine.
const END: Duration = Duration::from_secs(20);

/// Bytes of output in a second.
const LOG_RATE: u32 = 1 << 20;
/// How long a front that may wait for work is listened to.
const MOMENT: Duration = Duration::from_millis(2);

/// Serves runtimes that say anything.
pub struct RuntimeApi {
    runtime: Runtime,
}

impl RuntimeApi {
    /// With a thread of its own.
    ///
    /// # Errors
    /// Where the system lets none be made.
    pub fn new() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime })
    }

    /// A runtime that sends these bytes and hangs up; the first chooses the front.
    ///
    /// # Panics
    /// Where an invariant does not hold.
    pub fn feed(&self, input: &[u8]) {
        let Some((which, input)) = input.split_first() else { return };
        let (desk, outcome) = desk();
        self.runtime.block_on(async {
            let talk =
                async { if which % 2 == 0 { channel(&desk, input).await } else { http(&desk, input).await } };
            let talked = tokio::time::timeout(END, talk).await;
            assert!(matches!(talked, Ok(Ok(()))), "the front did not end: {talked:?}");
            settle(&desk, outcome).await;
        });
    }
}

/// One with an invocation on it.
fn desk() -> (Arc<Desk>, oneshot::Receiver<Outcome>) {
    let (spec, clock) = (Arc::new(sample::spec()), Arc::new(Stopped) as Arc<dyn Clock>);
    let memory = Arc::new(MemoryWatch::new(1));
    let log = Capture::new(Arc::clone(&spec.log), spec.logging, Arc::clone(&clock), memory, LOG_RATE);
    let desk = Arc::new(Desk::new(spec, clock, Arc::new(log)));
    let (reply, outcome) = oneshot::channel();
    desk.begin(event(), reply);
    (desk, outcome)
}

/// The channel of managed runtimes.
async fn channel(desk: &Arc<Desk>, input: &[u8]) -> std::io::Result<()> {
    let (runtime, platform) = UnixStream::pair()?;
    let served = converse(platform, Arc::clone(desk), 0);
    tokio::join!(served, say(runtime, input));
    Ok(())
}

/// HTTP on a listener. A runtime that asked for work and sent more behind it is not heard any more until there is work, not
/// even hanging up: what ends the front then is the end of its environment, here after a moment.
async fn http(desk: &Arc<Desk>, input: &[u8]) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let runtime = TcpStream::connect(listener.local_addr()?).await?;
    // So that thousands of these leave no address behind that can't be used for a minute.
    runtime.set_zero_linger()?;
    let connections = Connections::default();
    let served = serve(listener, Arc::clone(desk), 0, connections.clone());
    tokio::select! {
        () = served => {}
        () = async {
            say(runtime, input).await;
            let end = tokio::time::Instant::now() + MOMENT;
            while !connections.are_none() && tokio::time::Instant::now() < end {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    Ok(())
}

/// Says all of it, hears what comes for a moment, and hangs up.
async fn say(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, input: &[u8]) {
    // The platform may hang up at any byte.
    let _ = stream.write_all(input).await;
    let _ = stream.shutdown().await;
    let mut heard = [0; 4096];
    let hear = async { while matches!(stream.read(&mut heard).await, Ok(1..)) {} };
    // Forever, where an invocation was asked for once more.
    let _ = tokio::time::timeout(MOMENT / 2, hear).await;
}

/// The end of the environment, as its driver brings it about.
async fn settle(desk: &Desk, mut outcome: oneshot::Receiver<Outcome>) {
    let unfinished = desk.close();
    let end = desk.told().map_or(End::Stopped, End::from);
    if let Some(verdict) = end.verdict(unfinished, true, Duration::from_secs(3), Stopped.now()) {
        desk.settle(verdict);
    }
    assert!(outcome.try_recv().is_ok(), "the invocation got no outcome");
}

/// Its id is the one that the corpus names.
fn event() -> Invocation {
    Invocation { request_id: RequestId::generate(&Zeros), ..sample::event("{}") }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp(1_795_478_400_000)
    }
}

struct Zeros;

impl Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}
