//! What environments are made of here: a runtime root with this executable, code trees and layers.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use sandbox::TreeName;

/// The program's place inside.
pub(crate) const PROGRAM: &str = "/bin/probe";

/// Makes the root in an existing directory: the one for attacks, with the program under a name of this suite's.
pub(crate) fn build(root: &Path) {
    let program = sandbox::attacks::build_root(root).expect("a root");
    std::fs::rename(root.join(program.trim_start_matches('/')), root.join(PROGRAM.trim_start_matches('/')))
        .expect("name the program");
}

/// Puts a code tree with one file into the staging area.
pub(crate) fn stage(staging: BorrowedFd<'_>, digit: char) -> TreeName {
    stage_files(staging, digit, &[("handler", "code")])
}

/// What a later layer does to an earlier one: adds to it, hides a file of it, a directory, a file by a directory.
pub(crate) fn stage_layers(staging: BorrowedFd<'_>) -> [TreeName; 3] {
    let first = [
        ("common", "first"),
        ("lib/first", "1"),
        ("file-then-directory", "1"),
        ("directory-then-file/x", "1"),
    ];
    let second = [
        ("common", "second"),
        ("lib/second", "2"),
        ("file-then-directory/x", "2"),
        ("directory-then-file", "2"),
    ];
    [stage_files(staging, 'd', &first), stage_files(staging, 'e', &second), stage_open(staging, '5')]
}

/// One that holds a directory and a file for attacks.
pub(crate) fn stage_open(staging: BorrowedFd<'_>, digit: char) -> TreeName {
    stage_files(staging, digit, &[("open/file", "as delivered")])
}

/// A tree of which everybody may change everything, as far as its modes go.
fn stage_files(staging: BorrowedFd<'_>, digit: char, files: &[(&str, &str)]) -> TreeName {
    let name = digit.to_string().repeat(64);
    make_directory(staging, &name);
    for (path, content) in files {
        if let Some((directory, _)) = path.split_once('/') {
            make_directory(staging, &format!("{name}/{directory}"));
        }
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(staging, format!("{name}/{path}"), flags, Mode::empty());
        let file = file.expect("make a file");
        rustix::fs::fchmod(&file, Mode::from_raw_mode(0o666)).expect("open it");
        rustix::io::write(file.as_fd(), content.as_bytes()).expect("write it");
    }
    TreeName::parse(&name).expect("a tree name")
}

fn make_directory(staging: BorrowedFd<'_>, path: &str) {
    rustix::fs::mkdirat(staging, path, Mode::empty()).expect("make a directory");
    let mode = Mode::from_raw_mode(0o777);
    rustix::fs::chmodat(staging, path, mode, rustix::fs::AtFlags::empty()).expect("open a directory");
}
