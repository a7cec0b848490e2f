//! What an environment tries and must not get.

use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use super::{passed, result};
use crate::harness::{Bench, Verdict};

pub(crate) fn calls(bench: &Bench) -> Verdict {
    let ended = bench.run(&["calls"]);
    let mut tried = 0;
    for line in ended.output.lines().filter(|line| line.starts_with("SYS_")) {
        assert!(line.ends_with(" EPERM"), "{line}");
        tried += 1;
    }
    assert!(tried > 60, "{tried}");
    assert_eq!(result(&ended, "survived"), "ok");
    assert_eq!(ended.status, Some(0));
    passed()
}

pub(crate) fn namespaces(bench: &Bench) -> Verdict {
    let ended = bench.run(&["namespaces"]);
    for kind in ["user", "mount", "pid", "network", "ipc", "uts", "cgroup"] {
        assert_eq!(result(&ended, &format!("clone-{kind}")), "EPERM");
        assert_eq!(result(&ended, &format!("unshare-{kind}")), "EPERM");
    }
    assert_eq!(result(&ended, "unshare-time"), "EPERM");
    assert_eq!(result(&ended, "clone3"), "ENOSYS");
    assert_eq!(result(&ended, "survived"), "ok");
    passed()
}

pub(crate) fn foreign(bench: &Bench) -> Verdict {
    if cfg!(not(target_arch = "x86_64")) {
        return Verdict::Skipped("only x86_64 has a second table of calls".to_owned());
    }
    for which in ["x32", "i386"] {
        let ended = bench.run(&["foreign", which]);
        assert_eq!(ended.output, "trying ok\n");
        // Without a core file.
        assert_eq!(ended.status, Some(libc::SIGSYS), "{which}");
    }
    passed()
}

pub(crate) fn sockets(bench: &Bench) -> Verdict {
    let ended = bench.run(&["sockets"]);
    for line in ended.output.lines() {
        assert!(line.ends_with(if line.starts_with("good-") { " ok" } else { " EPERM" }), "{line}");
    }
    assert_eq!(ended.output.lines().count(), 22);
    passed()
}

pub(crate) fn network(bench: &Bench) -> Verdict {
    let host = TcpListener::bind("127.0.0.1:0").expect("a listener of the host");
    let port = host.local_addr().expect("its address").port().to_string();
    let ended = bench.run(&["network", &port]);
    assert_eq!(result(&ended, "interfaces"), "lo");
    for name in ["host-loopback", "host-loopback6", "host-mapped", "host-any"] {
        assert_eq!(result(&ended, name), "ECONNREFUSED", "{name}");
    }
    for name in ["metadata", "credentials", "metadata6", "internet", "datagram"] {
        assert!(["ENETUNREACH", "EINVAL"].contains(&result(&ended, name)), "{name} {}", result(&ended, name));
    }
    assert_eq!(result(&ended, "own-listener"), "ok");
    assert_eq!(result(&ended, "low-port"), "EACCES");
    passed()
}

pub(crate) fn abstract_socket(bench: &Bench) -> Verdict {
    let (name, _listener) = listen_abstract();
    let ended = bench.run(&["abstract", &name]);
    assert_eq!(result(&ended, "abstract"), "ECONNREFUSED");
    passed()
}

/// A socket of the host without a path.
pub(crate) fn listen_abstract() -> (String, UnixListener) {
    let name = format!("lambent-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("an address");
    let listener = UnixListener::bind_addr(&address).expect("a listener of the host");
    (name, listener)
}

pub(crate) fn device(bench: &Bench) -> Verdict {
    assert_eq!(result(&bench.run(&["mknod"]), "mknod"), "EPERM");
    passed()
}

/// What of init a process of the same uid might reach.
pub(crate) fn init(bench: &Bench) -> Verdict {
    let ended = bench.run(&["init"]);
    for name in ["environ", "mem", "maps", "fd", "exe", "root", "cwd"] {
        let refusal = result(&ended, name);
        assert!(["EACCES", "EPERM"].contains(&refusal), "{name} {refusal}");
    }
    assert_eq!(result(&ended, "own-program"), "/bin/probe");
    assert_eq!(result(&ended, "survived"), "ok");
    assert_eq!(ended.status, Some(0));
    passed()
}

/// One's own limits: lowered but not raised, and the one of core files not touched.
pub(crate) fn limits(bench: &Bench) -> Verdict {
    let ended = bench.run(&["change-limits"]);
    assert_eq!(result(&ended, "lower-files"), "ok");
    assert_eq!(result(&ended, "raise-files"), "EPERM");
    assert_eq!(result(&ended, "zero-core"), "EPERM");
    assert_eq!(result(&ended, "lock-memory"), "ENOMEM");
    passed()
}

pub(crate) fn set_user_id(bench: &Bench) -> Verdict {
    let copy = bench.root.join("bin/set-user-id");
    std::fs::copy(bench.root.join("bin/probe"), &copy).expect("copy the program");
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o4755)).expect("set the bit");
    let ended = bench.run(&["set-user-id"]);
    assert_eq!(result(&ended, "ran"), "true");
    assert_eq!(result(&ended, "euid"), "900000");
    passed()
}

pub(crate) fn secret(bench: &Bench) -> Verdict {
    hide(bench);
    assert_eq!(result(&bench.run(&["secret"]), "secret"), "EACCES");
    passed()
}

/// A file in the runtime root that only root may read.
pub(crate) fn hide(bench: &Bench) {
    let secret = bench.root.join("open/secret");
    std::fs::write(&secret, "secret").expect("write a file");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).expect("hide it");
}
