//! What was sealed in a format that ever existed opens forever. The golden files are never changed; a new format gets new
//! ones.

use seal::{Place, RootKey, SEGMENT_BYTES, Sealer};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const PLACE: Place<'_> = Place { table: "records/functions", key: "000000000000\u{1f}echo" };
const VALUE: &[u8] = b"\x00\x01{\"handler\":\"app.handler\",\"timeout\":3}";

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The key of the golden files, which protects nothing.
fn sealer() -> Sealer {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("root.key");
    fs::copy(golden("root.v1.key"), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    Sealer::new(RootKey::load(&path).unwrap()).unwrap()
}

fn blob() -> Vec<u8> {
    (0..SEGMENT_BYTES + 100).map(|i| (i % 256) as u8).collect()
}

/// The file's bytes; where there is no such file yet, it is made, and the test fails this one time.
fn kept(name: &str, make: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let path = golden(name);
    fs::read(&path).unwrap_or_else(|_| {
        fs::write(&path, make()).unwrap();
        panic!("{} was missing and has been made: commit it", path.display());
    })
}

#[test]
fn the_root_key_keeps_its_id() {
    assert_eq!(sealer().key_id().to_string(), "d5642a99b6a6a7e5");
}

#[test]
fn a_value_of_format_1_opens() {
    let sealed = kept("value.v1.bin", || sealer().seal(&PLACE, VALUE).unwrap());
    assert_eq!(sealer().open(&PLACE, &sealed).unwrap(), VALUE);
}

#[test]
fn a_blob_of_format_1_opens() {
    let sealed = kept("blob.v1.bin", || {
        let mut writer = sealer().writer(&PLACE, Vec::new()).unwrap();
        writer.write_all(&blob()).unwrap();
        writer.finish().unwrap()
    });
    let mut opened = Vec::new();
    sealer().reader(&PLACE, &sealed[..]).unwrap().read_to_end(&mut opened).unwrap();
    assert!(opened == blob());
}
