//! What neighbours share in memory and processors: merged pages, swap, simultaneous threads.

use super::{Files, Setting};

pub(super) fn same_page_merging(files: &Files) -> Setting {
    const NAME: &str = "ksm";
    match files.read("sys/kernel/mm/ksm/run").as_deref() {
        Some("1") => Setting::note(
            NAME,
            "on",
            "equal pages of different functions may be merged, and the time of a write tells who has the same: \
             `echo 2 > /sys/kernel/mm/ksm/run` ends that",
        ),
        Some(_) => Setting::ok(NAME, "off"),
        None => Setting::ok(NAME, "not in this kernel"),
    }
}

pub(super) fn swap(files: &Files) -> Setting {
    const NAME: &str = "swap";
    let Some(table) = files.read("proc/swaps") else { return Setting::ok(NAME, "not in this kernel") };
    let areas: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    if areas.is_empty() {
        return Setting::ok(NAME, "none");
    }
    // Compressed memory is no disk.
    if areas.iter().all(|area| area.starts_with("/dev/zram")) {
        return Setting::ok(NAME, format!("{}, in memory", areas.join(" ")));
    }
    Setting::note(
        NAME,
        areas.join(" "),
        "what functions hold in memory can come to lie on a disk unencrypted where the protection no-swap is missing: switch swap off \
         (`swapoff -a`, and its line in /etc/fstab), or encrypt the device",
    )
}

pub(super) fn simultaneous_threads(files: &Files) -> Setting {
    const NAME: &str = "smt";
    match files.read("sys/devices/system/cpu/smt/active").as_deref() {
        Some("1") => Setting::note(
            NAME,
            "on",
            "two functions can run on one core at a time and learn from its caches about each other. Where accounts distrust each \
             other: `echo off > /sys/devices/system/cpu/smt/control`, or `nosmt` on the kernel's command line",
        ),
        Some(_) => Setting::ok(NAME, "off"),
        None => Setting::ok(NAME, "not told by this kernel"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::host;
    use super::*;

    #[test]
    fn merging_and_threads_are_remarked_when_they_are_on() {
        let (_root, files) =
            host(&[("sys/kernel/mm/ksm/run", "1\n"), ("sys/devices/system/cpu/smt/active", "1\n")]);
        assert!(same_page_merging(&files).note.is_some() && simultaneous_threads(&files).note.is_some());
        let (_root, files) =
            host(&[("sys/kernel/mm/ksm/run", "2\n"), ("sys/devices/system/cpu/smt/active", "0\n")]);
        assert!(same_page_merging(&files).note.is_none() && simultaneous_threads(&files).note.is_none());
        let (_root, files) = host(&[]);
        assert!(same_page_merging(&files).note.is_none() && simultaneous_threads(&files).note.is_none());
    }

    #[test]
    fn swap_on_a_disk_is_remarked() {
        let head = "Filename\tType\tSize\tUsed\tPriority\n";
        let with = |line: &str| {
            let (_root, files) = host(&[("proc/swaps", &format!("{head}{line}"))]);
            swap(&files)
        };
        assert_eq!(with(""), Setting::ok("swap", "none"));
        assert!(with("/dev/sda2 partition 1 0 -2\n").note.is_some());
        assert!(with("/dev/zram0 partition 1 0 100\n").note.is_none());
    }
}
