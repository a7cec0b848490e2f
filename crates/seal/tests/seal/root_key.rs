//! The root key file: made once, private, and refused with words that help.

use seal::{Place, RootKey, SealError, Sealer};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PLACE: Place<'_> = Place { table: "t", key: "k" };

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys/root.key");
    (dir, path)
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refusal(path: &Path) -> SealError {
    match RootKey::load_or_create(path) {
        Ok(_) => panic!("the key was accepted"),
        Err(error) => error,
    }
}

fn sealer(path: &Path) -> Sealer {
    Sealer::new(RootKey::load_or_create(path).unwrap()).unwrap()
}

#[test]
fn a_key_is_made_once_and_found_again() {
    let (_dir, path) = place();
    let sealed = sealer(&path).seal(&PLACE, b"value").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(sealer(&path).open(&PLACE, &sealed).unwrap(), b"value");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!((text.len(), text.ends_with('\n')), (84, true));
}

#[test]
fn the_file_and_its_folder_are_private_and_nothing_is_left_beside_it() {
    let (_dir, path) = place();
    RootKey::load_or_create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(&path).unwrap().nlink(), 1);
    let folder = path.parent().unwrap();
    assert_eq!(fs::metadata(folder).unwrap().mode() & 0o7777, 0o700);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn many_that_start_at_once_agree_on_one_key() {
    let (_dir, path) = place();
    let ids: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| sealer(&path).key_id())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    for mode in [0o640, 0o604, 0o620, 0o602, 0o666, 0o610] {
        let (_dir, path) = place();
        RootKey::load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, SealError::Exposed { mode: found, .. } if found == mode), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

#[test]
fn a_key_that_only_the_owner_can_read_is_accepted() {
    for mode in [0o400, 0o600, 0o700] {
        let (_dir, path) = place();
        RootKey::load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(RootKey::load(&path).is_ok());
    }
}

#[test]
fn the_key_of_another_user_is_refused_needs_root() {
    let (_dir, path) = place();
    RootKey::load_or_create(&path).unwrap();
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_err() {
        eprintln!("SKIPPED the_key_of_another_user_is_refused_needs_root: only root can give a file away");
        return;
    }
    let error = refusal(&path);
    assert!(matches!(error, SealError::WrongOwner { owner: 12_345, .. }), "{error}");
}

#[test]
fn a_file_without_a_key_is_refused_and_left_alone() {
    let digits = "0123456789abcdef".repeat(4);
    for text in [
        String::new(),
        "lambent-root-key-1 ".to_owned(),
        format!("lambent-root-key-1 {}", &digits[1..]),
        format!("lambent-root-key-1 {digits}0\n"),
        format!("lambent-root-key-1 {digits}\n\n"),
        format!("lambent-root-key-1 {}\n", digits.to_uppercase()),
        format!("lambent-root-key-2 {digits}\n"),
        format!("lambent-root-key-1 {}g\n", &digits[1..]),
        digits,
    ] {
        let (_dir, path) = place();
        write(&path, &text, 0o600);
        assert!(matches!(refusal(&path), SealError::Malformed { .. }), "{text:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn the_line_break_may_be_missing() {
    let (_dir, path) = place();
    write(&path, &format!("lambent-root-key-1 {}", "0123456789abcdef".repeat(4)), 0o600);
    assert!(RootKey::load(&path).is_ok());
}

#[test]
fn what_is_no_file_is_refused() {
    let (dir, path) = place();
    assert!(matches!(refusal(dir.path()), SealError::NotAFile { .. }));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(matches!(refusal(&path), SealError::NotAFile { .. }), "a pipe must not hold up the start");
}

#[test]
fn a_missing_key_is_not_made_by_load() {
    let (_dir, path) = place();
    assert!(matches!(RootKey::load(&path), Err(SealError::Io { .. })));
    assert!(!path.exists());
}
