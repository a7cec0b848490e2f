//! The kernel: its version, Landlock, the handler of core files, hardware virtualization.

use super::{Files, Setting};

/// The first release with every protection that Lambent knows.
const COMPLETE: (u32, u32) = (6, 12);

pub(super) fn release(release: &str) -> Setting {
    let found = format!("Linux {release}");
    match version(release) {
        Some(version) if version >= COMPLETE => Setting::ok("kernel", found),
        _ => Setting::note(
            "kernel",
            found,
            "from Linux 6.4 on code and /tmp can be kept out of swap, from 6.12 on Landlock ends signals and abstract sockets. Keep \
             the kernel updated: it is what all isolation here stands on",
        ),
    }
}

/// `6.1.0-18-amd64` is (6, 1).
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

pub(super) fn landlock(abi: i32) -> Setting {
    match abi {
        6.. => Setting::ok("landlock", format!("ABI {abi}")),
        1..6 => Setting::note(
            "landlock",
            format!("ABI {abi}"),
            "from ABI 6 (Linux 6.12) on it also ends signals and abstract sockets, which until then namespaces alone do",
        ),
        _ => Setting::note("landlock", "none", crate::remedies::LANDLOCK),
    }
}

pub(super) fn core_pattern(files: &Files) -> Setting {
    let pattern = files.read("proc/sys/kernel/core_pattern").unwrap_or_else(|| "unknown".to_owned());
    if pattern.starts_with('|') {
        let note = "core files of this host go to a program that runs as root. Environments never start it (their limit of core \
                    files forbids it), but other programs of this host do";
        Setting::note("core-pattern", pattern, note)
    } else {
        Setting::ok("core-pattern", if pattern.is_empty() { "empty" } else { &pattern })
    }
}

/// For the operator to know: microVMs are not built, so that nothing depends on it.
pub(super) fn kvm(found: &sandbox::Kvm) -> Setting {
    let found = match found {
        sandbox::Kvm::Works => "a virtual machine can be made".to_owned(),
        sandbox::Kvm::Absent => "there is no /dev/kvm".to_owned(),
        sandbox::Kvm::Version(version) => format!("its API has the unknown version {version}"),
        sandbox::Kvm::Failed(error) => format!("no virtual machine can be made: {error}"),
    };
    Setting::ok("kvm", format!("{found}; not used: microVMs are not built, environments are Linux sandboxes"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::host;
    use super::*;

    #[test]
    fn releases_are_compared_as_numbers() {
        assert_eq!(version("6.1.0-18-amd64"), Some((6, 1)));
        assert_eq!(version("6.18.44-x #1"), Some((6, 18)));
        assert_eq!(version("unknown"), None);
        assert!(release("6.9.1").note.is_some() && release("5.15.0").note.is_some());
        assert!(release("6.12.0").note.is_none() && release("7.0.0").note.is_none());
    }

    #[test]
    fn an_old_landlock_is_remarked() {
        assert!(landlock(0).note.is_some() && landlock(5).note.is_some() && landlock(6).note.is_none());
    }

    #[test]
    fn a_core_handler_is_remarked() {
        let (_root, files) =
            host(&[("proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n")]);
        assert!(core_pattern(&files).note.is_some());
        let (_root, files) = host(&[("proc/sys/kernel/core_pattern", "core\n")]);
        assert_eq!(core_pattern(&files), Setting::ok("core-pattern", "core"));
    }
}
