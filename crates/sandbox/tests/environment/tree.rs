//! A minimal runtime root: this executable, the shared objects that it has loaded, and the mount points.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use sandbox::TreeName;

/// The program's place inside.
pub(crate) const PROGRAM: &str = "/bin/probe";

/// Makes the root in an existing directory.
pub(crate) fn build(root: &Path) {
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).expect("open the root");
    for directory in ["dev", "proc", "tmp", "var/task", "opt", "etc", "bin", "open"] {
        fs::create_dir_all(root.join(directory)).expect("make a directory");
    }
    // A directory and a file that only the mount's flags protect.
    fs::set_permissions(root.join("open"), fs::Permissions::from_mode(0o777)).expect("open a directory");
    fs::write(root.join("open/file"), "as delivered").expect("write a file");
    fs::set_permissions(root.join("open/file"), fs::Permissions::from_mode(0o666)).expect("open a file");
    fs::write(root.join("etc/passwd"), "").expect("write etc/passwd");
    fs::copy("/proc/self/exe", root.join("bin/probe")).expect("copy the program");
    fs::set_permissions(root.join("bin/probe"), fs::Permissions::from_mode(0o755))
        .expect("make it executable");
    for object in loaded_objects() {
        copy_object(root, &object, &object);
        // The loader is named by the program with its standard path, whatever that is a link to.
        let name = Path::new(&object).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("ld-linux-x86-64") {
            copy_object(root, &object, "/lib64/ld-linux-x86-64.so.2");
        }
        if name.starts_with("ld-linux-aarch64") {
            copy_object(root, &object, "/lib/ld-linux-aarch64.so.1");
        }
    }
}

fn copy_object(root: &Path, from: &str, to: &str) {
    let to = root.join(to.trim_start_matches('/'));
    fs::create_dir_all(to.parent().expect("a parent")).expect("make a directory");
    fs::copy(from, to).expect("copy a shared object");
}

fn loaded_objects() -> Vec<String> {
    let maps = fs::read_to_string("/proc/self/maps").expect("read the map");
    let mut objects: Vec<String> = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5))
        .filter(|path| path.contains(".so"))
        .map(str::to_owned)
        .collect();
    objects.sort();
    objects.dedup();
    objects
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
