//! What an environment sees of itself.

use super::{passed, result};
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Bench, UID_BASE, Verdict, finish};
use crate::tree;

pub(crate) fn program(bench: &Bench) -> Verdict {
    let ended = bench.run(&["hello"]);
    assert_eq!(result(&ended, "arguments"), "/bin/probe inside hello");
    assert_eq!(result(&ended, "variables"), "GREETING=hello");
    assert_eq!(result(&ended, "cwd"), "/var/task");
    assert_eq!(result(&ended, "code"), "code");
    assert_eq!(result(&ended, "host"), "environment");
    assert_eq!(result(&ended, "stdin-is-empty"), "ok");
    assert!(ended.output.contains("to standard error"));
    assert_eq!(ended.status, Some(0));
    passed()
}

pub(crate) fn identity(bench: &Bench) -> Verdict {
    let ended = bench.run(&["status"]);
    let field = |name: &str| {
        let line = ended
            .output
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("no {name} in {ended:?}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let uid = first_uid(&field("Uid:"));
    let everywhere = [uid.as_str(); 4].join(" ");
    assert_eq!(field("Uid:"), everywhere);
    assert_eq!(field("Gid:"), everywhere);
    // A plain user can't drop groups of its own, and the protections say so; inside they have no names of the host's.
    let groups = field("Groups:");
    if bench.spawner.protections().has("supplementary-groups") {
        assert_eq!(groups, "");
    } else {
        assert!(groups.split(' ').all(|group| [uid.as_str(), "65534"].contains(&group)), "{groups}");
    }
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(field(set), "0000000000000000", "{set}");
    }
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("Seccomp:"), "2");
    assert_eq!(field("SigBlk:"), "0000000000000000");
    // Our test program ignores SIGPIPE itself, as every Rust program does.
    assert_eq!(field("SigIgn:"), "0000000000001000");
    passed()
}

/// The spawner keeps what it made of a root; by its path alone it doesn't know it again.
pub(crate) fn replaced_root(bench: &Bench) -> Verdict {
    let place = tempfile::tempdir().expect("a directory");
    let [path, old, new] = ["root", "old", "new"].map(|name| place.path().join(name));
    for (root, text) in [(&path, "the first"), (&new, "the second")] {
        std::fs::create_dir(root).expect("a root");
        tree::build(root);
        std::fs::write(root.join("open/file"), text).expect("write a file");
    }
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).expect("open it");
    let read = || {
        let spec = sandbox::SandboxSpec { root: path.clone(), ..bench.spec(&["read", "/open/file"]) };
        finish(&bench.spawner.create(&spec).expect("an environment")).output
    };
    assert_eq!([read(), read()], ["the first", "the first"]);
    std::fs::rename(&path, &old).expect("move it away");
    std::fs::rename(&new, &path).expect("put the other in its place");
    assert_eq!(read(), "the second");
    passed()
}

pub(crate) fn devices(bench: &Bench) -> Verdict {
    let ended = bench.run(&["devices"]);
    assert_eq!(result(&ended, "names"), "fd full null random shm stderr stdin stdout urandom zero");
    assert_eq!(result(&ended, "zero"), "ok");
    assert_eq!(result(&ended, "full"), "ENOSPC");
    assert_eq!(result(&ended, "random"), "ok");
    assert_eq!(result(&ended, "terminal"), "ENOENT");
    passed()
}

pub(crate) fn passwd(bench: &Bench) -> Verdict {
    let ended = bench.run(&["passwd"]);
    let uid = first_uid(ended.output.trim_start_matches("sbx_user:x:").split(':').next().unwrap_or_default());
    assert_eq!(ended.output, format!("sbx_user:x:{uid}:{uid}::/tmp:/bin/sh\n"), "{ended:?}");
    passed()
}

/// The first number, which is in the range that the bench asks for, or in one above it where another spawner of this host
/// has some of that.
fn first_uid(text: &str) -> String {
    let uid = text.split(' ').next().unwrap_or_default();
    let number: u32 = uid.parse().unwrap_or_else(|_| panic!("no number in {text:?}"));
    assert!((UID_BASE..UID_BASE + 10_000).contains(&number), "{number}");
    uid.to_owned()
}

pub(crate) fn limits(bench: &Bench) -> Verdict {
    let ended = bench.run(&["limits"]);
    let limit = |name: &str| {
        let line = ended.output.lines().find_map(|line| line.strip_prefix(name)).expect("the limit");
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(limit("Max core file size"), "1 1");
    assert_eq!(limit("Max open files"), "256 256");
    assert_eq!(limit("Max processes"), "32 32");
    assert_eq!(limit("Max locked memory"), "65536 65536");
    passed()
}

/// One's own limits: lowered but not raised, and the one of core files not touched.
pub(crate) fn change_limits(bench: &Bench) -> Verdict {
    let ended = bench.run(&["change-limits"]);
    assert_eq!(result(&ended, "lower-files"), "ok");
    assert_eq!(result(&ended, "raise-files"), "EPERM");
    assert_eq!(result(&ended, "zero-core"), "EPERM");
    assert_eq!(result(&ended, "lock-memory"), "ENOMEM");
    passed()
}

/// A plain user without delegated cgroups has no memory limit, and is told so.
pub(crate) fn missing(bench: &Bench) -> Verdict {
    let protections = bench.spawner.protections();
    assert!(!protections.has("unique-uid"));
    assert!(protections.has("process-limit") && protections.has("time-limit") && protections.has("seccomp"));
    if protections.has("memory-limit") {
        return Verdict::Skipped("this machine delegates cgroups to plain users".to_owned());
    }
    assert!(protections.lacking(false).contains(&"memory-limit"));
    let why = protections.missing().find(|missing| missing.name == "memory-limit").expect("it is named");
    assert!(why.why.contains("cgroup"), "{}", why.why);
    assert!(bench.start(&["hello"]).memory().is_none());
    passed()
}

/// Where a function may write.
pub(crate) fn writable(bench: &Bench) -> Verdict {
    let ended = bench.run(&["writable"]);
    for name in ["tmp", "shared-memory", "null"] {
        assert_eq!(result(&ended, name), "ok", "{name}");
    }
    passed()
}
