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

/// Writes of every kind outside of /tmp.
pub(crate) fn writes() {
    let open =
        |path: &str| OpenOptions::new().append(true).open(path).and_then(|mut file| file.write_all(b"x"));
    say("append", open("/open/file"));
    say("truncate", OpenOptions::new().write(true).truncate(true).open("/open/file").map(|_| ()));
    say("create", File::create("/open/new").map(|_| ()));
    say("create-in-code", File::create("/var/task/new").map(|_| ()));
    say("append-to-code", open("/var/task/handler"));
    say("create-in-layers", File::create("/opt/new").map(|_| ()));
    say("create-in-root", File::create("/new").map(|_| ()));
    say("make-directory", fs::create_dir("/open/directory"));
    say("remove", fs::remove_file("/open/file"));
    say("rename", fs::rename("/open/file", "/open/renamed"));
    say("link-to-tmp", fs::hard_link("/open/file", "/tmp/linked"));
    say("mode", fs::set_permissions("/open/file", fs::Permissions::from_mode(0o600)));
    let times = rustix::fs::Timestamps {
        last_access: rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 },
        last_modification: rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 },
    };
    let set = rustix::fs::utimensat(rustix::fs::CWD, "/open/file", &times, rustix::fs::AtFlags::empty());
    say("times", set.map_err(Into::into));
    say("own-program", open("/proc/self/exe"));
    say("over-a-mount-point", fs::rename("/open", "/tmp"));
    say("passwd", open("/etc/passwd"));
    say("device-directory", File::create("/dev/new").map(|_| ()));
    say("tmp", File::create("/tmp/new").and_then(|mut file| file.write_all(b"x")));
    say("shared-memory", File::create("/dev/shm/new").and_then(|mut file| file.write_all(b"x")));
    say("null", OpenOptions::new().write(true).open("/dev/null").and_then(|mut file| file.write_all(b"x")));
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

/// Entries of /proc that tell about the host or steer it.
pub(crate) fn proc() {
    for name in [
        "kallsyms",
        "kcore",
        "kmsg",
        "keys",
        "key-users",
        "timer_list",
        "sched_debug",
        "latency_stats",
        "interrupts",
        "softirqs",
        "cmdline",
    ] {
        let length = fs::read(format!("/proc/{name}")).map_or(0, |bytes| bytes.len());
        println!("{name} {length}");
    }
    for name in ["acpi", "scsi"] {
        let entries = fs::read_dir(format!("/proc/{name}")).map_or(0, Iterator::count);
        println!("{name} {entries}");
    }
    let write = |path: &str, text: &str| {
        OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(text.as_bytes()))
    };
    say(
        "sysrq",
        OpenOptions::new().write(true).open("/proc/sysrq-trigger").and_then(|file| {
            // The mask is the null device: it may be opened, and nothing happens.
            use std::os::unix::fs::{FileTypeExt, MetadataExt};
            let found = file.metadata()?;
            let is_null = found.file_type().is_char_device() && found.rdev() == libc::makedev(1, 3);
            if is_null { Err(std::io::Error::from_raw_os_error(libc::EROFS)) } else { Ok(()) }
        }),
    );
    say("core-pattern", write("/proc/sys/kernel/core_pattern", "|/tmp/x"));
    say("max-user-namespaces", write("/proc/sys/user/max_user_namespaces", "100"));
    say("own-comm", write("/proc/self/comm", "renamed"));
    say("own-oom-score", write("/proc/self/oom_score_adj", "500"));
    println!("namespaces-left {}", read("/proc/sys/user/max_user_namespaces").trim());
    println!("sys {}", fs::exists("/sys").unwrap_or(false));
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

/// Leaves something for others to find, and waits.
pub(crate) fn leave(text: &str) {
    fs::write("/tmp/left", text).expect("write to /tmp");
    fs::write("/dev/shm/left", text).expect("write to /dev/shm");
    println!("left ok");
    std::thread::sleep(std::time::Duration::from_secs(600));
}

/// Looks for what another environment left, and for its processes by their number on the host.
pub(crate) fn seek(pid: &str) {
    println!("tmp {}", fs::exists("/tmp/left").unwrap_or(true));
    println!("shm {}", fs::exists("/dev/shm/left").unwrap_or(true));
    println!("process {}", fs::exists(format!("/proc/{pid}")).unwrap_or(true));
    let number: i32 = pid.parse().expect("a number");
    // SAFETY: signal 0 asks whether the process can be signalled and sends nothing.
    let result = unsafe { libc::kill(number, 0) };
    println!("signal {}", if result == 0 { "ok" } else { "refused" });
}
