//! What an operator can do about a protection that is missing: data, one text for each, for people who have never read the code.

use sandbox::Mode;

pub(crate) const LANDLOCK: &str = "run a kernel with Landlock (Linux 5.13 or newer, with `landlock` in /sys/kernel/security/lsm; the \
     kernel parameter lsm= sets that list). Inside a container, its seccomp profile must allow the landlock_* calls";

const CGROUP_AS_USER: &str = "run as root, or give the user a cgroup of its own: in a systemd unit with `Delegate=yes`, at a shell with \
     `systemd-run --user --scope -p Delegate=yes lambent serve`";
const CGROUP_AS_ROOT: &str = "make the controller available: mount cgroup2 at /sys/fs/cgroup; some boards need `cgroup_enable=memory` on \
     the kernel's command line; a container needs its own writable cgroup tree";

/// What to do; nothing where only the machine's maker could.
pub(crate) fn remedy(protection: &str, mode: Option<Mode>) -> Option<&'static str> {
    let is_root = mode == Some(Mode::Privileged);
    Some(match protection {
        "memory-limit" | "cpu-limit" | "process-limit" | "freezer" if is_root => CGROUP_AS_ROOT,
        "memory-limit" | "cpu-limit" | "process-limit" | "freezer" => CGROUP_AS_USER,
        "unique-uid" => {
            "run as root: each environment then has a user id of its own, and no root's right is left when its code starts"
        }
        "inodes" => "run as root: only root can give each environment device files of its own",
        "supplementary-groups" => {
            "run as root or as a user that is in no other group: `setpriv --reuid USER --regid GROUP --clear-groups lambent serve`, in \
             a systemd unit without SupplementaryGroups="
        }
        "no-swap" => "switch swap off (`swapoff -a`), encrypt it, or run as root on Linux 6.4 or newer",
        "landlock" => LANDLOCK,
        "landlock-scopes" => {
            "run Linux 6.12 or newer. Until then namespaces alone keep functions from signals and abstract sockets of others"
        }
        "seccomp" => {
            "run a kernel with CONFIG_SECCOMP_FILTER; every distribution's has it. Inside a container, its own profile must allow \
             the seccomp call"
        }
        "namespaces" => {
            "run as root, or let plain users make user namespaces: `sysctl user.max_user_namespaces=65536`; Debian also \
             `sysctl kernel.unprivileged_userns_clone=1`, Ubuntu `sysctl kernel.apparmor_restrict_unprivileged_userns=0`. A \
             container must allow unshare, clone3 and mounts (with Docker: --privileged)"
        }
        "egress" | "network-rate" => {
            "run as root with nftables installed and net.ipv4.ip_forward = 1, or remove [egress] from the configuration"
        }
        _ => return None,
    })
}

/// For an attack that gets past a protection which should be there.
pub(crate) const BREACH: &str = "this is a defect of Lambent or of this kernel: don't run code here that you don't trust, update both, and \
     report it with what `lambent doctor --json` prints";

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::{Need, need};

    #[test]
    fn everything_that_keeps_serve_from_starting_has_a_remedy() {
        for name in ["namespaces", "landlock", "seccomp", "memory-limit", "process-limit"] {
            assert_ne!(need(name), Need::WherePossible);
            for mode in [None, Some(Mode::Privileged), Some(Mode::Rootless)] {
                assert!(remedy(name, mode).is_some(), "{name}");
            }
        }
        assert_ne!(
            remedy("memory-limit", Some(Mode::Privileged)),
            remedy("memory-limit", Some(Mode::Rootless))
        );
    }
}
