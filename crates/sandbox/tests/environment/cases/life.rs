//! How environments come and go, and what is left when somebody is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sandbox::{CreateError, Spawner, SpawnerOptions, StartError, Step, TreeName};

use super::{passed, result};
use crate::harness::{Bench, Verdict, finish, wait_until};
use crate::tree;

/// Longest wait for processes or groups to go.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn runtime_api(bench: &Bench) -> Verdict {
    let sandbox = bench.start(&["runtime-api"]);
    let (mut stream, _) = sandbox.runtime_api.accept().expect("a connection from inside");
    let mut request = String::new();
    stream.read_to_string(&mut request).expect("read");
    assert_eq!(request, "hello from inside");
    stream.write_all(b"hello from the platform").expect("write");
    drop(stream);
    assert_eq!(result(&finish(&sandbox), "answer"), "hello from the platform");
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
            1 => drop(bench.start(&["sleep"])),
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

pub(crate) fn neighbours(bench: &Bench) -> Verdict {
    let mark = format!("left-{}-{}", std::process::id(), bench.is_privileged());
    let one = bench.start(&["leave", &mark]);
    assert_eq!(first_line(&one), "left ok\n");
    let pids = processes_with(&mark);
    let other = bench.run(&["seek", &pids[0].to_string()]);
    assert_eq!(result(&other, "tmp"), "false");
    assert_eq!(result(&other, "shm"), "false");
    assert_eq!(result(&other, "process"), "false");
    assert_eq!(result(&other, "signal"), "refused");
    // While both live, their uids differ.
    let uid = bench.run(&["euid"]);
    assert_eq!(result(&uid, "euid"), "900001");
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
fn pid_in(pidfd: &impl AsFd) -> i32 {
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

/// A platform with two environments, one of which has a daemon.
struct Platform {
    child: Child,
    mark: String,
    name: String,
}

impl Platform {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test starts itself again, as the platform to be killed"
    )]
    fn start(bench: &Bench, name: &str) -> Self {
        let mark = format!("platform-{name}-{}", bench.is_privileged());
        let name = format!("{}-{name}", bench.name);
        let mut child = Command::new("/proc/self/exe")
            .args(["platform", &name, &mark])
            .arg(&bench.root)
            .stdout(Stdio::piped())
            .spawn()
            .expect("start a platform");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Self { child, mark, name }
    }

    fn spawner(&self) -> i32 {
        let children = format!("/proc/{0}/task/{0}/children", self.child.id());
        let children = std::fs::read_to_string(children).expect("the platform's children");
        children.trim().parse().expect("one child: the spawner")
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // Already dead is what most cases make it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn platform_dies(bench: &Bench) -> Verdict {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("the host's mounts");
    let mut platform = Platform::start(bench, "killed");
    let spawner = platform.spawner();
    assert_eq!(std::fs::read_to_string("/proc/self/mountinfo").expect("the host's mounts"), mounts);
    // The platform itself has the mark too.
    assert!(processes_with(&platform.mark).len() >= 4);
    platform.child.kill().expect("kill the platform");
    platform.child.wait().expect("reap it");
    assert!(eventually(|| processes_with(&platform.mark).is_empty()), "{:?}", processes_with(&platform.mark));
    assert!(eventually(|| !is_alive(spawner)));
    assert!(eventually(|| groups_named(&platform.name).is_empty()), "{:?}", groups_named(&platform.name));
    assert_eq!(std::fs::read_to_string("/proc/self/mountinfo").expect("the host's mounts"), mounts);
    passed()
}

pub(crate) fn spawner_dies(bench: &Bench) -> Verdict {
    let platform = Platform::start(bench, "orphaned");
    kill(platform.spawner());
    // Only the platform is left, and it sees that its spawner is gone.
    let alone = || processes_with(&platform.mark) == [platform.child.id() as i32];
    assert!(eventually(alone), "{:?}", processes_with(&platform.mark));
    let name = platform.name.clone();
    drop(platform);
    // Only its groups are left, which the next spawner of the name removes, and at its end its own.
    drop(Platform::start(bench, "orphaned"));
    assert!(eventually(|| groups_named(&name).is_empty()), "{:?}", groups_named(&name));
    passed()
}

pub(crate) fn leftovers(bench: &Bench) -> Verdict {
    let platform = Platform::start(bench, "again");
    kill(platform.spawner());
    assert!(eventually(|| processes_with(&platform.mark).len() == 1));
    assert!(!groups_of(&platform.name).is_empty());
    let name = platform.name.clone();
    drop(platform);
    let again = Platform::start(bench, "again");
    assert_eq!(again.name, name);
    // Three controllers, two environments of the new platform, none of the old.
    assert_eq!(groups_of(&name).len(), 6, "{:?}", groups_of(&name));
    drop(again);
    assert!(eventually(|| groups_named(&name).is_empty()));
    passed()
}

/// Something that an earlier platform left running in one of its groups.
#[expect(clippy::disallowed_methods, reason = "the test starts the process that is left over")]
pub(crate) fn leftover_process(bench: &Bench) -> Verdict {
    let first = Platform::start(bench, "left");
    let place = groups_named(&first.name).into_iter().next().expect("a cgroup of the spawner");
    kill(first.spawner());
    let mark = first.mark.clone();
    assert!(eventually(|| processes_with(&mark).len() == 1));
    drop(first);
    let left = place.join("left");
    std::fs::create_dir(&left).expect("a group");
    let mut stray = Command::new("/proc/self/exe").args(["inside", "sleep"]).spawn().expect("a process");
    std::fs::write(left.join("cgroup.procs"), stray.id().to_string()).expect("put it there");
    let again = Platform::start(bench, "left");
    let ended = stray.wait().expect("its end");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(libc::SIGKILL));
    assert!(!left.exists());
    let name = again.name.clone();
    drop(again);
    assert!(eventually(|| groups_named(&name).is_empty()));
    passed()
}

