//! The spawner: how it starts, and that whatever ends it or the platform leaves nothing behind.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sandbox::{CreateError, Spawner, SpawnerOptions, StartError};

use super::life::first_line;
use super::passed;
use crate::harness::{Bench, Verdict, wait_until};
use crate::host::{PATIENCE, eventually, groups_named, groups_of, is_alive, kill, processes_with};
use crate::tree;

/// A platform with two environments, one of which has a daemon.
pub(crate) struct Platform {
    child: Child,
    mark: String,
    pub(crate) name: String,
}

impl Platform {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test starts itself again, as the platform to be killed"
    )]
    pub(crate) fn start(bench: &Bench, name: &str) -> Self {
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
    let left = groups_of(&platform.name);
    // One that no later environment has the name of, in each tree.
    let places: BTreeSet<&Path> = left.iter().filter_map(|group| group.parent()).collect();
    assert_eq!(left.len(), 2 * places.len(), "{left:?}");
    let old: Vec<PathBuf> = places.iter().map(|place| place.join("old")).collect();
    old.iter().for_each(|group| std::fs::create_dir(group).expect("a group"));
    let name = platform.name.clone();
    drop(platform);
    let again = Platform::start(bench, "again");
    assert_eq!(again.name, name);
    // Two environments of the new platform, none of the old.
    assert_eq!(groups_of(&name).len(), left.len(), "{:?}", groups_of(&name));
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
        memory_bytes: 1 << 30,
        uid_base: 1000,
        uid_count: 1,
        egress: None,
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
