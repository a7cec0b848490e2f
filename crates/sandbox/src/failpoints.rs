//! Places at which a test lets a step fail: right after it succeeded, which is where what it made can be left behind.
//!
//! Invariant: without the cargo feature `failpoints`, which only this crate's own tests turn on, nothing can be made to fail:
//! what the code calls is empty.

#[cfg(not(feature = "failpoints"))]
pub(crate) use off::*;
#[cfg(feature = "failpoints")]
pub use on::{Action, Failpoint, Process, arm_start};
#[cfg(feature = "failpoints")]
pub(crate) use on::{arm_by, arm_spawner, enter, forget_others, packet, pass};

#[cfg(not(feature = "failpoints"))]
mod off {
    use rustix::fd::AsFd;
    use rustix::io::Errno;

    use crate::step::Step;

    #[derive(Clone, Copy)]
    pub(crate) enum Process {
        Spawner,
        First,
        Init,
        Runtime,
    }

    pub(crate) fn enter(_process: Process) {}

    pub(crate) fn pass(_step: Step) -> Result<(), Errno> {
        Ok(())
    }

    pub(crate) fn arm_by(_packet: &[u8]) -> bool {
        false
    }

    pub(crate) fn arm_spawner(_socket: impl AsFd) {}

    pub(crate) fn forget_others() {}
}

#[cfg(feature = "failpoints")]
mod on {
    use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

    use rustix::fd::AsFd;
    use rustix::io::Errno;
    use rustix::process::Signal;

    use crate::spawner::packet as packets;
    use crate::step::Step;
    use crate::syscalls;

    /// Which process is to fail.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[repr(u8)]
    pub enum Process {
        /// The one that starts the spawner.
        Platform,
        /// The spawner.
        Spawner,
        /// The first process of an environment, until it has forked the runtime.
        First,
        /// The same from then on.
        Init,
        /// The runtime's process, until it is executed.
        Runtime,
    }

    /// How.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[repr(u8)]
    pub enum Action {
        /// The step reports ECANCELED.
        Error,
        /// The process is gone without a word.
        Death,
    }

    /// One failure, once.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Failpoint {
        /// After this step,
        pub step: Step,
        /// in this process,
        pub process: Process,
        /// this happens.
        pub action: Action,
    }

    const MAGIC: &[u8; 8] = b"failhere";
    /// Set where there is one, so that no failpoint is 0.
    const SET: u64 = 1 << 32;

    static ARMED: AtomicU64 = AtomicU64::new(0);
    static PROCESS: AtomicU8 = AtomicU8::new(Process::Platform as u8);

    impl Failpoint {
        fn pack(self) -> u64 {
            SET | u64::from(self.step.number())
                | u64::from(self.process as u8) << 16
                | u64::from(self.action as u8) << 24
        }
    }

    fn process_of(armed: u64) -> u8 {
        (armed >> 16) as u8
    }

    /// Arms a failpoint for the next start of a spawner by this process, in this process or in the spawner; or none.
    pub fn arm_start(failpoint: Option<Failpoint>) {
        ARMED.store(failpoint.map_or(0, Failpoint::pack), Ordering::SeqCst);
    }

    /// What makes a spawner that receives it arm this failpoint.
    pub(crate) fn packet(failpoint: Option<Failpoint>) -> Vec<u8> {
        [MAGIC.as_slice(), &failpoint.map_or(0, Failpoint::pack).to_le_bytes()].concat()
    }

    /// Hands what was armed for the spawner's start on to it.
    pub(crate) fn arm_spawner(socket: impl AsFd) {
        let armed = ARMED.load(Ordering::SeqCst);
        if armed != 0 && process_of(armed) != Process::Platform as u8 {
            ARMED.store(0, Ordering::SeqCst);
            // A spawner that is gone needs no failpoint.
            let _ = packets::send(socket, &[MAGIC.as_slice(), &armed.to_le_bytes()].concat(), &[]);
        }
    }

    /// Whether a packet was such a one.
    pub(crate) fn arm_by(packet: &[u8]) -> bool {
        let Some(number) = packet.strip_prefix(MAGIC) else { return false };
        ARMED.store(number.try_into().map_or(0, u64::from_le_bytes), Ordering::SeqCst);
        true
    }

    /// This process is that one from now on.
    pub(crate) fn enter(process: Process) {
        PROCESS.store(process as u8, Ordering::SeqCst);
    }

    /// In the spawner, once the processes that were to fail have been made and have their own copy of this.
    pub(crate) fn forget_others() {
        if process_of(ARMED.load(Ordering::SeqCst)) != Process::Spawner as u8 {
            ARMED.store(0, Ordering::SeqCst);
        }
    }

    /// This step succeeded in this process.
    pub(crate) fn pass(step: Step) -> Result<(), Errno> {
        let armed = ARMED.load(Ordering::SeqCst);
        let is_here = process_of(armed) == PROCESS.load(Ordering::SeqCst) && armed as u16 == step.number();
        if armed == 0 || !is_here {
            return Ok(());
        }
        ARMED.store(0, Ordering::SeqCst);
        if (armed >> 24) as u8 == Action::Error as u8 { Err(Errno::CANCELED) } else { die() }
    }

    fn die() -> ! {
        let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
        // The kernel lets no signal from inside end the first process of a pid namespace.
        syscalls::exit_now(137)
    }
}
