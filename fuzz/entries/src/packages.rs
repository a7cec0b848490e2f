//! Zip files: whatever is checked is what is extracted, and it stays where it belongs.

use std::fs::File;
use std::os::fd::AsFd;

use package::{Limits, check, extract};

/// Small, so that a bomb is one early.
const LIMITS: Limits = Limits {
    zipped_bytes: 1 << 20,
    unzipped_bytes: 1 << 20,
    entries: 256,
    path_bytes: 512,
    depth: 16,
    all_paths_bytes: 64 << 10,
};

/// A package of code.
///
/// # Panics
/// Where checking and extracting disagree, or something is written beside the directory.
pub fn package(input: &[u8]) {
    let checked = check(input, &LIMITS);
    let place = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let inside = place.path().join("inside");
    std::fs::create_dir(&inside).unwrap_or_else(|error| panic!("{error}"));
    let directory = File::open(&inside).unwrap_or_else(|error| panic!("{error}"));
    let extracted = extract(input, directory.as_fd(), &LIMITS);
    assert_eq!(checked.is_ok(), extracted.is_ok(), "{checked:?} but {extracted:?}");
    if let (Ok(checked), Ok(extracted)) = (checked, extracted) {
        assert_eq!(checked, extracted);
    }
    let beside = std::fs::read_dir(place.path()).map_or(0, Iterator::count);
    assert_eq!(beside, 1, "something was written beside the directory");
}
