//! The first process of a virtual machine in which this suite meets another kernel: one with cgroup v2 alone.
//!
//! `cargo xtask test --guest` puts this executable into an initramfs as `/init`, the crate's unit tests beside it, and the
//! kernel's modules in the order in which they are to be loaded. It makes what an init makes, runs the suite in each of the
//! situations that a service manager puts a platform into, and switches the machine off. Results go to the second serial
//! port, the kernel's log to the first. Invariant: whatever fails here is said there, and the machine ends.

use std::ffi::CStr;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use rustix::mount::{MountFlags, mount};
use rustix::system::RebootCommand;

type Done<T = ()> = std::io::Result<T>;

/// The user of services that are not root's.
const PLAIN_USER: u32 = 1000;
/// Where the results go.
const REPORT: &str = "/dev/ttyS1";
const GROUPS: &str = "/sys/fs/cgroup";
/// What a service manager hands on to those that it delegates to.
const CONTROLLERS: &str = "+memory +pids +cpu";

/// One situation: its name, who runs which half of the suite, and in which group.
struct Situation {
    name: &'static str,
    user: u32,
    group: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
}

const SUITE: &str = "/init";

/// A service of the system, one of the system that isn't root's, and a plain user's session without delegation.
const SITUATIONS: [Situation; 4] = [
    Situation {
        name: "unit",
        user: 0,
        group: "system/unit",
        program: "/unit-tests",
        arguments: &["--show-output"],
    },
    Situation {
        name: "root",
        user: 0,
        group: "system/root",
        program: SUITE,
        arguments: &["privileged", "--conclude"],
    },
    Situation {
        name: "delegated",
        user: PLAIN_USER,
        group: "system/delegated",
        program: SUITE,
        arguments: &["rootless", "--conclude"],
    },
    Situation {
        name: "rootless",
        user: PLAIN_USER,
        group: "session",
        program: SUITE,
        arguments: &["rootless", "--conclude"],
    },
];

/// Whether this process was started by a kernel.
pub(crate) fn is_init() -> bool {
    std::process::id() == 1 && Path::new("/modules").is_dir()
}

/// Runs what the file `/wanted` lists, a situation, a slash and part of a test's name in each line; without a line everything.
pub(crate) fn run() -> ExitCode {
    let result = prepare().and_then(|()| {
        let wanted = fs::read_to_string("/wanted")?;
        let wanted: Vec<&str> = wanted.lines().collect();
        report(&format!("guest ready {}", fs::read_to_string("/proc/sys/kernel/osrelease")?.trim()))?;
        SITUATIONS.iter().try_for_each(|situation| run_wanted(situation, &wanted))
    });
    if let Err(error) = result {
        // There is nowhere else to say it.
        let _ = report(&format!("guest failed: {error}"));
    }
    let _ = report("guest ended");
    rustix::fs::sync();
    let _ = rustix::system::reboot(RebootCommand::PowerOff);
    ExitCode::FAILURE
}

fn prepare() -> Done {
    leave_initramfs()?;
    for (kind, point, data) in [
        ("proc", "/proc", None),
        ("sysfs", "/sys", None),
        ("tmpfs", "/dev/shm", Some(c"mode=1777")),
        ("tmpfs", "/tmp", Some(c"mode=1777")),
        ("cgroup2", GROUPS, Some(c"nsdelegate")),
    ] {
        mount_on(kind, point, data)?;
    }
    load_modules()?;
    raise_loopback()?;
    make_groups()
}

/// The initramfs itself can't be left by `pivot_root`, which every environment has to do: its contents move to a tmpfs.
fn leave_initramfs() -> Done {
    fs::create_dir_all("/new")?;
    mount_on("tmpfs", "/new", Some(c"mode=0755"))?;
    for directory in ["dev", "proc", "sys", "tmp", "etc"] {
        fs::create_dir(Path::new("/new").join(directory))?;
    }
    for name in ["init", "unit-tests", "modules", "wanted"] {
        move_to("/new".as_ref(), Path::new("/").join(name).as_ref())?;
    }
    fs::write("/new/etc/passwd", "root:x:0:0::/:/init\nplain:x:1000:1000::/tmp:/init\n")?;
    // A kernel mounts it by itself, but not on an initramfs.
    mount_on("devtmpfs", "/new/dev", None)?;
    fs::create_dir_all("/new/dev/shm")?;
    std::env::set_current_dir("/new")?;
    rustix::mount::mount_move(".", "/")?;
    std::os::unix::fs::chroot(".")?;
    std::env::set_current_dir("/")
}

