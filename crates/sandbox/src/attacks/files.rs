//! Changing what other environments read, and reading what they left.
//!
//! Invariant: what a weakened sandbox lets through is undone, because other attacks use the same files.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::io::Errno;

use super::ground::CONTENT;
use super::refusal::{Breach, NOT_TRIED, Needed, Verdict, breach, name_of, names_of, refused};
use super::stage::{Facts, Stage};
use super::{Attack, Group, Place, Twin, Twins, run};
use crate::error::AttackError;
use crate::weaken::Layer;

const EARLIER: &str = "files-of-an-earlier-environment";
const CODE_OF_NEIGHBOUR: &str = "code-of-a-neighbour";

const FILES: Attack = Attack { group: Group::Files, protection: "root", ..Attack::SHARED };
const WRITABLE: Twins = Twins::without(&[Layer::ReadOnlyRoot, Layer::Landlock]);

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "change-the-runtime",
        what: "write, make, remove, rename and link files of the runtime, of which the modes allow everything",
        twins: WRITABLE,
        inside: |_| change("/open"),
        ..FILES
    },
    Attack {
        name: "change-the-code",
        what: "the same in the code directory",
        twins: WRITABLE,
        inside: |_| change("/var/task/open"),
        ..FILES
    },
    Attack {
        name: "attributes-of-shared-files",
        what: "change the mode and the times of a file of the runtime and of the code",
        twins: Twins {
            privileged: Twin::Without(&[Layer::ReadOnlyRoot, Layer::Identity]),
            // There the files' owner and the environment are one user.
            rootless: Twin::Without(&[Layer::ReadOnlyRoot]),
        },
        inside: |_| attributes(),
        ..FILES
    },
    Attack {
        name: "mark-shared-files",
        what: "leave an extended attribute on a file of the runtime and of the code for others to read",
        // Neither modes nor Landlock keep anybody who may write from that.
        twins: Twins::without(&[Layer::ReadOnlyRoot]),
        inside: |_| mark(),
        ..FILES
    },
    Attack {
        name: "make-files-elsewhere",
        what: "make files in /, /etc, /opt, /usr, /dev and /var, or write /etc/passwd",
        twins: Twins::none(
            "the modes refuse this too, wherever the owner is not the environment; the mounts are another attack's",
        ),
        inside: |_| elsewhere(),
        ..FILES
    },
    Attack {
        name: "link-shared-files",
        what: "link a file of the code or the runtime into /tmp, where modes and names are its own",
        twins: Twins::none("the kernel links nothing from one mount to another"),
        inside: |_| link(),
        ..FILES
    },
    Attack {
        name: "rename-over-mounts",
        what: "rename directories over mount points, and mount points away",
        twins: Twins::none("the kernel moves nothing over a mount point, or from one mount to another"),
        inside: |_| rename(),
        ..FILES
    },
    Attack {
        name: CODE_OF_NEIGHBOUR,
        what: "change the code of another environment of the same function",
        twins: WRITABLE,
        inside: change_for_others,
        place: Place::Staged(code_of_a_neighbour),
        ..FILES
    },
    Attack {
        name: "files-of-a-neighbour",
        what: "find in /tmp and /dev/shm what a neighbour has there",
        twins: Twins::without(&[Layer::PrivateTmp]),
        inside: |facts| {
            for place in ["/tmp", "/dev/shm"] {
                let path = format!("{place}/{}-neighbour", facts.get("host-abstract"));
                refused(&path, File::open(&path), &[Errno::NOENT])?;
            }
            Ok(name_of(Errno::NOENT))
        },
        ..FILES
    },
    Attack {
        name: EARLIER,
        what: "find what an environment of the same function (or of its version before) left in /tmp and /dev/shm",
        twins: Twins::without(&[Layer::PrivateTmp]),
        inside: leave_and_look,
        place: Place::Staged(one_after_the_other),
        ..FILES
    },
    Attack {
        name: "residency-of-shared-files",
        group: Group::SideChannels,
        what: "learn by mincore which pages of a shared file others have read",
        protection: "unique-uid",
        twins: Twins {
            privileged: Twin::Without(&[Layer::Identity]),
            rootless: Twin::None(
                "the files belong to the plain user, who may see; nothing is promised there",
            ),
        },
        inside: |_| residency(),
        ..FILES
    },
];

