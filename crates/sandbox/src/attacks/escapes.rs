//! Escapes that other sandboxes had, by the numbers of their reports, and ways to end what holds one.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;

use rustix::fs::SealFlags;
use rustix::io::Errno;

use super::inside::NAME;
use super::refusal::{NOT_TRIED, Needed, Verdict, breach, name_of, names_of, refused};
use super::stage::{Stage, finish};
use super::{Attack, Group, Place, Twin, Twins, run};
use crate::error::{AttackError, CreateError};
use crate::step::Step;
use crate::weaken::Layer;

const SPAWNERS_PROGRAM: &str = "write-the-spawners-program";

const ESCAPE: Attack = Attack { group: Group::Escapes, protection: "root", ..Attack::SHARED };

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "write-own-program",
        what: "write the program that it runs from, by /proc/self/exe (CVE-2019-5736)",
        twins: Twins::none(
            "the kernel lets nobody write to a program while it runs; the file's mount is another attack's",
        ),
        inside: |_| own_program(),
        ..ESCAPE
    },
    Attack {
        name: SPAWNERS_PROGRAM,
        what: "be started as #!/proc/self/exe, which is the spawner's own program then, and write it (CVE-2019-5736)",
        protection: "sealed-spawner",
        twins: Twins { privileged: Twin::Start(Layer::Seals), rootless: Twin::Start(Layer::Seals) },
        inside: |_| spawners_program(),
        place: Place::Staged(by_interpreter),
        ..ESCAPE
    },
    Attack {
        name: "descriptors-left-open",
        what: "find a descriptor of the host among 0 to 4096, or a working directory outside (CVE-2024-21626)",
        protection: "namespaces",
        twins: Twins::without(&[Layer::Descriptors]),
        inside: |_| descriptors(),
        ..ESCAPE
    },
    Attack {
        name: "climb-out-of-the-root",
        what: "leave the root by .. or by the links of /proc",
        protection: "namespaces",
        twins: Twins::none("without pivot_root there would be no root of its own at all"),
        inside: |_| climb(),
        ..ESCAPE
    },
    Attack {
        name: "links-in-place-of-mount-points",
        what: "have the spawner mount over what a link points to (CVE-2021-30465, 2025-31133, 2025-52565, 2025-52881, 2026-1386)",
        twins: Twins::none(
            "the spawner has one way to open, which follows no link: there is nothing to leave out",
        ),
        place: Place::Staged(links),
        ..ESCAPE
    },
    Attack {
        name: "release-agent",
        what: "mount a cgroup hierarchy in a user namespace and name a program for the host to run (CVE-2022-0492)",
        protection: "seccomp",
        twins: Twins {
            privileged: Twin::Without(&[Layer::Seccomp]),
            rootless: Twin::Without(&[Layer::Seccomp, Layer::NamespaceLimits]),
        },
        inside: |_| release_agent(),
        ..ESCAPE
    },
    Attack {
        name: "dirty-pipe",
        what: "write to a read-only file's cached page through a pipe (CVE-2022-0847)",
        twins: Twins::none("a hole of kernels before 5.16.11 that no layer closes; it shows such a kernel"),
        inside: |_| dirty_pipe(),
        ..ESCAPE
    },
    Attack {
        name: "remount-writable",
        what: "make a read-only mount writable again",
        protection: "seccomp",
        twins: Twins {
            privileged: Twin::Without(&[Layer::Seccomp, Layer::Capabilities, Layer::Landlock]),
            rootless: Twin::None("the kernel locks the flags of mounts that a user namespace was handed"),
        },
        inside: |_| remount(),
        ..ESCAPE
    },
    Attack {
        name: "kill-init",
        what: "kill, stop or crash pid 1 of the environment",
        protection: "namespaces",
        twins: Twins::none(
            "the kernel shields pid 1 of every pid namespace from signals that come from inside",
        ),
        inside: |_| kill_init(),
        place: Place::Alone,
        ..ESCAPE
    },
];

fn own_program() -> Verdict {
    let program = fs::read_link("/proc/self/exe").needed("the link to its program")?;
    if program.file_name().is_none_or(|name| name != NAME) {
        return breach(format!("it runs from {}", program.display()));
    }
    let mode = fs::set_permissions("/proc/self/exe", fs::Permissions::from_mode(0o777));
    refused("changing its mode", mode, &[Errno::ROFS, Errno::ACCESS, Errno::PERM])?;
    write_program()
}

