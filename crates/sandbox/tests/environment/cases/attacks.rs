//! What an environment tries and must not get.

use std::net::TcpListener;

use super::{passed, result};
use crate::harness::{Bench, Verdict};

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

/// One's own limits: lowered but not raised, and the one of core files not touched.
pub(crate) fn limits(bench: &Bench) -> Verdict {
    let ended = bench.run(&["change-limits"]);
    assert_eq!(result(&ended, "lower-files"), "ok");
    assert_eq!(result(&ended, "raise-files"), "EPERM");
    assert_eq!(result(&ended, "zero-core"), "EPERM");
    assert_eq!(result(&ended, "lock-memory"), "ENOMEM");
    passed()
}
