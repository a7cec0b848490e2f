//! The lines of one environment between the pipe and the sink.
//!
//! Invariant: at most about 4 MB are held, whatever is printed: lines of one byte weigh what they take. From [`SOFT_BYTES`] on
//! the pipe is left alone, so that its writer sleeps; what is read beyond that is only the bounded rest that belongs before an
//! END, of which nothing is kept from [`MOST_BYTES`] on.

use super::entry::{Entry, InitPhase, Report, Status};
use super::levels;
use super::lines::Lines;
use super::rate::Rate;
use super::tail::Tail;
use crate::memory::MemoryWatch;
use crate::{LogFormat, LogLevel, LogTail, Logging, sync::lock};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telemetry::{LogBatch, LogLine, LogStream};
use tokio::sync::Notify;
use types::{Clock, Timestamp};

/// From here on the pipe is not read until the shipper has taken what there is.
const SOFT_BYTES: usize = 512 * 1024;
/// From here on the shipper doesn't wait for more.
const URGENT_BYTES: usize = 128 * 1024;
/// From here on no further invocation begins: each adds lines of the platform's own.
const HARD_BYTES: usize = 1024 * 1024;
/// From here on what a function prints is left out.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// The most that is read from the pipe before an END: the largest that an unprivileged process can make its pipe.
const DRAIN_BYTES: usize = 1024 * 1024;

/// Entries that become lines before others get a turn: some 30 µs of work.
const ENTRIES_AT_A_TIME: usize = 32;

/// What one read of the pipe gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pumped {
    /// That many bytes.
    Some(usize),
    /// Nothing at the moment.
    Nothing,
    /// Nothing any more.
    Ended,
    /// Some, and all or the end of it was left out, as too much was printed lately.
    Cut,
    /// Nothing was read: there is no room.
    Full,
}

/// Collects the lines of one environment.
pub(crate) struct Capture {
    stream: Arc<LogStream>,
    logging: Logging,
    clock: Arc<dyn Clock>,
    memory: Arc<MemoryWatch>,
    held: Mutex<Held>,
    /// There is something to ship.
    pub(super) filled: Notify,
    /// It should be shipped at once.
    pub(super) urgent: Notify,
    /// There is room again.
    drained: Notify,
}

struct Held {
    logging: Logging,
    rate: Rate,
    pipe: Option<Arc<OwnedFd>>,
    lines: Lines,
    pending: Vec<(Timestamp, Entry)>,
    bytes: usize,
    tail: Option<Tail>,
    closed: bool,
}

impl Capture {
    /// An empty one, for a function that may print this many bytes per second.
    pub(crate) fn new(
        stream: Arc<LogStream>,
        logging: Logging,
        clock: Arc<dyn Clock>,
        memory: Arc<MemoryWatch>,
        bytes_per_second: u32,
    ) -> Self {
        Self {
            stream,
            logging,
            clock,
            memory,
            held: Mutex::new(Held::new(logging, Rate::new(bytes_per_second))),
            filled: Notify::new(),
            urgent: Notify::new(),
            drained: Notify::new(),
        }
    }

    /// Reads from this pipe from now on.
    ///
    /// # Errors
    /// Where the pipe can't be made non-blocking.
    pub(crate) fn attach(&self, pipe: OwnedFd) -> io::Result<Arc<OwnedFd>> {
        rustix::io::ioctl_fionbio(&pipe, true)?;
        let pipe = Arc::new(pipe);
        lock(&self.held).pipe = Some(Arc::clone(&pipe));
        Ok(pipe)
    }

    /// Adds a line of the platform.
    pub(crate) fn push(&self, entry: Entry) {
        let mut held = lock(&self.held);
        held.push(self.clock.now(), entry);
        self.announce(&held);
    }

    /// The initialisation went well. What it printed comes before the first START.
    pub(crate) fn initialised(&self, duration: Duration, phase: InitPhase) {
        self.finish_output();
        let heard = self.logging.system_level.is_some_and(|level| level <= LogLevel::Debug);
        if heard && self.logging.format == LogFormat::Json {
            self.push(Entry::InitReport { duration, phase, status: Status::Success });
        }
    }

