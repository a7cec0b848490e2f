//! How environments come and go.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustix::thread::{CapabilitySet, CapabilitySets};
use sandbox::{CreateError, Step, TreeName};

use super::{frozen, passed, result};
use crate::harness::{Bench, Verdict, finish, wait_until};
use crate::host::{PATIENCE, eventually, groups_of, processes_with};
use crate::tree;

pub(crate) fn runtime_api(bench: &Bench) -> Verdict {
    let sandbox = bench.start(&["runtime-api"]);
    let (stream, _) =
        sandbox.runtime_api.as_ref().expect("a listener").accept().expect("a connection from inside");
    greet(stream);
    assert_eq!(result(&finish(&sandbox), "answer"), "hello from the platform");
    passed()
}

fn greet(mut stream: TcpStream) {
    let mut request = String::new();
    stream.read_to_string(&mut request).expect("read");
    assert_eq!(request, "hello from inside");
    stream.write_all(b"hello from the platform").expect("write");
}

pub(crate) fn platform(bench: &Bench) -> Verdict {
    let sandbox = bench.start(&["platform-api"]);
    let (stream, peer) =
        sandbox.platform.as_ref().expect("a listener").accept().expect("a connection from inside");
    assert!(peer.ip().is_loopback());
    greet(stream);
    assert_eq!(result(&finish(&sandbox), "answer"), "hello from the platform");
    passed()
}

/// The platform answers where names are asked for, and nobody inside can take that place.
pub(crate) fn names(bench: &Bench) -> Verdict {
    let mut sandbox = bench.start(&["names"]);
    let names = sandbox.dns.take().expect("a socket for names");
    assert_eq!(names.local_addr().expect("its address").to_string(), "127.0.0.1:53");
    names.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut question = [0; 64];
    let (length, client) = names.recv_from(&mut question).expect("a question from inside");
    assert_eq!(&question[..length], b"a question");
    names.send_to(b"an answer", client).expect("answer");
    let ended = finish(&sandbox);
    assert_eq!(result(&ended, "answer"), "an answer from 127.0.0.1:53");
    assert_eq!(result(&ended, "over-tcp"), "ECONNREFUSED");
    for place in ["same-place", "every-place", "over-tcp-place"] {
        assert_eq!(result(&ended, place), "EACCES", "{place}");
    }
    passed()
}

/// Descriptor 3 is a stream between runtime and platform of which neither init nor anything else holds a copy.
pub(crate) fn channel(bench: &Bench) -> Verdict {
    let with_channel = |words: &[&str]| {
        let spec = sandbox::SandboxSpec { channel: true, ..bench.spec(words) };
        let mut sandbox = bench.spawner.create(&spec).expect("an environment");
        let channel = sandbox.channel.take().expect("a channel");
        channel.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        (sandbox, channel)
    };
    let (sandbox, _channel) = with_channel(&["descriptors"]);
    assert_eq!(result(&finish(&sandbox), "open"), "0 1 2 3");

    let (sandbox, mut channel) = with_channel(&["channel"]);
    channel.write_all(b"hello from the platform").expect("write");
    channel.shutdown(std::net::Shutdown::Write).expect("the end of the message");
    let mut answer = String::new();
    channel.read_to_string(&mut answer).expect("read to the end");
    assert_eq!(answer, "hello from the platform, hello from inside");
    // The runtime closed its end and lives on.
    assert!(!wait_until(&sandbox.status, Instant::now()));
    assert_eq!(first_line(&sandbox), "closed ok\n");

    let (sandbox, channel) = with_channel(&["channel"]);
    drop(channel);
    assert_eq!(first_line(&sandbox), "closed ok\n");
    assert!(bench.start(&["sleep"]).channel.is_none());
    passed()
}

pub(crate) fn threads(bench: &Bench) -> Verdict {
    assert_eq!(result(&bench.run(&["threads"]), "sum"), "140");
    passed()
}

pub(crate) fn status(bench: &Bench) -> Verdict {
    assert_eq!(bench.run(&["exit", "7"]).status, Some(7 << 8));
    assert_eq!(bench.run(&["abort"]).status, Some(libc::SIGABRT));
    let sandbox = bench.start(&["sleep"]);
    sandbox.kill();
    assert_eq!(finish(&sandbox).status, None);
    assert!(wait_until(&sandbox.pidfd, Instant::now() + PATIENCE));
    passed()
}

pub(crate) fn terminate(bench: &Bench) -> Verdict {
    let sandbox = bench.start(&["sleep"]);
    sandbox.terminate();
    assert_eq!(finish(&sandbox).status, Some(libc::SIGTERM));
    passed()
}

