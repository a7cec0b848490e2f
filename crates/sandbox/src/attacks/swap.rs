//! What a function writes to memory stays there: a swap is a disk, which outlives the environment.
//!
//! Memory of processes is kept out of the swap by the memory group's limit, files in memory by their file systems, which is
//! what is looked at here. Invariant: the kernel's own word counts, as it stands in the list of mounts.

use super::refusal::{Needed, Verdict, breach};
use super::{Attack, Group, Twin, Twins};
use crate::weaken::Layer;

const PLACES: [&str; 2] = ["/tmp", "/dev/shm"];

pub(super) static ATTACKS: &[Attack] = &[Attack {
    name: "files-in-the-swap",
    group: Group::Files,
    protection: "no-swap",
    what: "have what it writes to /tmp and /dev/shm put on the host's swap",
    twins: Twins {
        privileged: Twin::Without(&[Layer::NoSwap]),
        rootless: Twin::None("a plain user can't keep files in memory out of the swap at all"),
    },
    inside: |_| swappable(),
    ..Attack::SHARED
}];

fn swappable() -> Verdict {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").needed("the list of mounts")?;
    for place in PLACES {
        // The last on a place covers the others.
        let line = mounts.lines().rfind(|line| line.split(' ').nth(4) == Some(place));
        let options = line.and_then(|line| line.rsplit(' ').next());
        let options = options.ok_or("it is no mount").needed(place)?;
        if !options.split(',').any(|option| option == "noswap") {
            return breach(format!("{place} can be swapped out: {options}"));
        }
    }
    Ok("the kernel keeps both in memory".to_owned())
}
