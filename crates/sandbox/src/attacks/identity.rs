//! Being somebody else: root, another environment's user, one with privilege; and what others' processes can be done.

use std::fs::{self, File};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::call::{Call, all_refused, calls};
use super::refusal::{Breach, NOT_TRIED, Needed, Verdict, breach, name_of, names_of, refused};
use super::stage::{Facts, Stage};
use super::{Attack, Group, Place, Twin, Twins};
use crate::error::AttackError;
use crate::syscalls;
use crate::weaken::Layer;

const SET_USER_ID: &str = "set-user-id-files";
const SAME_USER: &str = "user-of-a-neighbour";

const IDENTITY: Attack = Attack { group: Group::Identity, protection: "capabilities", ..Attack::SHARED };
const MAPPED: Twin = Twin::None("a plain user has but one uid to give, which it is itself");

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "be-root",
        what: "have uid or gid 0",
        protection: "namespaces",
        twins: Twins { privileged: Twin::Without(&[Layer::Identity]), rootless: MAPPED },
        inside: |_| be_root(),
        ..IDENTITY
    },
    Attack {
        name: SAME_USER,
        what: "be the same user of the host as a neighbour, whose files and limits it then shares",
        protection: "unique-uid",
        twins: Twins { privileged: Twin::Without(&[Layer::Identity]), rootless: MAPPED },
        inside: |_| stay(),
        place: Place::Staged(same_user),
        ..IDENTITY
    },
    Attack {
        name: "groups-of-the-platform",
        what: "be in groups of the platform's user",
        protection: "supplementary-groups",
        twins: Twins { privileged: Twin::Without(&[Layer::Identity]), rootless: MAPPED },
        inside: |_| match rustix::process::getgroups().needed("its groups")? {
            groups if groups.is_empty() => Ok("none".to_owned()),
            groups => breach(format!("{} groups", groups.len())),
        },
        ..IDENTITY
    },
    Attack {
        name: "have-capabilities",
        what: "hold a capability in any of its five sets",
        twins: Twins::without(&[Layer::Capabilities]),
        inside: |_| capabilities(),
        ..IDENTITY
    },
    Attack {
        name: "clear-no-new-privileges",
        what: "clear no_new_privs, so that a program could give privilege again",
        twins: Twins::without(&[Layer::NoNewPrivileges, Layer::Landlock, Layer::Seccomp]),
        inside: |_| no_new_privileges(),
        ..IDENTITY
    },
    Attack {
        name: "run-without-a-filter",
        what: "run without the filter",
        protection: "seccomp",
        twins: Twins::without(&[Layer::Seccomp]),
        inside: |_| match status("Seccomp")?.as_str() {
            "2" => Ok("mode 2".to_owned()),
            mode => breach(format!("mode {mode}")),
        },
        ..IDENTITY
    },
    Attack {
        name: "become-another-user",
        what: "change its uid, gid or groups to those of root",
        protection: "seccomp",
        twins: Twins { privileged: Twin::Without(&[Layer::Seccomp, Layer::Capabilities]), rootless: MAPPED },
        inside: |_| become_another(),
        ..IDENTITY
    },
    Attack {
        name: SET_USER_ID,
        what: "run a program of its package that belongs to root, with the set-user-id bit and with file capabilities",
        protection: "root",
        twins: Twins {
            privileged: Twin::Without(&[
                Layer::ReadOnlyRoot,
                Layer::NoNewPrivileges,
                Layer::Landlock,
                Layer::Seccomp,
            ]),
            rootless: Twin::None("the most privileged owner that a plain user can give a file is itself"),
        },
        inside: set_user_id,
        ..IDENTITY
    },
    Attack {
        name: "files-of-root",
        what: "read a file that only the platform's user may read",
        protection: "unique-uid",
        twins: Twins { privileged: Twin::Without(&[Layer::Identity]), rootless: MAPPED },
        inside: |_| refused("opening", File::open("/open/secret"), &[Errno::ACCESS]).map(name_of),
        ..IDENTITY
    },
    Attack {
        name: "signal-others",
        what: "signal a neighbour's processes, the platform and its spawner",
        protection: "namespaces",
        twins: Twins {
            privileged: Twin::Without(&[Layer::PidNamespace]),
            rootless: Twin::None("a /proc for the host's processes can't be mounted in a user namespace"),
        },
        inside: signal_others,
        ..IDENTITY
    },
    Attack {
        name: "priority-over-others",
        what: "raise its priority, or run in real time before everybody else",
        twins: Twins {
            privileged: Twin::Without(&[Layer::Capabilities]),
            rootless: Twin::None("raising it asks for a capability on the host, which a plain user has not"),
        },
        inside: |_| priority(),
        ..IDENTITY
    },
    Attack {
        name: "name-of-the-host",
        what: "learn the host's name",
        protection: "namespaces",
        twins: Twins::without(&[Layer::UtsNamespace]),
        inside: |facts| {
            let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
            if name == "attacked" && facts.get("host-name") != name { Ok(name) } else { breach(name) }
        },
        ..IDENTITY
    },
    Attack {
        name: "shared-memory-of-the-host",
        what: "open POSIX shared memory of a process of the host",
        protection: "root",
        twins: Twins::without(&[Layer::PrivateTmp]),
        inside: |facts| {
            let path = format!("/dev/shm/{}-host", facts.get("host-abstract"));
            refused("opening", File::open(path), &[Errno::NOENT]).map(name_of)
        },
        ..IDENTITY
    },
    Attack {
        name: "system-v-memory-of-the-host",
        what: "open System V shared memory of a process of the host",
        protection: "seccomp",
        twins: Twins::without(&[Layer::Seccomp, Layer::IpcNamespace]),
        inside: |facts| {
            let key = i32::try_from(facts.number("host-memory-key")).unwrap_or_default();
            // SAFETY: shmget takes numbers only.
            let found = unsafe { libc::shmget(key, 0, 0) };
            let found = if found == -1 { Err(std::io::Error::last_os_error()) } else { Ok(()) };
            refused("shmget", found, &[Errno::PERM, Errno::NOENT]).map(name_of)
        },
        ..IDENTITY
    },
];

