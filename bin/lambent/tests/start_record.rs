//! The audit trail has a record of each start of the real service: the mode, and what is missing of isolation.
//!
//! Half of it runs as a plain user, who lacks some protections on every machine. Invariant: the record is read from the store
//! as it lies on disk after the end of the service.

use seal::{RootKey, Sealer};
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use telemetry::audit::{LOG, Outcome, Record};

const PLAIN_USER: u32 = 65_534;
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the service, waits until it takes calls, and ends it in good order.
#[expect(clippy::disallowed_methods, reason = "the command under test")]
fn start_and_stop(folder: &Path, user: Option<u32>) {
    let (program, log) = (folder.join("lambent"), folder.join("log"));
    let file = File::create(&log).expect("a log");
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--accept-weak-isolation", "--data-dir"]);
    command.arg(folder.join("data")).current_dir(folder).stdin(Stdio::null());
    command.stdout(file.try_clone().expect("the log")).stderr(file);
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let mut service = command.spawn().expect("start it");
    let deadline = Instant::now() + PATIENCE;
    let said = || fs::read_to_string(&log).expect("what it says");
    while !said().contains("listening on") {
        assert!(Instant::now() < deadline && service.try_wait().expect("it").is_none(), "{}", said());
        std::thread::sleep(Duration::from_millis(20));
    }
    end(&mut service);
}

fn end(service: &mut Child) {
    let pid = rustix::process::Pid::from_child(service);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("tell it to end");
    assert!(service.wait().expect("its end").success());
}

/// Read from a copy of the data, because the key and the directory are taken from their owner only.
async fn records(data: &Path) -> Vec<Record> {
    let place = tempfile::tempdir().expect("a directory");
    let copy = place.path().join("data");
    copy_tree(data, &copy);
    let root_key = RootKey::load(&copy.join("root.key")).expect("the key");
    let sealer = Sealer::new(root_key).expect("a sealer");
    let store = Store::open(&copy, Arc::new(sealer)).expect("the store");
    let records = store.read_log::<Record>(LOG, 0, 1000).await.expect("the audit trail");
    records.into_iter().map(|(_, record)| record).collect()
}

fn copy_tree(from: &Path, to: &Path) {
    DirBuilder::new().mode(0o700).create(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_tree(&from, &to);
        } else if from.is_file() {
            fs::copy(&from, &to).expect("a copy");
        }
    }
}

/// A folder in which everybody finds the command, and may write.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    let open =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    open(folder.path(), 0o777);
    fs::copy(env!("CARGO_BIN_EXE_lambent"), folder.path().join("lambent")).expect("copy the command");
    open(&folder.path().join("lambent"), 0o755);
    folder
}

async fn each_start_is_recorded(user: Option<u32>, mode: &str, starts: usize) {
    let folder = folder();
    for starts in 1..=starts {
        start_and_stop(folder.path(), user);
        let records = records(&folder.path().join("data")).await;
        let ours: Vec<_> = records.iter().filter(|record| record.event_name == "StartService").collect();
        assert_eq!(ours.len(), starts);
        let Record { outcome, request_parameters: said, principal, .. } = ours[starts - 1];
        assert_eq!((outcome, principal.as_str()), (&Outcome::Succeeded, "operator"));
        assert_eq!((&said["mode"], &said["weakIsolationAccepted"]), (&mode.into(), &true.into()), "{said:#}");
        let in_force = said["inForce"].as_array().expect("names");
        assert!(in_force.contains(&"seccomp".into()), "{said:#}");
        let missing = said["missing"].as_array().expect("what is missing");
        assert!(missing.iter().all(|one| one["why"].as_str().is_some_and(|why| !why.is_empty())), "{said:#}");
        // What a plain user never has, and root always.
        let lacks = missing.iter().any(|one| one["name"] == "unique-uid");
        assert_eq!(
            (lacks, in_force.contains(&"unique-uid".into())),
            (mode == "rootless", mode != "rootless")
        );
    }
}

#[tokio::test]
async fn each_start_says_what_is_in_force() {
    let mode = if rustix::process::geteuid().is_root() { "privileged" } else { "rootless" };
    each_start_is_recorded(None, mode, 2).await;
}

#[tokio::test]
async fn root_each_start_of_a_plain_user_says_what_is_missing() {
    if rustix::process::geteuid().is_root() {
        each_start_is_recorded(Some(PLAIN_USER), "rootless", 1).await;
    } else {
        eprintln!("SKIPPED as a plain user: it needs root to become one");
    }
}
