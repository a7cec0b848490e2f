//! A layer of a function without what protects it: a write goes through. Everything else that can be left out is a twin of the
//! suite's attacks; a layer of a function is not a part of what those stage.
//!
//! It needs the cargo feature `weaken`; without it, it says that it was skipped.

use crate::harness::{Bench, Verdict};

#[cfg(not(feature = "weaken"))]
pub(crate) fn layers(_bench: &Bench) -> Verdict {
    Verdict::Skipped("built without the feature `weaken`".to_owned())
}

/// Either of the two stops a write: only without both it succeeds.
#[cfg(feature = "weaken")]
pub(crate) fn layers(bench: &Bench) -> Verdict {
    use super::{passed, result};
    use crate::tree;
    use sandbox::{Layer, SandboxSpec};
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