/// Every way to write to what /proc/self/exe is.
fn write_program() -> Verdict {
    let path = "/proc/self/exe";
    let expected = [Errno::TXTBSY, Errno::ROFS, Errno::ACCESS, Errno::PERM];
    let mut errors = vec![
        refused("opening for writing", File::options().write(true).open(path), &expected)?,
        refused("truncating", File::options().write(true).truncate(true).open(path), &expected)?,
    ];
    let readable = File::open(path).needed("opening its program")?;
    let again = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&readable));
    errors.push(refused("opening again for writing", File::options().write(true).open(again), &expected)?);
    let truncated = rustix::fs::ftruncate(&readable, 0);
    errors.push(refused("truncating the descriptor", truncated, &[Errno::INVAL, Errno::PERM, Errno::BADF])?);
    Ok(names_of(&errors))
}

/// Inside, as what the interpreter line made of the spawner's program.
fn spawners_program() -> Verdict {
    let program = fs::read_link("/proc/self/exe").needed("the link to its program")?;
    if !program.to_string_lossy().starts_with("/memfd:lambent-spawner") {
        return breach(format!("{NOT_TRIED}: it runs from {}", program.display()));
    }
    let refused = write_program()?;
    // The kernel refuses that as long as somebody runs it; what nobody runs any more is kept by the seals alone.
    let file = File::open("/proc/self/exe").needed("opening its program")?;
    let seals = rustix::fs::fcntl_get_seals(&file).needed("its seals")?;
    if !seals.contains(SealFlags::SEAL | SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK) {
        return breach(format!(
            "its seals are {seals:?}: who still has it open when nobody runs it can write it"
        ));
    }
    Ok(format!("{refused}, and sealed"))
}

/// The runtime's program is a script of the tenant's, whose interpreter is whatever executes it.
fn by_interpreter(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let script = format!("#!/proc/self/exe {NAME}\n");
    let place = stage.target.root.join("open/script");
    let written = fs::write(&place, script)
        .and_then(|()| fs::set_permissions(&place, fs::Permissions::from_mode(0o755)));
    written.map_err(AttackError::Stage)?;
    let mut spec = stage.spec(SPAWNERS_PROGRAM, stage.facts());
    "/open/script".clone_into(&mut spec.argv[0]);
    let ended = finish(&stage.create(&spec)?);
    Ok(run::read(&ended.output, SPAWNERS_PROGRAM))
}

fn descriptors() -> Verdict {
    // SAFETY: F_GETFD touches no memory and fails for a closed descriptor.
    let is_open = |number: &i32| unsafe { libc::fcntl(*number, libc::F_GETFD) } != -1;
    let open: Vec<i32> = (0..4096).filter(is_open).collect();
    if open != [0, 1, 2] {
        return breach(format!("open: {open:?}"));
    }
    let place = fs::read_link("/proc/self/cwd").needed("its working directory")?;
    let link = fs::read_link("/proc/self/fd/0").needed("its standard input")?;
    if place.as_os_str() != "/var/task" || link.as_os_str() != "/dev/null" {
        return breach(format!("in {}, reading {}", place.display(), link.display()));
    }
    Ok("0, 1 and 2".to_owned())
}

fn climb() -> Verdict {
    let root = fs::metadata("/").needed("the root")?;
    let is_root = |found: &fs::Metadata| found.dev() == root.dev() && found.ino() == root.ino();
    let up = format!("/var/task{}", "/..".repeat(100));
    for path in [up.as_str(), "/proc/self/root", "/proc/self/root/..", "/proc/self/cwd/../../.."] {
        let found = fs::metadata(path).needed(path)?;
        if !is_root(&found) {
            return breach(format!("{path} is another directory"));
        }
    }
    Ok("every way ends at its own root".to_owned())
}

