//! What the Landlock domain alone ends: a process in the environment's own namespaces, of its own user, but not of its domain.
//!
//! ```text
//! environment: first word ─────────────────── channel: the stranger's number ─ try ─ verdict
//! platform:          └ this program again, as the stranger: join the namespaces, fork, be the user ┘
//! ```
//! There is none in truth: every other layer would have to fail for one. Invariant: the stranger has no privilege left when it
//! is known to the function, and does not outlive the stage.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Pid, PidfdFlags, WaitOptions};
use rustix::thread::{CapabilitySet, CapabilitySets, Gid, ThreadNameSpaceType, Uid};

use super::inside::{NAME, STRANGER, say};
use super::refusal::{Breach, Needed, Verdict, name_of, refused};
use super::stage::{Facts, PATIENCE, Stage, finish, pid_in};
use super::{Attack, Place, Twins, run};
use crate::error::AttackError;
use crate::handle::{Sandbox, wait_readable};
use crate::syscalls;
use crate::weaken::Layer;

const VARIABLES: &str = "variables-beyond-the-domain";
const SOCKET: &str = "socket-beyond-the-domain";
/// The stranger's abstract socket.
const ADDRESS: &str = "lambent-stranger";
/// Facts for the stranger: a process of the environment, as the host numbers it, and its user there.
const PID: &str = "pid";
const USER: &str = "user";
/// The descriptor of the function's channel.
const CHANNEL: i32 = 3;
/// Longest life of the stranger, in seconds.
const LIFE: i64 = 60;

const BEYOND: Attack =
    Attack { group: super::Group::Identity, twins: Twins::without(&[Layer::Landlock]), ..Attack::SHARED };

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: VARIABLES,
        what: "read the variables of a process of its own user, in its own namespaces, but not of its domain",
        protection: "landlock",
        inside: |_| variables(),
        place: Place::Staged(|stage| beside_a_stranger(stage, VARIABLES)),
        ..BEYOND
    },
    Attack {
        name: SOCKET,
        what: "connect to the abstract socket of such a process, and signal it",
        protection: "landlock-scopes",
        inside: |_| socket(),
        place: Place::Staged(|stage| beside_a_stranger(stage, SOCKET)),
        ..BEYOND
    },
];

fn variables() -> Verdict {
    let number = await_stranger()?;
    let opened = std::fs::read(format!("/proc/{number}/environ"));
    refused("reading them", opened, &[Errno::PERM, Errno::ACCESS]).map(name_of)
}

fn socket() -> Verdict {
    let number = await_stranger()?;
    let address = SocketAddr::from_abstract_name(ADDRESS).needed("the address")?;
    let connected = refused("connecting", UnixStream::connect_addr(&address), &[Errno::PERM])?;
    let pid = Pid::from_raw(number).ok_or(Errno::SRCH).needed("its number")?;
    let signalled = refused("signalling", rustix::process::test_kill_process(pid), &[Errno::PERM])?;
    Ok(format!("{}, {}", name_of(connected), name_of(signalled)))
}

/// Inside: its number, as soon as it is there.
fn await_stranger() -> Result<i32, Breach> {
    let channel = syscalls::adopt_descriptor(CHANNEL).ok_or("there is none").needed("the channel")?;
    say("ready");
    let mut line = String::new();
    BufReader::new(UnixStream::from(channel)).read_line(&mut line).needed("a word of the stranger")?;
    line.trim().parse().needed("the stranger's number")
}

fn beside_a_stranger(stage: &Stage<'_>, name: &str) -> Result<Verdict, AttackError> {
    let mut spec = stage.spec(name, stage.facts());
    spec.channel = true;
    let mut sandbox = stage.create(&spec)?;
    if wait_readable(&sandbox.output, PATIENCE) {
        // "ready", or the end, after which the rest says why.
        let _ = rustix::io::read(&sandbox.output, &mut [0; 64]);
    }
    let _stranger = match bring(&mut sandbox, stage.facts()) {
        Ok(stranger) => stranger,
        Err(why) => return Ok(Err(why)),
    };
    Ok(run::read(&finish(&sandbox).output, name))
}

/// Starts the stranger, and tells the function.
fn bring(sandbox: &mut Sandbox, facts: &Facts) -> Result<Stranger, Breach> {
    let runtime = pid_in(sandbox).and_then(child_of).ok_or("it is gone").needed("the function")?;
    let user = user_of(runtime).ok_or("unknown").needed("the function's user")?;
    let facts = facts.with(PID, runtime).with(USER, user);
    let mut stranger = Stranger::start(&facts).needed("a stranger")?;
    let number = stranger.number().needed("a stranger in the environment")?;
    let mut channel = sandbox.channel.take().ok_or("there is none").needed("the channel")?;
    channel.write_all(format!("{number}\n").as_bytes()).needed("the channel")?;
    Ok(stranger)
}