pub(crate) fn stubborn(bench: &Bench) -> Verdict {
    let sandbox = bench.start(&["stubborn"]);
    assert_eq!(first_line(&sandbox), "ready ok\n");
    sandbox.terminate();
    assert!(!wait_until(&sandbox.pidfd, Instant::now() + Duration::from_millis(100)));
    sandbox.kill();
    assert!(wait_until(&sandbox.pidfd, Instant::now() + PATIENCE));
    passed()
}

/// As the platform is once it serves: its own signals reach no environment, and the spawner sends them. In a thread of its own,
/// whose capabilities end with it.
pub(crate) fn without_rights(bench: &Bench) -> Verdict {
    let end_some = || {
        let none = CapabilitySet::empty();
        let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
        rustix::thread::set_capabilities(None, sets).expect("fewer capabilities");
        let sandbox = bench.start(&["sleep"]);
        let refused = rustix::process::pidfd_send_signal(&sandbox.pidfd, Signal::KILL);
        assert_eq!(refused, Err(rustix::io::Errno::PERM));
        drop(sandbox);
        for case in [terminate, stubborn, daemons, frozen::killed, frozen::terminated] {
            assert!(matches!(case(bench), Verdict::Passed));
        }
    };
    std::thread::scope(|scope| scope.spawn(end_some).join()).expect("what the thread asserts");
    passed()
}

/// Descriptors, processes and groups are as many after as before.
pub(crate) fn nothing_leaks(bench: &Bench) -> Verdict {
    let spawner = pid_in(&bench.spawner.process());
    let count = || {
        let open = |pid: i32| std::fs::read_dir(format!("/proc/{pid}/fd")).expect("descriptors").count();
        let children = format!("/proc/{spawner}/task/{spawner}/children");
        let children = std::fs::read_to_string(children).expect("the spawner's children");
        (open(spawner), open(std::process::id() as i32), children.split_whitespace().count())
    };
    bench.run(&["exit", "0"]);
    let before = count();
    for n in 0..100 {
        match n % 4 {
            0 => drop(bench.run(&["exit", "0"])),
            1 => {
                let spec = sandbox::SandboxSpec { channel: true, ..bench.layered(&["sleep"], &[0, 1]) };
                drop(bench.spawner.create(&spec).expect("an environment"));
            }
            2 => drop(bench.start(&["fork-bomb", "5"])),
            _ => {
                let mut spec = bench.spec(&["sleep"]);
                spec.argv[0] = "/absent".to_owned();
                assert!(bench.spawner.create(&spec).is_err());
            }
        }
    }
    assert!(eventually(|| count() == before), "{:?} before, {:?} after", before, count());
    assert_eq!(groups_of(&bench.name), Vec::<PathBuf>::new());
    passed()
}

pub(crate) fn first_line(sandbox: &sandbox::Sandbox) -> String {
    let mut line = String::new();
    let output = std::fs::File::from(sandbox.output.try_clone().expect("a copy"));
    BufReader::new(output).read_line(&mut line).expect("a line");
    line
}

pub(crate) fn daemons(bench: &Bench) -> Verdict {
    let mark = format!("mark-{}-{}", std::process::id(), bench.is_privileged());
    let sandbox = bench.start(&["daemon", &mark]);
    assert_eq!(first_line(&sandbox), "daemon ok\n");
    assert_eq!(processes_with(&mark).len(), 2);
    drop(sandbox);
    assert_eq!(processes_with(&mark), Vec::<i32>::new());
    passed()
}

/// The first process begins as a copy of the spawner's memory, which must have forgotten all earlier requests.
pub(crate) fn memory_of_init(bench: &Bench) -> Verdict {
    let secret = format!("secret-{:x}-{}", std::process::id(), "of-the-neighbour");
    let mut spec = bench.spec(&["sleep", &secret]);
    // Many, of many sizes, so that the allocator does not soon use all their places again.
    spec.env.extend((0..200).map(|n| (format!("SECRET{n}"), format!("{}{secret}", "x".repeat(n * 20)))));
    let neighbour = bench.spawner.create(&spec).expect("an environment");
    // It is found where it belongs.
    assert!(memory_holds(pid_in(&neighbour.pidfd), secret.as_bytes()));
    let other = bench.start(&["sleep"]);
    assert!(!memory_holds(pid_in(&other.pidfd), secret.as_bytes()));
    passed()
}

/// The number behind a pidfd.
pub(crate) fn pid_in(pidfd: &impl AsFd) -> i32 {
    let info = format!("/proc/self/fdinfo/{}", pidfd.as_fd().as_raw_fd());
    let info = std::fs::read_to_string(info).expect("the pidfd's state");
    let line = info.lines().find_map(|line| line.strip_prefix("Pid:")).expect("its number");
    line.trim().parse().expect("a number")
}