/// A root of which one mount point is a link, for each: the spawner refuses, by name.
fn links(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    const POINTS: [&str; 6] = ["dev", "proc", "tmp", "var/task", "opt", "etc/passwd"];
    for link in POINTS {
        let root = stage.target.root.join("linked");
        make_linked(&root, link).map_err(AttackError::Stage)?;
        let created = stage.start_in(&root);
        // What is left of it is the next one's, or the whole root's.
        let _ = fs::remove_dir_all(&root);
        match created {
            Err(AttackError::Create(CreateError::Step { step: Step::RootMountPoint, source }))
                if source.raw_os_error() == Some(libc::ELOOP) => {}
            Err(error) => return Ok(breach(format!("{link}: {error}"))),
            Ok(_) => return Ok(breach(format!("{link}: an environment was made"))),
        }
    }
    Ok(Ok("the spawner refuses each".to_owned()))
}

fn make_linked(root: &std::path::Path, link: &str) -> std::io::Result<()> {
    for directory in ["dev", "proc", "tmp", "var/task", "opt", "etc"] {
        fs::create_dir_all(root.join(directory))?;
    }
    fs::write(root.join("etc/passwd"), "")?;
    let place = root.join(link);
    if place.is_dir() {
        fs::remove_dir(&place)?
    } else {
        fs::remove_file(&place)?
    }
    std::os::unix::fs::symlink("/etc", place)
}

fn release_agent() -> Verdict {
    let flags = rustix::thread::UnshareFlags::NEWUSER
        | rustix::thread::UnshareFlags::NEWCGROUP
        | rustix::thread::UnshareFlags::NEWNS;
    let unshared = crate::syscalls::unshare(flags);
    let _ = fs::create_dir("/tmp/cgroup");
    // SAFETY: all are C strings.
    let mounted = unsafe {
        libc::mount(
            c"none".as_ptr(),
            c"/tmp/cgroup".as_ptr(),
            c"cgroup".as_ptr(),
            0,
            c"memory".as_ptr().cast(),
        )
    };
    let mounted = if mounted == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
    // A twin without a /tmp of its own leaves nothing on the host.
    let _ = fs::remove_dir("/tmp/cgroup");
    refused("mounting a cgroup hierarchy", mounted, &[Errno::PERM])?;
    refused("a user namespace", unshared, &[Errno::PERM, Errno::NOSPC]).map(name_of)
}

/// The published steps: fill and drain a pipe so that its buffers may be merged, splice a byte of the file in, write after it.
fn dirty_pipe() -> Verdict {
    let path = "/open/file";
    let before = fs::read(path).needed("reading a file")?;
    let file = File::open(path).needed("opening a file")?;
    let (reader, writer) = rustix::pipe::pipe().needed("a pipe")?;
    let page = [0u8; 4096];
    let size = rustix::pipe::fcntl_getpipe_size(&writer).needed("the size of a pipe")?;
    for _ in 0..size / page.len() {
        rustix::io::write(&writer, &page).needed("filling the pipe")?;
        rustix::io::read(&reader, &mut [0u8; 4096]).needed("draining the pipe")?;
    }
    let mut offset = 0;
    let flags = rustix::pipe::SpliceFlags::empty();
    rustix::pipe::splice(file.as_fd(), Some(&mut offset), &writer, None, 1, flags).needed("splicing")?;
    rustix::io::write(&writer, b"DIRTY").needed("writing to the pipe")?;
    let after = fs::read(path).needed("reading the file again")?;
    if before == after {
        Ok("the file is as it was".to_owned())
    } else {
        breach("a read-only file was changed")
    }
}

fn remount() -> Verdict {
    let mut errors = Vec::new();
    for place in [c"/", c"/var/task", c"/proc"] {
        // SAFETY: the path is a C string; the other pointers may be null.
        let result = unsafe {
            let flags = libc::MS_REMOUNT | libc::MS_BIND;
            libc::mount(std::ptr::null(), place.as_ptr(), std::ptr::null(), flags, std::ptr::null())
        };
        let result = if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
        errors.push(refused("remounting", result, &[Errno::PERM])?);
    }
    Ok(names_of(&errors))
}

/// That this process still can say so is the proof: it would die with pid 1.
fn kill_init() -> Verdict {
    for signal in [libc::SIGKILL, libc::SIGSTOP, libc::SIGINT, libc::SIGHUP, libc::SIGSEGV] {
        // SAFETY: kill touches no memory.
        unsafe { libc::kill(1, signal) };
    }
    std::thread::sleep(Duration::from_millis(50));
    Ok("it lives".to_owned())
}
