//! Files, descriptors, /proc and /dev.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::{read, say};

/// What is open, and where this process is.
pub(crate) fn descriptors() {
    // SAFETY: F_GETFD touches no memory and fails for a closed descriptor.
    let is_open = |number: &i32| unsafe { libc::fcntl(*number, libc::F_GETFD) } != -1;
    let open: Vec<String> = (0..4096).filter(is_open).map(|number| number.to_string()).collect();
    println!("open {}", open.join(" "));
    println!("cwd {}", fs::read_link("/proc/self/cwd").expect("a link").display());
    println!("stdin {}", fs::read_link("/proc/self/fd/0").expect("a link").display());
}

/// Every file below /opt with its content.
pub(crate) fn layers() {
    let mut found = Vec::new();
    let mut open = vec![std::path::PathBuf::from("/opt")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("read a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let content = fs::read_to_string(&path).expect("read a file");
                found.push(format!("{} {content}", path.display().to_string().trim_start_matches("/opt")));
            }
        }
    }
    found.sort();
    found.iter().for_each(|line| println!("{line}"));
}

/// Writes of every kind to a layer of which the modes allow everything.
pub(crate) fn write_layers() {
    let append = OpenOptions::new().append(true).open("/opt/open/file");
    say("append", append.and_then(|mut file| file.write_all(b"x")));
    say("create", File::create("/opt/open/new").map(|_| ()));
    say("create-at-the-top", File::create("/opt/new").map(|_| ()));
    say("make-directory", fs::create_dir("/opt/open/directory"));
    say("mode", fs::set_permissions("/opt/open/file", fs::Permissions::from_mode(0o600)));
    println!("content {}", read("/opt/open/file"));
    say("rename", fs::rename("/opt/open/file", "/opt/open/renamed"));
    say("remove", fs::remove_file("/opt/open/renamed"));
}

pub(crate) fn devices() {
    let mut names: Vec<String> = fs::read_dir("/dev")
        .expect("read /dev")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    println!("names {}", names.join(" "));
    let zeros = File::open("/dev/zero").and_then(|mut file| {
        let mut bytes = [1; 8];
        std::io::Read::read_exact(&mut file, &mut bytes)?;
        assert_eq!(bytes, [0; 8]);
        Ok(())
    });
    say("zero", zeros);
    say("full", OpenOptions::new().write(true).open("/dev/full").and_then(|mut file| file.write_all(b"x")));
    say("random", File::open("/dev/urandom").map(|_| ()));
    say("terminal", File::open("/dev/tty").map(|_| ()));
}

/// The three places that may be written.
pub(crate) fn writable() {
    let open = |path: &str| OpenOptions::new().write(true).open(path);
    say("tmp", File::create("/tmp/new").and_then(|mut file| file.write_all(b"x")));
    say("shared-memory", File::create("/dev/shm/new").and_then(|mut file| file.write_all(b"x")));
    say("null", open("/dev/null").and_then(|mut file| file.write_all(b"x")));
}
