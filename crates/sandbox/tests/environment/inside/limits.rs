//! Limits of one's own.

use super::say;

pub(crate) fn change() {
    let set = |resource, value| {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: `limit` is a valid rlimit.
        let result = unsafe { libc::setrlimit(resource, &limit) };
        if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    };
    say("zero-core", set(libc::RLIMIT_CORE, 0));
    say("lower-files", set(libc::RLIMIT_NOFILE, 64));
    say("raise-files", set(libc::RLIMIT_NOFILE, 128));
    let memory = vec![0u8; 1 << 20];
    // SAFETY: the range is that of a living allocation.
    let locked = unsafe { libc::mlock(memory.as_ptr().cast(), memory.len()) };
    say("lock-memory", if locked == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) });
}