/// Whether a text is in the writable memory of a process.
fn memory_holds(pid: i32, text: &[u8]) -> bool {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("its map");
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).expect("its memory");
    maps.lines().filter(|line| line.contains(" rw")).any(|line| {
        let (range, _) = line.split_once(' ').expect("a range");
        let (start, end) = range.split_once('-').expect("two ends");
        let number = |text| u64::from_str_radix(text, 16).expect("an address");
        let mut bytes = vec![0; usize::try_from(number(end) - number(start)).expect("a size")];
        // Parts that were never touched, or are the kernel's, can't be read.
        memory.read_exact_at(&mut bytes, number(start)).is_ok()
            && bytes.windows(text.len()).any(|window| window == text)
    })
}

pub(crate) fn parallel(bench: &Bench) -> Verdict {
    let specs: Vec<_> = (0..48u8).map(|n| bench.spec(&["exit", &n.to_string()])).collect();
    std::thread::scope(|scope| {
        for chunk in specs.chunks(12) {
            scope.spawn(move || {
                for spec in chunk {
                    let ended = finish(&bench.spawner.create(spec).expect("an environment"));
                    let code: i32 = spec.argv[3].parse().expect("a number");
                    assert_eq!(ended.status, Some(code << 8));
                }
            });
        }
    });
    passed()
}

pub(crate) fn failures(bench: &Bench) -> Verdict {
    let fails = |change: &dyn Fn(&mut sandbox::SandboxSpec)| {
        let mut spec = bench.spec(&["exit", "0"]);
        change(&mut spec);
        match bench.spawner.create(&spec).err() {
            Some(CreateError::Step { step, source }) => (step, source.raw_os_error().unwrap_or(0)),
            other => panic!("{other:?}"),
        }
    };
    let absent = |spec: &mut sandbox::SandboxSpec| spec.root = PathBuf::from("/absent");
    assert_eq!(fails(&absent), (Step::OpenRoot, libc::ENOENT));
    let bare = tempfile::tempdir().expect("a directory");
    let no_points = |spec: &mut sandbox::SandboxSpec| spec.root = bare.path().to_owned();
    assert_eq!(fails(&no_points), (Step::RootMountPoint, libc::ENOENT));
    let no_code =
        |spec: &mut sandbox::SandboxSpec| spec.code = TreeName::parse(&"f".repeat(64)).expect("a name");
    assert_eq!(fails(&no_code), (Step::OpenCode, libc::ENOENT));
    let no_layer = |spec: &mut sandbox::SandboxSpec| {
        spec.layers = vec![TreeName::parse(&"f".repeat(64)).expect("a name")]
    };
    assert_eq!(fails(&no_layer), (Step::OpenLayer, libc::ENOENT));
    let no_cwd = |spec: &mut sandbox::SandboxSpec| spec.cwd = "/absent".to_owned();
    assert_eq!(fails(&no_cwd), (Step::EnterCwd, libc::ENOENT));
    let no_program = |spec: &mut sandbox::SandboxSpec| spec.argv[0] = "/absent".to_owned();
    assert_eq!(fails(&no_program), (Step::ExecRuntime, libc::ENOENT));
    let data = |spec: &mut sandbox::SandboxSpec| spec.argv[0] = "/etc/passwd".to_owned();
    assert_eq!(fails(&data), (Step::ExecRuntime, libc::EACCES));
    let linked = tempfile::tempdir().expect("a directory");
    tree::build(linked.path());
    std::fs::remove_dir(linked.path().join("tmp")).expect("remove a mount point");
    std::os::unix::fs::symlink("/etc", linked.path().join("tmp")).expect("put a link in its place");
    let link = |spec: &mut sandbox::SandboxSpec| spec.root = linked.path().to_owned();
    assert_eq!(fails(&link), (Step::RootMountPoint, libc::ELOOP));
    is_refused(bench);
    assert_eq!(groups_of(&bench.name), Vec::<PathBuf>::new());
    passed()
}

fn is_refused(bench: &Bench) {
    let twin = bench.start(&["sleep"]);
    let mut spec = bench.spec(&["sleep"]);
    spec.id = format!("{:032x}", u32::from_str_radix(&spec.id, 16).expect("a number") - 1);
    assert!(matches!(bench.spawner.create(&spec), Err(CreateError::Duplicate)));
    spec.id = "not an id".to_owned();
    assert!(matches!(bench.spawner.create(&spec), Err(CreateError::Spec(_))));
    drop(twin);
    let all: Vec<_> = (0..16).map(|_| bench.start(&["sleep"])).collect();
    assert!(matches!(bench.spawner.create(&bench.spec(&["sleep"])), Err(CreateError::Full)));
    drop(all);
    assert_eq!(bench.run(&["exit", "1"]).status, Some(1 << 8));
}
