//! A runtime root and a code tree to attack: the attacker, what it needs to run, and things that only mounts and modes protect.
//!
//! Invariant: files and directories here are open to everybody as far as their modes go, so that a refused write was refused
//! by a layer.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::inside::NAME;
use crate::spec::TreeName;

/// The mount points that a root needs, and places for attacks.
const DIRECTORIES: [&str; 8] = ["dev", "proc", "tmp", "var/task", "opt", "etc", "bin", "open"];
/// What stands in the files that attacks change.
pub(super) const CONTENT: &str = "as delivered";
/// Bytes of a file that nobody has read.
const UNREAD: u64 = 1 << 20;
/// A copy of the attacker in the code directory that would give privilege, if it could.
pub(super) const PRIVILEGED: &str = "/var/task/privileged/lambent-attacker";

/// Makes a runtime root in an existing directory, which should be on a disk: it takes the size of this executable twice. Gives
/// back the attacker's path inside.
pub fn build_root(root: &Path) -> io::Result<String> {
    fs::set_permissions(root, Permissions::from_mode(0o755))?;
    for directory in DIRECTORIES {
        fs::create_dir_all(root.join(directory))?;
    }
    fs::set_permissions(root.join("open"), Permissions::from_mode(0o777))?;
    write(&root.join("open/file"), CONTENT, 0o666)?;
    write(&root.join("open/owned"), CONTENT, 0o666)?;
    write(&root.join("open/secret"), "secret of root", 0o600)?;
    write(&root.join("open/unread"), "", 0o644)?;
    fs::File::options().write(true).open(root.join("open/unread"))?.set_len(UNREAD)?;
    write(&root.join("etc/passwd"), "", 0o644)?;
    let program = format!("bin/{NAME}");
    fs::copy("/proc/self/exe", root.join(&program))?;
    fs::set_permissions(root.join(&program), Permissions::from_mode(0o755))?;
    for object in loaded_objects()? {
        copy_object(root, &object)?;
    }
    Ok(format!("/{program}"))
}

fn write(path: &Path, content: &str, mode: u32) -> io::Result<()> {
    fs::write(path, content)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// A shared object at its own place, and the loader also where programs name it, whatever that is a link to.
fn copy_object(root: &Path, object: &str) -> io::Result<()> {
    const LOADERS: [&str; 2] = ["lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"];
    let name = object.rsplit('/').next().unwrap_or_default();
    let loader = LOADERS.into_iter().find(|loader| loader.ends_with(name));
    for place in [object.trim_start_matches('/')].into_iter().chain(loader) {
        let place = root.join(place);
        fs::create_dir_all(place.parent().unwrap_or(root))?;
        fs::copy(object, place)?;
    }
    Ok(())
}

/// The shared objects of this process; none when it is linked statically.
fn loaded_objects() -> io::Result<Vec<String>> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    let paths = maps.lines().filter_map(|line| line.split_whitespace().nth(5));
    let mut objects: Vec<String> = paths.filter(|path| path.contains(".so")).map(str::to_owned).collect();
    objects.sort();
    objects.dedup();
    Ok(objects)
}

/// Puts the code tree for attacks into a spawner's staging area: a handler, an open directory, and a copy of this executable
/// that belongs to the platform's user, with the set-user-id bit and, where that is allowed, file capabilities.
pub fn stage_code(staging: BorrowedFd<'_>) -> io::Result<TreeName> {
    let digits = "a77ac4ed".repeat(8);
    let name = TreeName::parse(&digits).map_err(io::Error::other)?;
    for directory in [digits.clone(), format!("{digits}/open"), format!("{digits}/privileged")] {
        rustix::fs::mkdirat(staging, &directory, Mode::RWXU)?;
        // Apart from the umask.
        rustix::fs::chmodat(staging, &directory, Mode::from_raw_mode(0o777), rustix::fs::AtFlags::empty())?;
    }
    for file in ["handler", "open/file"] {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(staging, format!("{digits}/{file}"), flags, Mode::empty())?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(0o666))?;
        fs::File::from(file).write_all(CONTENT.as_bytes())?;
    }
    copy_privileged(staging, &format!("{digits}/privileged/{NAME}"))?;
    Ok(name)
}

/// Every capability as permitted: the second form of the attribute, little-endian. Not as effective, because the kernel would
/// refuse to execute what it can't give all of it, and nothing would be shown.
const ALL_CAPABILITIES: [u8; 20] =
    [0x00, 0x00, 0x00, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0x01, 0x00, 0x00, 0, 0, 0, 0];

fn copy_privileged(staging: BorrowedFd<'_>, path: &str) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let mut copy = fs::File::from(rustix::fs::openat(staging, path, flags, Mode::empty())?);
    io::copy(&mut fs::File::open("/proc/self/exe")?, &mut copy)?;
    rustix::fs::fchmod(&copy, Mode::from_raw_mode(0o6755))?;
    let attribute = "security.capability";
    match rustix::fs::fsetxattr(&copy, attribute, &ALL_CAPABILITIES, rustix::fs::XattrFlags::empty()) {
        // A plain user can't give what it has not, and not every kernel keeps attributes in memory.
        Err(Errno::PERM | Errno::OPNOTSUPP) => Ok(()),
        result => Ok(result?),
    }
}