/// The spawner's program can't be overwritten, not even by root.
pub(crate) fn sealed(bench: &Bench) -> Verdict {
    let platform = Platform::start(bench, "sealed");
    let program = format!("/proc/{}/exe", platform.spawner());
    let link = std::fs::read_link(&program).expect("a link");
    assert!(link.to_string_lossy().starts_with("/memfd:lambent-spawner"), "{}", link.display());
    let file = std::fs::File::open(&program).expect("the program");
    let seals = rustix::fs::fcntl_get_seals(&file).expect("its seals");
    let wanted = rustix::fs::SealFlags::WRITE | rustix::fs::SealFlags::SEAL | rustix::fs::SealFlags::GROW;
    assert!(seals.contains(wanted), "{seals:?}");
    passed()
}

pub(crate) fn threads_refused(bench: &Bench) -> Verdict {
    let options = || SpawnerOptions {
        name: format!("{}-second", bench.name),
        staging_bytes: 1 << 20,
        uid_base: 1000,
        uid_count: 1,
    };
    let (stop, wait) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || wait.recv());
        assert!(matches!(Spawner::start(options()), Err(StartError::Threads(2))));
        drop(stop);
    });
    let wrong = SpawnerOptions { name: "a/b".to_owned(), ..options() };
    assert!(matches!(Spawner::start(wrong), Err(StartError::Option("name"))));
    passed()
}

fn eventually(is_so: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kill it");
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// Living processes of the host that have this among their arguments.
fn processes_with(mark: &str) -> Vec<i32> {
    let has_mark = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes())
    };
    let entries = std::fs::read_dir("/proc").expect("read /proc");
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(has_mark).filter(|pid| is_alive(*pid)).collect()
}

/// Directories of this name in every cgroup tree.
fn groups_named(name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            // Controllers that share a tree are links to it.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name() == name {
                    found.push(entry.path());
                }
                open.push(entry.path());
            }
        }
    }
    found
}

/// The groups of environments below a spawner's directories.
fn groups_of(name: &str) -> Vec<PathBuf> {
    let children =
        groups_named(name).into_iter().flat_map(|place| std::fs::read_dir(place).into_iter().flatten());
    children.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The platform that is killed: two environments, then nothing.
pub(crate) fn be_platform(name: &str, mark: &str, root: &Path) {
    let bench = Bench::named(name, root);
    let _second = tree::stage(bench.spawner.staging(), 'b');
    let one = bench.start(&["sleep", mark]);
    let two = bench.start(&["daemon", mark]);
    assert_eq!(first_line(&two), "daemon ok\n");
    println!("ready");
    wait_until(&bench.spawner.process(), Instant::now() + Duration::from_secs(60));
    // Its spawner was killed. The environments are dead, and no more can be made.
    assert!(wait_until(&one.pidfd, Instant::now() + PATIENCE));
    assert!(matches!(bench.spawner.create(&bench.spec(&["sleep"])), Err(CreateError::SpawnerGone)));
    std::thread::sleep(Duration::from_secs(60));
}
