//! Hardware virtualization of this host: whether a virtual machine can be made.
//!
//! Nothing is run in one: environments are Linux sandboxes, and this is for the operator to know. Invariant: the machine is gone
//! when the question is answered.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// `_IO(KVMIO, 0)` and `_IO(KVMIO, 1)` of linux/kvm.h, the same on every architecture.
const GET_API_VERSION: u32 = 0xAE00;
const CREATE_VM: u32 = 0xAE01;
/// The only version there has been since Linux 2.6.22; a program is to refuse any other.
const API_VERSION: i32 = 12;

/// What there is of it.
#[derive(Debug)]
pub enum Kvm {
    /// A virtual machine was made, and is gone again.
    Works,
    /// There is no `/dev/kvm`.
    Absent,
    /// The API has this version, which is none that is known.
    Version(i32),
    /// The device, or making a machine, failed.
    Failed(io::Error),
}

/// Tries it.
pub fn kvm() -> Kvm {
    match File::options().read(true).write(true).open("/dev/kvm") {
        Ok(device) => make_machine(&device).unwrap_or_else(Kvm::Failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Kvm::Absent,
        Err(error) => Kvm::Failed(error),
    }
}

fn make_machine(device: &File) -> io::Result<Kvm> {
    let version = call(device, GET_API_VERSION)?;
    if version != API_VERSION {
        return Ok(Kvm::Version(version));
    }
    let machine = call(device, CREATE_VM)?;
    // SAFETY: the kernel has just opened this descriptor for this process, and nothing else knows it.
    drop(unsafe { OwnedFd::from_raw_fd(machine) });
    Ok(Kvm::Works)
}

/// One of the calls that take a number, here 0: the default kind of machine.
fn call(device: &File, request: u32) -> io::Result<i32> {
    // SAFETY: both requests take a number and touch no memory of this process.
    let result = unsafe { libc::ioctl(device.as_raw_fd(), request as _, 0) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_such_device_fails_and_makes_nothing() {
        let null = File::options().read(true).write(true).open("/dev/null").expect("a device");
        let refused = make_machine(&null).expect_err("it is no KVM");
        assert_eq!(refused.raw_os_error(), Some(libc::ENOTTY));
    }

    #[test]
    fn a_machine_leaves_no_descriptor() {
        let open = || std::fs::read_dir("/proc/self/fd").expect("descriptors").count();
        let before = open();
        let found = (0..8).map(|_| kvm()).collect::<Vec<_>>();
        // Other tests of this process open some as well, but not one for each of these.
        assert!(open() < before + 8, "{found:?}");
    }
}