    /// START: from here on a tail is kept, if it is wanted.
    pub(crate) fn start(&self, entry: Entry, tail: LogTail) {
        let mut held = lock(&self.held);
        held.tail = (tail == LogTail::Wanted).then(Tail::default);
        held.push(self.clock.now(), entry);
        self.announce(&held);
    }

    /// Whatever the function wrote until now, then `before` (if any), END and REPORT; and the tail, if it was wanted.
    pub(crate) fn finish(&self, before: Option<Entry>, report: Report) -> Option<Vec<u8>> {
        let mut held = lock(&self.held);
        held.drain(&*self.clock);
        let now = self.clock.now();
        held.tell_cut(now);
        if let Some(before) = before {
            held.push(now, before);
        }
        if let Some(tail) = &mut held.tail {
            let end = Entry::End(report.clone());
            end.lines(self.logging, now, self.memory.peak(), |line| tail.push(&line));
        }
        held.pending_push(now, Entry::End(report));
        self.announce(&held);
        held.tail.take().map(Tail::finish)
    }

    /// Whatever the function wrote until now.
    pub(crate) fn finish_output(&self) {
        lock(&self.held).drain(&*self.clock);
    }

    /// Reads once from the pipe.
    pub(crate) fn pump(&self) -> Pumped {
        let mut held = lock(&self.held);
        if held.bytes >= SOFT_BYTES {
            return Pumped::Full;
        }
        let pumped = held.pump(&*self.clock);
        self.announce(&held);
        if held.rate.is_cutting() && matches!(pumped, Pumped::Some(_)) { Pumped::Cut } else { pumped }
    }

    /// Nothing comes after this: the shipper ships what there is, and ends.
    pub(crate) fn close(&self) {
        let mut held = lock(&self.held);
        held.drain(&*self.clock);
        held.tell_cut(self.clock.now());
        held.pipe = None;
        held.closed = true;
        self.filled.notify_one();
        self.urgent.notify_one();
    }

    /// Waits until another invocation's lines fit.
    pub(crate) async fn room(&self) {
        self.until_below(HARD_BYTES).await;
    }

    /// Waits until the pipe may be read again.
    pub(crate) async fn soft_room(&self) {
        self.until_below(SOFT_BYTES).await;
    }

    async fn until_below(&self, bytes: usize) {
        loop {
            let drained = self.drained.notified();
            tokio::pin!(drained);
            drained.as_mut().enable();
            if lock(&self.held).bytes < bytes {
                return;
            }
            drained.await;
        }
    }

    /// Takes all that is pending, as a batch (none when there is nothing), and says whether more may come.
    ///
    /// Writing the lines of some hundred invocations takes longer than several of them: others get their turn in between.
    pub(super) async fn take(&self) -> (Option<LogBatch>, bool) {
        let (pending, open) = self.take_pending();
        if pending.is_empty() {
            return (None, open);
        }
        let peak = self.memory.peak();
        let mut lines = Vec::with_capacity(pending.len() + 1);
        for (nth, (at, entry)) in pending.into_iter().enumerate() {
            if nth % ENTRIES_AT_A_TIME == ENTRIES_AT_A_TIME - 1 {
                tokio::task::yield_now().await;
            }
            entry.lines(self.logging, at, peak, |message| lines.push(LogLine { at, message }));
        }
        if lines.is_empty() {
            return (None, open);
        }
        (Some(LogBatch { stream: Arc::clone(&self.stream), lines }), open)
    }

    fn take_pending(&self) -> (Vec<(Timestamp, Entry)>, bool) {
        let mut held = lock(&self.held);
        let pending = std::mem::take(&mut held.pending);
        held.bytes = 0;
        let open = !held.closed;
        drop(held);
        self.drained.notify_waiters();
        (pending, open)
    }

    fn announce(&self, held: &Held) {
        if held.pending.is_empty() {
            return;
        }
        self.filled.notify_one();
        if held.bytes >= URGENT_BYTES {
            self.urgent.notify_one();
        }
    }
}

impl Held {
    fn new(logging: Logging, rate: Rate) -> Self {
        Self {
            logging,
            rate,
            pipe: None,
            lines: Lines::default(),
            pending: Vec::new(),
            bytes: 0,
            tail: None,
            closed: false,
        }
    }