fn move_to(new: &Path, path: &Path) -> Done {
    let target = new.join(path.strip_prefix("/").unwrap_or(path));
    if path.is_dir() {
        fs::create_dir(&target)?;
        return fs::read_dir(path)?.try_for_each(|entry| move_to(new, &entry?.path()));
    }
    fs::copy(path, &target)?;
    fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
    fs::remove_file(path)
}

fn mount_on(kind: &str, point: &str, data: Option<&CStr>) -> Done {
    mount("none", point, kind, MountFlags::NOSUID, data)
        .map_err(|errno| std::io::Error::other(format!("mounting {kind} on {point}: {errno}")))
}

/// In the order of their names. One that this kernel has built in is no failure; what is missing shows in the tests.
fn load_modules() -> Done {
    let mut files: Vec<_> = fs::read_dir("/modules")?.collect::<Done<Vec<_>>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        if let Err(errno) = rustix::system::finit_module(File::open(file.path())?, c"", 0) {
            report(&format!("module {}: {errno}", file.path().display()))?;
        }
    }
    Ok(())
}

/// The machine's own loopback, which attacks must not reach.
fn raise_loopback() -> Done {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: all-zero bytes are a valid ifreq: it holds a name and a union of plain data.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, letter) in request.ifr_name.iter_mut().zip(*b"lo") {
        *place = letter as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which `request` is.
    let result = unsafe {
        libc::ioctl(
            std::os::fd::AsRawFd::as_raw_fd(&socket),
            libc::SIOCSIFFLAGS,
            std::ptr::from_ref(&request),
        )
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// The groups as systemd lays them out: controllers handed down to services, one of them given to a plain user.
fn make_groups() -> Done {
    let root = Path::new(GROUPS);
    write(&root.join("cgroup.subtree_control"), CONTROLLERS)?;
    fs::create_dir(root.join("system"))?;
    write(&root.join("system/cgroup.subtree_control"), CONTROLLERS)?;
    for situation in &SITUATIONS {
        fs::create_dir_all(root.join(situation.group))?;
    }
    let delegated = root.join("system/delegated");
    chown(&delegated, Some(PLAIN_USER), Some(PLAIN_USER))?;
    // The files that the kernel lists for this purpose.
    let list = fs::read_to_string("/sys/kernel/cgroup/delegate")?;
    for file in list.lines().map(|name| delegated.join(name)).filter(|file| file.exists()) {
        chown(file, Some(PLAIN_USER), Some(PLAIN_USER))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Done {
    fs::write(path, text)
        .map_err(|error| std::io::Error::other(format!("writing {text:?} to {}: {error}", path.display())))
}

fn run_wanted(situation: &Situation, wanted: &[&str]) -> Done {
    if wanted.is_empty() {
        return run_situation(situation, &[]);
    }
    let names: Vec<&str> = wanted.iter().filter_map(|word| word.strip_prefix(situation.name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    run_situation(situation, &names.iter().filter_map(|name| name.strip_prefix('/')).collect::<Vec<_>>())
}

#[expect(clippy::disallowed_methods, reason = "the suite is started as each of its users")]
fn run_situation(situation: &Situation, names: &[&str]) -> Done {
    let Situation { name, user, group, program, arguments } = situation;
    report(&format!("guest begins {name}"))?;
    let started = Instant::now();
    let console = File::options().append(true).open(REPORT)?;
    let mut command = Command::new("/proc/self/exe");
    command.args(["in-group", group, &user.to_string(), program]).args(*arguments).args(names);
    command.stdin(Stdio::null()).stdout(console.try_clone()?).stderr(console);
    let status = command.status()?;
    report(&format!("guest finished {name}: {status} after {:.1} s", started.elapsed().as_secs_f64()))
}

/// Becomes a program of a user's in a group, as a service manager starts one.
#[expect(clippy::disallowed_methods, reason = "this process becomes the suite")]
pub(crate) fn enter_group(words: &[String]) -> ExitCode {
    let [group, user, program, arguments @ ..] = words else { return ExitCode::from(64) };
    let joined = write(&Path::new(GROUPS).join(group).join("cgroup.procs"), "0");
    let Ok(user) = user.parse() else { return ExitCode::from(64) };
    // A user other than root loses root's groups too, of which a kernel's first process has none.
    let failed = joined.map(|()| Command::new(program).args(arguments).uid(user).gid(user).exec());
    eprintln!("{program} in {group}: {failed:?}");
    ExitCode::FAILURE
}

fn report(line: &str) -> Done {
    use std::io::Write;
    writeln!(File::options().append(true).open(REPORT)?, "{line}")
}
