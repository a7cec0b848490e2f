//! A minimal runtime root: this executable, the shared objects that it has loaded, and the mount points.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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
    let name = digit.to_string().repeat(64);
    let mode = rustix::fs::Mode::from_raw_mode(0o755);
    rustix::fs::mkdirat(staging, &name, mode).expect("make a code tree");
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CLOEXEC;
    let path = format!("{name}/handler");
    let file = rustix::fs::openat(staging, &path, flags, rustix::fs::Mode::from_raw_mode(0o666))
        .expect("make a file");
    rustix::io::write(file.as_fd(), b"code").expect("write code");
    TreeName::parse(&name).expect("a tree name")
}
