//! What holds for all packages, honest or not.

use crate::zips::{DOS, Raw, UNIX, archive, file, honest};
use package::{Limits, check, extract};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

const LIMITS: Limits = Limits {
    zipped_bytes: 1 << 20,
    unzipped_bytes: 1 << 16,
    entries: 64,
    path_bytes: 200,
    depth: 8,
    all_paths_bytes: 4096,
};

/// All files below a directory, by path.
fn files(root: &Path, relative: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(root.join(relative)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{relative}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(root, &format!("{name}/"), found),
            kind if kind.is_file() => drop(found.insert(name, fs::read(entry.path()).unwrap())),
            _ => {}
        }
    }
}

/// Entries whose names, kinds and claims are drawn from what attacks are made of.
fn any_entry() -> impl Strategy<Value = Raw> {
    let part = prop_oneof!["[abA]{1,2}", Just("..".into()), Just(".".into()), Just(String::new())];
    let name = vec(part, 1..5).prop_map(|parts| parts.join("/"));
    let mode = prop_oneof![Just(0o100_644), Just(0o120_777), Just(0o040_755), Just(0), Just(0o020_666)];
    let data = prop_oneof![
        vec(any::<u8>(), 0..20),
        Just(b"..".to_vec()),
        Just(b"../a".to_vec()),
        Just(b"a".to_vec())
    ];
    (name, mode, data, prop_oneof![Just(UNIX), Just(DOS)], 0..20_u32).prop_map(
        |(name, mode, data, made_by, lie)| {
            let honest = file(&name, &data).mode(mode).made_by(made_by);
            if lie == 0 { Raw { declared: 3, ..honest } } else { honest }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn honest_trees_arrive_as_they_were(tree in btree_map("[a-c]{1,3}/[d-f]{1,3}", vec(any::<u8>(), 0..2000), 1..10)) {
        let pairs: Vec<(&str, &[u8])> = tree.iter().map(|(name, data)| (name.as_str(), data.as_slice())).collect();
        let zip = honest(&pairs);
        let into = tempfile::tempdir().unwrap();
        extract(&zip, fs::File::open(into.path()).unwrap().as_fd(), &Limits::default()).unwrap();
        let mut found = BTreeMap::new();
        files(into.path(), "", &mut found);
        prop_assert_eq!(found, tree);
    }

    #[test]
    fn nothing_is_ever_written_outside(entries in vec(any_entry(), 1..6)) {
        let zip = archive(&entries);
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("tree");
        fs::create_dir(&inner).unwrap();
        let checked = check(&zip, &LIMITS);
        let extracted = extract(&zip, fs::File::open(&inner).unwrap().as_fd(), &LIMITS);
        prop_assert_eq!(checked.as_ref().ok(), extracted.as_ref().ok());
        prop_assert_eq!(checked.map_err(|e| e.to_string()).err(), extracted.map_err(|e| e.to_string()).err());
        prop_assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
        // Whatever links there are, following them stays inside.
        let mut open = vec![inner.clone()];
        let inner = inner.canonicalize().unwrap();
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(&directory).unwrap().map(Result::unwrap) {
                if let Ok(real) = entry.path().canonicalize() {
                    prop_assert!(real.starts_with(&inner), "{} leads to {}", entry.path().display(), real.display());
                }
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                }
            }
        }
    }

    #[test]
    fn noise_in_an_archive_is_survived(edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut zip = honest(&[("a/b.py", b"def handler(event, context): return event"), ("c", &[7; 3000])]);
        for (at, value) in &edits {
            let at = at.index(zip.len());
            zip[at] = *value;
        }
        if let Ok(summary) = check(&zip, &LIMITS) {
            prop_assert!(summary.unzipped_bytes <= LIMITS.unzipped_bytes);
        }
    }

    #[test]
    fn noise_alone_is_refused(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(check(&bytes, &LIMITS).is_err());
    }
}
