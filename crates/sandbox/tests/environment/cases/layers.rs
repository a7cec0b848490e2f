//! What an environment has at /opt.

use sandbox::{CreateError, SandboxSpec, Step, TreeName};

use super::{passed, result};
use crate::harness::{Bench, Ended, Verdict};

/// Every path below /opt with its content, in order.
fn contents(ended: &Ended) -> Vec<&str> {
    assert_eq!(ended.status, Some(0), "{ended:?}");
    ended.output.lines().collect()
}

pub(crate) fn merge(bench: &Bench) -> Verdict {
    assert!(contents(&bench.run_layered(&["layers"], &[])).is_empty());
    let first = ["/common first", "/directory-then-file/x 1", "/file-then-directory 1", "/lib/first 1"];
    assert_eq!(contents(&bench.run_layered(&["layers"], &[0])), first);

    let both = bench.run_layered(&["layers"], &[0, 1]);
    let expected = [
        "/common second",
        "/directory-then-file 2",
        "/file-then-directory/x 2",
        "/lib/first 1",
        "/lib/second 2",
    ];
    assert_eq!(contents(&both), expected);

    let reversed = ["/common first", "/directory-then-file/x 1", "/file-then-directory 1"];
    let reversed: Vec<&str> = reversed.into_iter().chain(["/lib/first 1", "/lib/second 2"]).collect();
    assert_eq!(contents(&bench.run_layered(&["layers"], &[1, 0])), reversed);
    // The same tree under two layers, as many as there may be.
    assert_eq!(contents(&bench.run_layered(&["layers"], &[0, 1, 0])), reversed);
    assert_eq!(contents(&bench.run_layered(&["layers"], &[0, 0])), first);
    let five = bench.run_layered(&["layers"], &[0, 1, 2, 1, 0]);
    assert_eq!(contents(&five).last(), Some(&"/open/file as delivered"));

    let absent = TreeName::parse(&"9".repeat(64)).expect("a name");
    let spec = SandboxSpec { layers: vec![bench.layers[0].clone(), absent], ..bench.spec(&["layers"]) };
    let refused = bench.spawner.create(&spec).expect_err("a layer that isn't there");
    assert!(matches!(refused, CreateError::Step { step: Step::OpenLayer, .. }), "{refused}");
    passed()
}

pub(crate) fn writes(bench: &Bench) -> Verdict {
    for layers in [&[2][..], &[0, 2], &[2, 0]] {
        let ended = bench.run_layered(&["write-layers"], layers);
        for name in ["append", "create", "make-directory", "remove", "rename", "mode", "create-at-the-top"] {
            let refusal = result(&ended, name);
            assert!(["EROFS", "EACCES", "EPERM"].contains(&refusal), "{name} {refusal} with {layers:?}");
        }
        assert_eq!(result(&ended, "content"), "as delivered");
    }
    passed()
}

pub(crate) fn mounts(bench: &Bench) -> Verdict {
    for layers in [&[0][..], &[0, 1, 2]] {
        let ended = bench.run_layered(&["mounts"], layers);
        let at_opt: Vec<&str> = ended.output.lines().filter(|line| line.contains(" /opt ")).collect();
        let [line] = at_opt[..] else { panic!("{}", ended.output) };
        let (mount, file_system) = line.split_once(" - ").expect("its two halves");
        let fields: Vec<&str> = mount.split(' ').collect();
        for option in ["ro", "nosuid", "nodev"] {
            assert!(fields[5].split(',').any(|found| found == option), "{option} in {line}");
        }
        assert_eq!(fields[3], "/");
        let options = file_system.strip_prefix("overlay none ro").expect("an overlay");
        let shown = options.split(',').find_map(|option| option.strip_prefix("lowerdir="));
        let shown = shown.expect("its directories").split(':');
        // One alone has an empty directory over it.
        assert_eq!(shown.clone().count(), layers.len().max(2));
        for directory in shown {
            let number = directory.strip_prefix("/proc/self/fd/").expect("a number of the spawner's");
            assert!(number.parse::<u32>().is_ok(), "{directory}");
        }
    }
    passed()
}
