//! Each layer left out: the attack that it stops succeeds.
//!
//! These need the cargo feature `weaken`; without it they say that they were skipped.

use crate::harness::{Bench, Verdict};

#[cfg(not(feature = "weaken"))]
macro_rules! skipped {
    ($($name:ident)+) => {
        $(pub(crate) fn $name(_bench: &Bench) -> Verdict {
            Verdict::Skipped("built without the feature `weaken`".to_owned())
        })+
    };
}

#[cfg(not(feature = "weaken"))]
skipped! { seccomp landlock proc descriptors network pid_namespace layers place_of_root identity capabilities process_limits memory_limit }

#[cfg(feature = "weaken")]
pub(crate) use on::*;

#[cfg(feature = "weaken")]
mod on {
    use std::net::TcpListener;

    use sandbox::{Layer, SandboxSpec};

    use super::super::{attacks, passed, result};
    use super::{Bench, Verdict};
    use crate::tree;

    pub(crate) fn seccomp(bench: &Bench) -> Verdict {
        let ended = bench.run_weakened(&["calls"], &[Layer::Seccomp]);
        for call in ["SYS_ptrace", "SYS_keyctl", "SYS_personality", "SYS_shmget", "SYS_sync"] {
            let got_through =
                ended.output.lines().any(|line| line.starts_with(call) && !line.ends_with("EPERM"));
            assert!(got_through, "{call} in {}", ended.output);
        }
        let ended = bench.run_weakened(&["foreign", "i386"], &[Layer::Seccomp]);
        assert!(ended.output.contains("answered") || ended.status == Some(libc::SIGSEGV), "{ended:?}");
        if bench.is_privileged() {
            // Rootless, the limit of namespaces stands behind the filter.
            let ended = bench.run_weakened(&["namespaces"], &[Layer::Seccomp]);
            assert_eq!(result(&ended, "unshare-user"), "ok");
        }
        let ended = bench.run_weakened(&["sockets"], &[Layer::Seccomp]);
        assert_eq!(result(&ended, "netfilter"), "ok");
        passed()
    }

    /// Either of the two stops a write: only without both it succeeds.
    pub(crate) fn landlock(bench: &Bench) -> Verdict {
        let restore = || std::fs::write(bench.root.join("open/file"), "as delivered").expect("restore");
        let only_landlock = bench.run_weakened(&["writes"], &[Layer::ReadOnlyRoot]);
        assert_eq!(result(&only_landlock, "append"), "EACCES");
        assert_eq!(result(&only_landlock, "create"), "EACCES");
        let only_mount = bench.run_weakened(&["writes"], &[Layer::Landlock]);
        assert_eq!(result(&only_mount, "append"), "EROFS");
        assert_eq!(result(&only_mount, "create"), "EROFS");
        let neither = bench.run_weakened(&["writes"], &[Layer::ReadOnlyRoot, Layer::Landlock]);
        assert_eq!(result(&neither, "append"), "ok");
        assert_eq!(result(&neither, "create"), "ok");
        // The attack removed and renamed what it could.
        let _ = std::fs::remove_file(bench.root.join("open/new"));
        let _ = std::fs::remove_dir(bench.root.join("open/directory"));
        restore();
        passed()
    }

    /// What a plain bind tells.
    pub(crate) fn place_of_root(bench: &Bench) -> Verdict {
        let ended = bench.run_weakened(&["mounts"], &[Layer::ReadOnlyRoot]);
        let path = bench.root.to_str().expect("a plain path");
        // Within its file system, which may begin further up or down.
        let name = path.rsplit('/').next().expect("a name");
        assert!(ended.output.contains(&format!("/{name} / ")), "{}", ended.output);
        passed()
    }

    /// As with the root.
    pub(crate) fn layers(bench: &Bench) -> Verdict {
        // Of its own: the attack changes it.
        let layers = vec![tree::stage_open(bench.spawner.staging(), 'c')];
        let run = |weakened: &[Layer]| {
            let spec = SandboxSpec { layers: layers.clone(), ..bench.spec(&["write-layers"]) };
            bench.run_spec_weakened(&spec, weakened)
        };
        assert_eq!(result(&run(&[Layer::ReadOnlyRoot]), "append"), "EACCES");
        assert_eq!(result(&run(&[Layer::Landlock]), "append"), "EROFS");
        let neither = run(&[Layer::ReadOnlyRoot, Layer::Landlock]);
        for name in ["append", "create", "make-directory", "rename", "create-at-the-top"] {
            assert_eq!(result(&neither, name), "ok", "{name}");
        }
        passed()
    }

    pub(crate) fn proc(bench: &Bench) -> Verdict {
        let ended = bench.run_weakened(&["proc"], &[Layer::ProcMasks, Layer::Landlock]);
        assert_ne!(result(&ended, "kallsyms"), "0");
        assert_eq!(result(&ended, "own-comm"), "ok");
        passed()
    }

    pub(crate) fn descriptors(bench: &Bench) -> Verdict {
        let ended = bench.run_weakened(&["descriptors"], &[Layer::Descriptors]);
        assert_ne!(result(&ended, "open"), "0 1 2");
        passed()
    }

    pub(crate) fn network(bench: &Bench) -> Verdict {
        let host = TcpListener::bind("127.0.0.1:0").expect("a listener of the host");
        let port = host.local_addr().expect("its address").port().to_string();
        let ended = bench.run_weakened(&["network", &port], &[Layer::Network]);
        assert_eq!(result(&ended, "host-loopback"), "ok");
        let (name, _listener) = attacks::listen_abstract();
        let scoped = bench.run_weakened(&["abstract", &name], &[Layer::Network]);
        assert_eq!(result(&scoped, "abstract"), "EPERM");
        let open = bench.run_weakened(&["abstract", &name], &[Layer::Network, Layer::Landlock]);
        assert_eq!(result(&open, "abstract"), "ok");
        passed()
    }

    pub(crate) fn pid_namespace(bench: &Bench) -> Verdict {
        let ended = bench.run_weakened(&["processes"], &[Layer::PidNamespace]);
        let count: usize = result(&ended, "count").parse().expect("a number");
        assert!(count > 2, "{count}");
        assert_ne!(result(&ended, "self"), "2");
        passed()
    }

    pub(crate) fn identity(bench: &Bench) -> Verdict {
        attacks::hide(bench);
        let ended = bench.run_weakened(&["secret"], &[Layer::Identity]);
        assert_eq!(result(&ended, "secret"), "ok");
        passed()
    }

    pub(crate) fn capabilities(bench: &Bench) -> Verdict {
        let weakened = [Layer::Identity, Layer::Capabilities];
        let ended = bench.run_weakened(&["mknod"], &weakened);
        assert_eq!(result(&ended, "mknod"), "ok");
        passed()
    }

    pub(crate) fn process_limits(bench: &Bench) -> Verdict {
        let ended = bench.run_weakened(&["fork-bomb", "100"], &[Layer::ProcessLimit, Layer::Cgroup]);
        assert_eq!(result(&ended, "ending"), "unbounded");
        passed()
    }

    pub(crate) fn memory_limit(bench: &Bench) -> Verdict {
        let ended = bench.run_weakened(&["memory-bomb", "128"], &[Layer::Cgroup]);
        assert_eq!(result(&ended, "held"), "128");
        passed()
    }
}
