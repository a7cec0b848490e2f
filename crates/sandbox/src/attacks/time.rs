//! Taking more time than was given: of the processor, between invocations, and after the end.
//!
//! Invariant: whatever goes on here by the absence of a layer ends by itself, at the latest when nobody listens any more.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, WaitOptions};

use super::inside::say;
use super::refusal::{NOT_TRIED, Needed, Verdict, breach};
use super::stage::{Facts, PATIENCE, Stage, finish, left};
use super::{Attack, Group, Place, Twin, Twins, run};
use crate::error::AttackError;
use crate::handle::{Sandbox, wait_readable};
use crate::syscalls;
use crate::weaken::Layer;

const SPIN: &str = "more-processor-time";
const GO_ON: &str = "run-between-invocations";
const OUTLIVE: &str = "outlive-the-time-limit";

/// The fact that says which share of a processor there is, in thousandths.
const SHARE: &str = "share";
/// A tenth of a processor.
const MILLIS: u32 = 100;
/// So many processes want all that there is, for so long.
const SPINNERS: usize = 4;
const SPINNING: Duration = Duration::from_millis(500);
/// What counts as silence of a program that speaks every other millisecond, and when it must have begun.
const SILENCE: Duration = Duration::from_millis(300);
const SETTLING: Duration = Duration::from_secs(5);
/// When everything must be dead after the kill.
const DYING: Duration = Duration::from_secs(5);
/// Longest life of a program of these attacks.
const LIFE: Duration = Duration::from_secs(30);

const TIME: Attack = Attack { group: Group::Resources, ..Attack::SHARED };

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: SPIN,
        what: "use more of the processor than the function's share, with several processes",
        protection: "cpu-limit",
        twins: Twins {
            privileged: Twin::Without(&[Layer::Cgroup]),
            rootless: Twin::None("it gets through wherever a plain user has no cpu cgroup"),
        },
        inside: spin,
        place: Place::Staged(spinning),
        ..TIME
    },
    Attack {
        name: GO_ON,
        what: "go on between invocations, when the environment waits for the next one",
        protection: "freezer",
        twins: Twins::without(&[Layer::Freezer]),
        inside: |_| go_on(),
        place: Place::Staged(frozen),
        ..TIME
    },
    Attack {
        name: OUTLIVE,
        what: "outlive the kill at the time limit: a daemon in a session of its own that is deaf to signals",
        protection: "time-limit",
        twins: Twins {
            privileged: Twin::Without(&[Layer::PidNamespace]),
            rootless: Twin::None("a /proc for the host's processes can't be mounted in a user namespace"),
        },
        inside: |_| outlive(),
        place: Place::Staged(killed),
        ..TIME
    },
];

fn spinning(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let mut spec = stage.spec(SPIN, &stage.facts().with(SHARE, MILLIS));
    (spec.limits.cpu_millis, spec.limits.init_cpu_millis) = (MILLIS, MILLIS);
    let ended = finish(&stage.create(&spec)?);
    Ok(run::read(&ended.output, SPIN))
}

/// What it got against what it should have got, over the time that it took.
fn spin(facts: &Facts) -> Verdict {
    let begin = Instant::now();
    for _ in 0..SPINNERS {
        if syscalls::fork().needed("a process")?.is_none() {
            while begin.elapsed() < SPINNING {}
            syscalls::exit_now(0)
        }
    }
    while rustix::process::wait(WaitOptions::empty()).is_ok() {}
    let wall = begin.elapsed().as_micros();
    let used = syscalls::time_of_children().needed("the time used")?.as_micros();
    let percent = used * 100 / wall.max(1);
    // Begun periods, bursts, and what the kernel hands out to each processor ahead.
    let most = u128::from(facts.number(SHARE)) / 10 * 5 / 2;
    let said = format!("{percent} % of a processor with a share of {} %", facts.number(SHARE) / 10);
    if percent <= most { Ok(said) } else { breach(said) }
}

/// Speaks every other millisecond.
fn go_on() -> Verdict {
    let begin = Instant::now();
    while begin.elapsed() < LIFE {
        say("tick");
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(String::new())
}

fn frozen(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let sandbox = stage.start(GO_ON, stage.facts())?;
    Ok(stands_still(&sandbox))
}

fn stands_still(sandbox: &Sandbox) -> Verdict {
    if !hears(sandbox, PATIENCE) {
        return breach(format!("{NOT_TRIED}: it never began"));
    }
    let is_frozen = sandbox.freeze().needed("freezing")?;
    let deadline = Instant::now() + SETTLING;
    while hears(sandbox, SILENCE) {
        if !is_frozen || left(deadline).is_zero() {
            return breach("it goes on");
        }
    }
    sandbox.thaw().needed("thawing")?;
    if !hears(sandbox, PATIENCE) {
        return breach(format!("{NOT_TRIED}: it did not go on after the thaw"));
    }
    Ok(format!("silent for {} ms, and went on when it was let", SILENCE.as_millis()))
}

/// Waits for a word, and takes it.
fn hears(sandbox: &Sandbox, patience: Duration) -> bool {
    wait_readable(&sandbox.output, patience)
        && rustix::io::read(&sandbox.output, &mut [0; 64 << 10]).is_ok_and(|count| count > 0)
}

/// A daemon: the grandchild of a child that is gone, with a session of its own.
fn outlive() -> Verdict {
    for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGINT] {
        syscalls::ignore_signal(signal).needed("being deaf")?;
    }
    if let Some(child) = syscalls::fork().needed("a process")? {
        rustix::process::waitpid(Some(child), WaitOptions::empty()).needed("its end")?;
        std::thread::sleep(LIFE);
        return Ok(String::new());
    }
    rustix::process::setsid().needed("a session")?;
    if syscalls::fork().needed("a daemon")?.is_none() {
        say("ready");
        while_somebody_listens();
    }
    syscalls::exit_now(0)
}

fn while_somebody_listens() {
    let patience = Timespec { tv_sec: LIFE.as_secs() as i64, tv_nsec: 0 };
    // Whatever it says: then it is over.
    let _ = poll(&mut [PollFd::from_borrowed_fd(io::stdout().as_fd(), PollFlags::empty())], Some(&patience));
}

fn killed(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let sandbox = stage.start(OUTLIVE, stage.facts())?;
    if !hears(&sandbox, PATIENCE) {
        return Ok(breach(format!("{NOT_TRIED}: it never began")));
    }
    // First what can be heard, then what can't.
    let _ = rustix::process::pidfd_send_signal(&sandbox.pidfd, Signal::TERM);
    sandbox.kill();
    let deadline = Instant::now() + DYING;
    // The end of the output is the end of the last process that has it.
    while hears(&sandbox, left(deadline)) {}
    Ok(match left(deadline).is_zero() {
        true => breach("a daemon of it lives on"),
        false => Ok("every process is dead".to_owned()),
    })
}