/// The process that has this one for its parent.
fn child_of(parent: i32) -> Option<i32> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.into_iter().find(|pid| field(*pid, "PPid:").is_some_and(|found| found == parent.to_string()))
}

fn user_of(pid: i32) -> Option<u32> {
    field(pid, "Uid:")?.parse().ok()
}

/// The first word behind this one in a process's status.
fn field(pid: i32, name: &str) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// Gone when it is dropped, with what it started: it ends with its input, and the process between waits for it. Killed, that
/// one would leave it to the first process of the machine, which in a container may wait for nobody, and a process that
/// nobody waited for keeps a namespace of processes, and so an environment, from ending.
struct Stranger(Child);

impl Stranger {
    /// This program, as the stranger: who joins namespaces may have one thread only.
    #[expect(clippy::disallowed_methods, reason = "what is started is this program, and is waited for")]
    fn start(facts: &Facts) -> std::io::Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        command.arg0(format!("/{NAME}")).arg(STRANGER).args(facts.words());
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map(Self)
    }

    /// What it is called inside; an error where it could not get there.
    fn number(&mut self) -> Result<i32, String> {
        let mut text = String::new();
        if let Some(said) = self.0.stdout.take() {
            // A line of a few digits, or a reason.
            BufReader::new(said.take(256)).read_line(&mut text).map_err(|error| error.to_string())?;
        }
        text.trim().parse().map_err(|_| text)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Gone already is gone.
        let _ = self.0.wait();
    }
}

/// The stranger.
pub(super) fn be_stranger(facts: &Facts) {
    if let Err(errno) = enter(facts) {
        say(&format!("{errno}"));
    }
}

fn enter(facts: &Facts) -> rustix::io::Result<()> {
    let pid = i32::try_from(facts.number(PID)).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    let process = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    let is_privileged = facts.get("mode") == "privileged";
    // Into one that is the host's, for want of a layer, nobody can go who is there already and has no privilege over it.
    let kinds = [
        ("user", ThreadNameSpaceType::USER),
        ("net", ThreadNameSpaceType::NETWORK),
        ("pid", ThreadNameSpaceType::PROCESS_ID),
    ];
    let kinds = kinds.into_iter().filter(|(name, _)| is_another(pid, name)).map(|(_, kind)| kind).collect();
    rustix::thread::move_into_thread_name_spaces(std::os::fd::AsFd::as_fd(&process), kinds)?;
    match syscalls::fork()? {
        Some(child) => rustix::process::waitpid(Some(child), WaitOptions::empty()).map(|_| ()),
        None => {
            let stayed = become_one_of_them(is_privileged, facts.number(USER) as u32).and_then(|()| stay());
            if let Err(errno) = stayed {
                say(&format!("{errno}"));
            }
            syscalls::exit_now(0)
        }
    }
}

/// Whether that process is in another namespace of this kind.
fn is_another(pid: Pid, kind: &str) -> bool {
    let of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/{kind}")).ok();
    of(&pid.as_raw_nonzero().to_string()) != of("self")
}

/// The function's user, with as little privilege as it has.
fn become_one_of_them(is_privileged: bool, user: u32) -> rustix::io::Result<()> {
    if is_privileged {
        let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
        rustix::thread::set_thread_groups(&[])?;
        rustix::thread::set_thread_res_gid(gid, gid, gid)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    }
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(
        None,
        CapabilitySets { effective: none, permitted: none, inheritable: none },
    )?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable)?;
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
}

/// Listens, says who it is, and stays until its input ends.
fn stay() -> rustix::io::Result<()> {
    let address = SocketAddr::from_abstract_name(ADDRESS);
    let listener = address.and_then(|address| UnixListener::bind_addr(&address));
    let _listener = listener.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    say(&rustix::process::getpid().as_raw_nonzero().to_string());
    let input = std::io::stdin();
    let mut end = [PollFd::new(&input, PollFlags::IN)];
    let life = Timespec { tv_sec: LIFE, tv_nsec: 0 };
    rustix::event::poll(&mut end, Some(&life)).map(drop)
}

/// What a stranger needs of who stages it: a plain user owns the user namespaces of its environments.
pub(super) fn can_be_staged(is_privileged: bool) -> bool {
    let sets = rustix::thread::capabilities(None);
    !is_privileged || sets.is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_PTRACE))
}