/// A field of /proc/self/status.
fn status(field: &str) -> Result<String, Breach> {
    let text = fs::read_to_string("/proc/self/status").needed("its status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.map(|rest| rest.trim().to_owned()).ok_or_else(|| Breach(format!("its status has no {field}")))
}

fn be_root() -> Verdict {
    for field in ["Uid", "Gid"] {
        let ids = status(field)?;
        if ids.split_whitespace().any(|id| id == "0") {
            return breach(format!("{field} {ids}"));
        }
    }
    Ok(format!("uid {}", rustix::process::geteuid().as_raw()))
}

/// Lives until it is killed.
fn stay() -> Verdict {
    std::thread::sleep(std::time::Duration::from_secs(600));
    Ok(String::new())
}

/// As the host sees both, while both live.
fn same_user(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let other = stage.start(SAME_USER, stage.facts())?;
    let users = [stage.neighbours_pid(), super::stage::pid_in(&other)].map(user_of);
    let [Some(one), Some(two)] = users else {
        return Ok(breach(format!("{NOT_TRIED}: one of them is gone")));
    };
    let own = rustix::process::geteuid().as_raw();
    Ok(if one == two || [one, two].contains(&own) {
        breach(format!("both are {one}, the platform is {own}"))
    } else {
        Ok(format!("{one} and {two}"))
    })
}

/// The effective uid of a process of the host.
fn user_of(pid: Option<i32>) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{}/status", pid?)).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}

fn capabilities() -> Verdict {
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        let held = status(set)?;
        if held.bytes().any(|digit| digit != b'0') {
            return breach(format!("{set} {held}"));
        }
    }
    Ok("five empty sets".to_owned())
}

fn no_new_privileges() -> Verdict {
    // SAFETY: this prctl takes numbers only.
    let cleared = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) };
    let cleared = if cleared == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
    refused("clearing no_new_privs", cleared, &[Errno::INVAL, Errno::PERM])?;
    match status("NoNewPrivs")?.as_str() {
        "1" => Ok("it is for good".to_owned()),
        other => breach(format!("NoNewPrivs {other}")),
    }
}

/// Rootless, 0 is no uid of the namespace.
fn become_another() -> Verdict {
    const CALLS: &[Call] = calls! {
        SYS_setgroups(0, 0);
        SYS_setresgid(0, 0, 0);
        SYS_setregid(0, 0);
        SYS_setgid(0);
        SYS_setresuid(0, 0, 0);
        SYS_setreuid(0, 0);
        SYS_setuid(0);
    };
    let mut errors = Vec::new();
    for call in CALLS {
        errors.push(refused(call.name, call.make(), &[Errno::PERM, Errno::INVAL])?);
    }
    Ok(names_of(&errors))
}

/// In two parts: this process, and what it executes.
fn set_user_id(facts: &Facts) -> Verdict {
    if facts.get("part") == "executed" {
        // What is printed is read as its parent's word.
        be_root()?;
        return capabilities();
    }
    let child = syscalls::fork().needed("a child")?;
    let Some(child) = child else { execute_privileged() };
    let ended = rustix::process::waitpid(Some(child), rustix::process::WaitOptions::empty());
    match ended.ok().flatten().and_then(|(_, status)| status.exit_status()) {
        Some(0) => Ok("it runs as everybody".to_owned()),
        other => breach(format!("{NOT_TRIED}: {other:?}")),
    }
}

/// Its own line says what became of it.
fn execute_privileged() -> ! {
    let words = [super::ground::PRIVILEGED, SET_USER_ID, "part=executed"];
    let argv: Vec<_> = words.iter().filter_map(|word| std::ffi::CString::new(*word).ok()).collect();
    syscalls::execute(&argv, &[]);
    syscalls::exit_now(127)
}

/// Not even that they exist can be told.
fn signal_others(facts: &Facts) -> Verdict {
    for who in ["neighbour-pid", "host-pid"] {
        let pid = i32::try_from(facts.number(who)).ok().and_then(Pid::from_raw).unwrap_or(Pid::INIT);
        refused(who, test_kill_process(pid), &[Errno::SRCH])?;
    }
    Ok(name_of(Errno::SRCH))
}

fn priority() -> Verdict {
    all_refused(
        calls! { SYS_sched_setscheduler(0, libc::SCHED_FIFO, 0); SYS_sched_setattr(0, 0, 0); SYS_ioprio_set(1, 0, 0); },
    )?;
    let raised = rustix::process::setpriority_process(None, -5);
    refused("raising its priority", raised, &[Errno::ACCESS, Errno::PERM]).map(name_of)
}
