//! The end of root's rights: what parses the words of strangers has none of them.
//!
//! The spawner keeps them. What the service needed them for is done by then: the port is bound, limits are raised, runtimes
//! are copied, control files of cgroups come as open descriptors, and signals to environments, which are other users, are the
//! spawner's to send. Files are root's own, for which being root is enough. Invariant: it is done while there is one thread,
//! because capabilities are each thread's own, and nothing is served unless it is done.

use crate::error::Error;
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::io;
use std::path::Path;

/// More than any kernel has capabilities so far; the set has no room for others.
const CAPABILITIES: u32 = 64;

/// Gives up every capability for good, and looks whether these are still there to be read, as far as they exist.
pub(super) fn drop_all(needed: &[&Path]) -> Result<(), Error> {
    give_up().map_err(Error::DropPrivileges)?;
    for path in needed {
        match std::fs::File::open(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(Error::OutOfReach { path: (*path).to_owned(), source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn give_up() -> io::Result<()> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("other threads would keep theirs. This is a defect"));
    }
    for number in 0..CAPABILITIES {
        match rustix::thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(
            1 << number,
        )) {
            // Past the last one that this kernel knows.
            Err(Errno::INVAL) => break,
            // A plain user, whose executions give nothing either, below.
            Err(Errno::PERM) => {}
            result => result?,
        }
    }
    let none = CapabilitySet::empty();
    rustix::thread::clear_ambient_capability_set()?;
    rustix::thread::set_capabilities(
        None,
        CapabilitySets { effective: none, permitted: none, inheritable: none },
    )?;
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_other_threads_is_refused() {
        // The test harness has one for each test.
        let error = drop_all(&[]).unwrap_err().to_string();
        assert!(error.contains("other threads"), "{error}");
    }
}