    /// Adds a line, and to the tail too where one is kept. For entries whose text doesn't depend on memory.
    fn push(&mut self, at: Timestamp, entry: Entry) {
        if let Some(tail) = &mut self.tail {
            match &entry {
                Entry::Output(text) => tail.push(text),
                other => other.clone().lines(self.logging, at, 0, |line| tail.push(&line)),
            }
        }
        self.pending_push(at, entry);
    }

    fn output(&mut self, at: Timestamp, line: String) {
        if self.bytes >= MOST_BYTES {
            self.rate.leave_out(line.len());
        } else if levels::keeps(self.logging, &line) && self.rate.admits(at, line.len()) {
            self.tell_cut(at);
            self.push(at, Entry::Output(line));
        }
    }

    /// Takes what was printed. A flood of which nothing is kept is not even cut into lines.
    fn take_output(&mut self, now: Timestamp, bytes: &[u8]) {
        let mut lines = std::mem::take(&mut self.lines);
        if self.bytes >= MOST_BYTES || self.rate.admits_none(now) {
            self.rate.leave_out(lines.discard(bytes));
        } else {
            lines.push(bytes, |line| self.output(now, line));
        }
        self.lines = lines;
    }

    /// Says what was left out, if anything was.
    fn tell_cut(&mut self, at: Timestamp) {
        if let Some(notice) = self.rate.notice() {
            self.push(at, Entry::Output(notice));
        }
    }

    fn pending_push(&mut self, at: Timestamp, entry: Entry) {
        self.bytes += entry.weight();
        self.pending.push((at, entry));
    }

    fn pump(&mut self, clock: &dyn Clock) -> Pumped {
        let Some(pipe) = self.pipe.clone() else { return Pumped::Ended };
        // Not cleared: nearly always there is nothing to read.
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        match rustix::io::read(&*pipe, &mut buffer) {
            Ok(([], _)) => Pumped::Ended,
            Ok((bytes, _)) => {
                self.take_output(clock.now(), bytes);
                Pumped::Some(bytes.len())
            }
            Err(Errno::AGAIN | Errno::INTR) => Pumped::Nothing,
            Err(_) => Pumped::Ended,
        }
    }

    /// Reads what is in the pipe (a bounded part, when a flood goes on), and ends the last line.
    fn drain(&mut self, clock: &dyn Clock) {
        let mut drained = 0;
        while drained < DRAIN_BYTES
            && let Pumped::Some(bytes) = self.pump(clock)
        {
            drained += bytes;
        }
        let now = clock.now();
        let mut lines = std::mem::take(&mut self.lines);
        lines.finish(|line| self.output(now, line));
        self.lines = lines;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::{Ticking, spec};
    use rustix::pipe::{PipeFlags, pipe_with};

    /// What a function can leave in its pipe before it answers is all that it can, and all of it are lines.
    #[tokio::test(start_paused = true)]
    async fn a_pipe_full_of_empty_lines_takes_no_more_memory_than_other_output() {
        let (output, inside) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        rustix::pipe::fcntl_setpipe_size(&inside, DRAIN_BYTES).unwrap();
        let memory = Arc::new(MemoryWatch::new(1 << 30));
        let clock = Arc::new(Ticking::started());
        let capture = Capture::new(spec().log, Logging::default(), clock, memory, 4 << 20);
        capture.attach(output).unwrap();
        assert_eq!(rustix::io::write(&inside, &vec![b'\n'; DRAIN_BYTES]).unwrap(), DRAIN_BYTES);
        capture.finish_output();
        let (weight, entries) = {
            let held = lock(&capture.held);
            (held.bytes, held.pending.len())
        };
        let most = MOST_BYTES + size_of::<Entry>() + 1;
        assert!(weight <= most && entries * size_of::<Entry>() <= most, "{weight}");
        capture.close();
        let (batch, open) = capture.take().await;
        let lines = batch.unwrap().lines;
        let notice = &lines.last().unwrap().message;
        let kept = lines.len() - 1;
        assert!(!open && notice.contains(&format!("{} bytes of output", DRAIN_BYTES - kept)), "{notice}");
    }
}
