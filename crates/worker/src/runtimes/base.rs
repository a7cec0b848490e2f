//! The base set of every root: a shell and the usual programs, certificates, time zones, locales, /etc.
//!
//! Everything is taken from the host as far as the host has it; only the shell and the C library are required.

use super::libraries::{Closure, Search};
use super::tree::{Take, Tree};
use super::{RuntimesError, layout};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Programs that scripts expect: the shell, GNU coreutils, and the few others that `bootstrap` scripts are written with.
const PROGRAMS: &str = "\
    sh bash dash \
    arch b2sum base32 base64 basename basenc cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dircolors dirname \
    du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo \
    mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir seq \
    sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test \
    timeout touch tr true truncate tsort tty uname unexpand uniq unlink vdir wc who whoami yes [ \
    awk gawk mawk cmp curl diff egrep fgrep find grep gunzip gzip hostname kill ps sed tar which xargs zcat";

/// Shared objects that compiled packages for Python and other languages may count on (PEP 513 and its successors), and
/// that programs open by name while they run.
const LIBRARIES: [&str; 20] = [
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libnsl.so.1",
    "libanl.so.1",
    "libcrypt.so.1",
    "libnss_files.so.2",
    "libnss_dns.so.2",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libatomic.so.1",
    "libz.so.1",
    "libexpat.so.1",
    "libbz2.so.1.0",
    "liblzma.so.5",
    "libffi.so.8",
];

const CERTIFICATES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"];
/// Where TLS libraries of all descents look for the bundle.
const CERTIFICATE_LINKS: [&str; 3] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/usr/lib/ssl/cert.pem"];

/// Fills a root with the base set.
pub(super) fn add(tree: &mut Tree, search: &Search) -> Result<(), RuntimesError> {
    let mut closure = Closure::default();
    for name in PROGRAMS.split_whitespace() {
        if let Some(path) = program(name) {
            add_program(tree, search, name, &path, &mut closure)?;
        }
    }
    if !tree.has("/bin/sh") {
        return Err(RuntimesError::File {
            path: PathBuf::from("/bin/sh"),
            cause: std::io::ErrorKind::NotFound.into(),
        });
    }
    for path in LIBRARIES.iter().filter_map(|name| search.standard(name)) {
        search.add(&path, &mut closure)?;
        let name = path.to_string_lossy().into_owned();
        tree.copy(&path, &name)?;
    }
    add_closure(tree, &closure, None)?;
    for (path, contents) in layout::ETC {
        tree.write(path, contents.as_bytes())?;
    }
    tree.link("/etc/mtab", "/proc/mounts")?;
    add_certificates(tree)?;
    add_time_zones(tree)?;
    add_locales(tree)
}

/// Copies the shared objects of a closure: where the loader finds them without being told, or into `elsewhere`.
/// Without `elsewhere` they go beside the C library; so does the interpreter's own in any case, because it must start also
/// when a function has an LD_LIBRARY_PATH of its own.
pub(super) fn add_closure(
    tree: &mut Tree,
    closure: &Closure,
    elsewhere: Option<&str>,
) -> Result<(), RuntimesError> {
    for loader in &closure.loaders {
        tree.copy(loader, &loader.to_string_lossy())?;
    }
    let c_library = closure.libraries.values().find(|l| l.standard).and_then(|l| l.path.parent());
    let beside = c_library.unwrap_or(Path::new("/usr/lib")).to_string_lossy().into_owned();
    for (name, library) in &closure.libraries {
        let to = match library.standard {
            true => library.path.to_string_lossy().into_owned(),
            false if name.starts_with("libpython") => format!("{beside}/{name}"),
            false => format!("{}/{name}", elsewhere.unwrap_or(&beside)),
        };
        tree.copy(&library.path, &to)?;
    }
    Ok(())
}

/// Where the host has a program. The shell is bash if there is one, as on Lambda, whose own examples count on it.
fn program(name: &str) -> Option<PathBuf> {
    let find = |name: &str| {
        ["/usr/bin", "/bin"].iter().map(|dir| Path::new(dir).join(name)).find(|path| path.is_file())
    };
    if name == "sh" { find("bash").or_else(|| find(name)) } else { find(name) }
}

/// A program, or a script: those that the base set has are run by its shell. One that needs what the host lacks is left out.
fn add_program(
    tree: &mut Tree,
    search: &Search,
    name: &str,
    path: &Path,
    closure: &mut Closure,
) -> Result<(), RuntimesError> {
    match search.add(path, closure) {
        Ok(()) => {}
        Err(RuntimesError::NotAProgram { .. }) if is_shell_script(path) => {}
        Err(error) if name == "sh" => return Err(error),
        Err(error) => {
            tracing::debug!(%error, name, "a program is left out of the base set");
            return Ok(());
        }
    }
    tree.copy(path, &format!("/usr/bin/{name}"))
}

fn is_shell_script(path: &Path) -> bool {
    let mut start = [0; 64];
    let read = File::open(path).and_then(|mut file| file.read(&mut start)).unwrap_or_default();
    let start = &start[..read];
    let first = start.split(|b| *b == b'\n').next().unwrap_or_default();
    [&b"#!/bin/sh"[..], b"#! /bin/sh", b"#!/bin/bash"].iter().any(|shell| first.starts_with(shell))
}

fn add_certificates(tree: &mut Tree) -> Result<(), RuntimesError> {
    let Some(bundle) = CERTIFICATES.iter().find(|path| Path::new(path).is_file()) else { return Ok(()) };
    tree.copy(Path::new(bundle), CERTIFICATES[0])?;
    for link in CERTIFICATE_LINKS {
        tree.link(link, CERTIFICATES[0])?;
    }
    tree.link("/usr/lib/ssl/certs", "/etc/ssl/certs")
}

fn add_time_zones(tree: &mut Tree) -> Result<(), RuntimesError> {
    let zones = Path::new("/usr/share/zoneinfo");
    if !zones.is_dir() {
        return Ok(());
    }
    // `posix` and `right` hold everything once more, the latter with leap seconds.
    let take = |path: &str| match path.split('/').next() {
        Some("posix" | "right" | "localtime") => Take::LeaveOut,
        _ => Take::Copy,
    };
    tree.copy_directory(zones, "/usr/share/zoneinfo", &take)?;
    tree.link("/etc/localtime", "/usr/share/zoneinfo/UTC")
}

/// C.UTF-8, and en_US.UTF-8, which LANG names. Where the host has the first only, the second is the same by another name:
/// UTF-8, with the collation and the formats of C.
fn add_locales(tree: &mut Tree) -> Result<(), RuntimesError> {
    let all = Path::new("/usr/lib/locale");
    let existing = |names: [&'static str; 2]| names.into_iter().find(|name| all.join(name).is_dir());
    let copy_all = |_: &str| Take::Copy;
    if let Some(name) = existing(["C.utf8", "C.UTF-8"]) {
        tree.copy_directory(&all.join(name), "/usr/lib/locale/C.utf8", &copy_all)?;
    }
    if let Some(name) = existing(["en_US.utf8", "en_US.UTF-8"]) {
        tree.copy_directory(&all.join(name), "/usr/lib/locale/en_US.utf8", &copy_all)
    } else if tree.has("/usr/lib/locale/C.utf8") {
        tree.link("/usr/lib/locale/en_US.utf8", "C.utf8")
    } else {
        Ok(())
    }
}
