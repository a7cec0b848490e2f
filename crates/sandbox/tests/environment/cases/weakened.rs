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
skipped! { network layers }

#[cfg(feature = "weaken")]
pub(crate) use on::*;

#[cfg(feature = "weaken")]
mod on {
    use std::net::TcpListener;

    use sandbox::{Layer, SandboxSpec};

    use super::super::{passed, result};
    use super::{Bench, Verdict};
    use crate::tree;

    /// Either of the two stops a write: only without both it succeeds.
    /// What a plain bind tells.
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

    pub(crate) fn network(bench: &Bench) -> Verdict {
        let host = TcpListener::bind("127.0.0.1:0").expect("a listener of the host");
        let port = host.local_addr().expect("its address").port().to_string();
        let ended = bench.run_weakened(&["network", &port], &[Layer::Network]);
        assert_eq!(result(&ended, "host-loopback"), "ok");
        passed()
    }
}