/// One kind of change: what it is called, how it is done, and how it is undone.
type Change = (&'static str, fn(&Path) -> std::io::Result<()>, fn(&Path));

const CHANGES: [Change; 8] = [
    ("append", |place| append(&place.join("file")), restore),
    (
        "truncate",
        |place| File::options().write(true).truncate(true).open(place.join("file")).map(drop),
        restore,
    ),
    (
        "create",
        |place| File::create(place.join("new")).map(drop),
        |place| drop(fs::remove_file(place.join("new"))),
    ),
    (
        "make a directory",
        |place| fs::create_dir(place.join("sub")),
        |place| drop(fs::remove_dir(place.join("sub"))),
    ),
    (
        "rename",
        |place| fs::rename(place.join("file"), place.join("away")),
        |place| {
            drop(fs::rename(place.join("away"), place.join("file")));
        },
    ),
    (
        "link",
        |place| fs::hard_link(place.join("file"), place.join("link")),
        |place| {
            drop(fs::remove_file(place.join("link")));
        },
    ),
    (
        "make a link",
        |place| std::os::unix::fs::symlink("/etc", place.join("symbolic")),
        |place| {
            drop(fs::remove_file(place.join("symbolic")));
        },
    ),
    ("remove", |place| fs::remove_file(place.join("file")), restore),
];

fn append(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(b"x")
}

/// As it was delivered, or nearly: the next environment's attacks need the file to be there, open and with its content.
fn restore(place: &Path) {
    let path = place.join("file");
    // A twin that could change it can do this too.
    let _ = fs::write(&path, CONTENT);
    let _ = fs::set_permissions(&path, Permissions::from_mode(0o666));
}

fn change(place: &str) -> Verdict {
    let place = Path::new(place);
    let expected = [Errno::ROFS, Errno::ACCESS];
    let mut errors = Vec::new();
    let mut through = Vec::new();
    for (what, attempt, undo) in CHANGES {
        let done = attempt(place);
        if done.is_ok() {
            undo(place);
        }
        match refused(what, done, &expected) {
            Ok(errno) => errors.push(errno),
            Err(Breach(text)) => through.push(text),
        }
    }
    if !through.is_empty() {
        return breach(through.join(", "));
    }
    Ok(names_of(&errors))
}

fn attributes() -> Verdict {
    let mut errors = Vec::new();
    let expected = [Errno::ROFS, Errno::PERM];
    for path in ["/open/owned", "/var/task/handler"] {
        let mode = fs::set_permissions(path, Permissions::from_mode(0o600));
        let file = File::open(path).needed("opening it")?;
        let times = file.set_modified(std::time::UNIX_EPOCH);
        if mode.is_ok() {
            let _ = fs::set_permissions(path, Permissions::from_mode(0o666));
        }
        errors.push(refused("its mode", mode, &expected)?);
        errors.push(refused("its times", times, &expected)?);
    }
    Ok(names_of(&errors))
}

fn mark() -> Verdict {
    let name = "user.lambent-attacked";
    let mut errors = Vec::new();
    for path in ["/open/file", "/var/task/open/file"] {
        let marked = rustix::fs::setxattr(path, name, b"x", rustix::fs::XattrFlags::empty());
        if marked.is_ok() {
            let _ = rustix::fs::removexattr(path, name);
        }
        errors.push(refused(path, marked, &[Errno::ROFS])?);
    }
    Ok(names_of(&errors))
}

fn elsewhere() -> Verdict {
    let mut errors = Vec::new();
    let expected = [Errno::ROFS, Errno::ACCESS, Errno::NOENT];
    for directory in
        ["/", "/etc", "/opt", "/usr", "/bin", "/dev", "/var", "/var/task", "/var/runtime", "/proc"]
    {
        let path = format!("{directory}/new");
        errors.push(refused(&path, File::create(&path), &expected)?);
    }
    errors.push(refused("/etc/passwd", append(Path::new("/etc/passwd")), &expected)?);
    Ok(names_of(&errors))
}

fn link() -> Verdict {
    let mut errors = Vec::new();
    for source in ["/var/task/handler", "/open/file"] {
        let linked = fs::hard_link(source, "/tmp/linked");
        errors.push(refused(source, linked, &[Errno::XDEV, Errno::PERM, Errno::ACCESS])?);
    }
    Ok(names_of(&errors))
}

fn rename() -> Verdict {
    let mut errors = Vec::new();
    let expected = [Errno::BUSY, Errno::ROFS, Errno::XDEV, Errno::ACCESS];
    let _ = fs::create_dir("/tmp/directory");
    for (from, to) in
        [("/open", "/tmp"), ("/tmp", "/open/tmp"), ("/var/task", "/var/moved"), ("/tmp/directory", "/proc")]
    {
        errors.push(refused(&format!("{from} to {to}"), fs::rename(from, to), &expected)?);
    }
    // Where /tmp is the host's.
    let _ = fs::remove_dir("/tmp/directory");
    Ok(names_of(&errors))
}

/// One environment tries to change it, another then reads.
fn code_of_a_neighbour(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    for part in ["change", "read"] {
        let ended = stage.run(CODE_OF_NEIGHBOUR, &stage.facts().with("part", part))?;
        let verdict = run::read(&ended.output, CODE_OF_NEIGHBOUR);
        if part == "read" {
            return Ok(verdict);
        }
    }
    Ok(breach(NOT_TRIED))
}

fn change_for_others(facts: &Facts) -> Verdict {
    let path = Path::new("/var/task/open/file");
    if facts.get("part") == "change" {
        // Whether it went through is the other one's to say.
        let _ = append(path);
        return Ok(String::new());
    }
    let found = fs::read_to_string(path).needed("reading the code")?;
    restore(Path::new("/var/task/open"));
    if found == CONTENT { Ok("as delivered".to_owned()) } else { breach(found) }
}

fn one_after_the_other(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let mut verdict = breach(NOT_TRIED);
    for _ in 0..2 {
        let ended = stage.run(EARLIER, stage.facts())?;
        verdict = run::read(&ended.output, EARLIER);
        if verdict.is_err() {
            break;
        }
    }
    Ok(verdict)
}

fn leave_and_look(facts: &Facts) -> Verdict {
    for place in ["/tmp", "/dev/shm"] {
        let path = format!("{place}/{}-earlier-{}", facts.get("host-abstract"), place.len());
        if fs::exists(&path).unwrap_or(true) {
            return breach(format!("{path} is there"));
        }
        fs::write(&path, "secret").needed("leaving a file")?;
    }
    Ok("both are empty".to_owned())
}

/// The kernel tells the truth to those only who may write the file or own it; others hear that every page is there. The file
/// was made with a hole that nobody ever read.
fn residency() -> Verdict {
    const PAGES: usize = 256;
    let file = File::open("/open/unread").needed("opening a file")?;
    let length = PAGES * 4096;
    let (address, descriptor) = (std::ptr::null_mut(), file.as_raw_fd());
    // SAFETY: a new mapping at a place of the kernel's choice; nothing is read from it.
    let map = unsafe { libc::mmap(address, length, libc::PROT_READ, libc::MAP_SHARED, descriptor, 0) };
    if map == libc::MAP_FAILED {
        return breach(format!("{NOT_TRIED}: {}", std::io::Error::last_os_error()));
    }
    let mut resident = [0u8; PAGES];
    // SAFETY: `resident` has a byte for each page of the mapping.
    let asked = unsafe { libc::mincore(map, length, resident.as_mut_ptr()) };
    if asked != 0 {
        return breach(format!("{NOT_TRIED}: {}", std::io::Error::last_os_error()));
    }
    match resident.iter().filter(|page| **page & 1 == 0).count() {
        0 => Ok("every page is said to be there".to_owned()),
        absent => breach(format!("{absent} of {PAGES} pages are said to be absent")),
    }
}
