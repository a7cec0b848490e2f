//! What an attack concludes from the answers that it got.
//!
//! Invariant: an attack that is refused names the errno that it expects; another refusal is a finding too, because then it is
//! not the layer in question that refused.

use rustix::io::Errno;

/// What a finding says of an attack for which something was missing: neither held nor got through, which counts as broken.
pub const NOT_TRIED: &str = "could not be tried";

/// How it held, or what got through.
pub(crate) type Verdict = Result<String, Breach>;

/// What got through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breach(pub(crate) String);

/// A breach in words.
pub(super) fn breach<T>(what: impl Into<String>) -> Result<T, Breach> {
    Err(Breach(what.into()))
}

/// Something that the attack needs in order to be tried does not work: nothing was shown.
pub(super) trait Needed<T> {
    fn needed(self, what: &str) -> Result<T, Breach>;
}

impl<T, E: std::fmt::Display> Needed<T> for Result<T, E> {
    fn needed(self, what: &str) -> Result<T, Breach> {
        self.or_else(|error| breach(format!("{NOT_TRIED}: {what}: {error}")))
    }
}

/// Holds when the result is one of these errors; gives back which.
pub(super) fn refused<T, E: Into<Answer>>(
    what: &str,
    result: Result<T, E>,
    expected: &[Errno],
) -> Result<Errno, Breach> {
    match result {
        Ok(_) => breach(format!("{what} succeeded")),
        Err(error) => {
            let Answer(errno) = error.into();
            if expected.contains(&errno) { Ok(errno) } else { breach(format!("{what}: {}", name_of(errno))) }
        }
    }
}

/// An error's errno; what has none counts as EIO.
pub(super) struct Answer(Errno);

impl From<Errno> for Answer {
    fn from(errno: Errno) -> Self {
        Self(errno)
    }
}

impl From<std::io::Error> for Answer {
    fn from(error: std::io::Error) -> Self {
        Self(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

/// The errors as words, each once.
pub(super) fn names_of(errors: &[Errno]) -> String {
    let mut names: Vec<String> = errors.iter().map(|errno| name_of(*errno)).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}

/// An errno's name, for those that refusals use.
pub(super) fn name_of(errno: Errno) -> String {
    const NAMES: [(Errno, &str); 24] = [
        (Errno::PERM, "EPERM"),
        (Errno::NOSYS, "ENOSYS"),
        (Errno::ACCESS, "EACCES"),
        (Errno::ROFS, "EROFS"),
        (Errno::NOENT, "ENOENT"),
        (Errno::INVAL, "EINVAL"),
        (Errno::NOSPC, "ENOSPC"),
        (Errno::AGAIN, "EAGAIN"),
        (Errno::NOMEM, "ENOMEM"),
        (Errno::NETUNREACH, "ENETUNREACH"),
        (Errno::CONNREFUSED, "ECONNREFUSED"),
        (Errno::TOOMANYREFS, "ETOOMANYREFS"),
        (Errno::XDEV, "EXDEV"),
        (Errno::NXIO, "ENXIO"),
        (Errno::BUSY, "EBUSY"),
        (Errno::MFILE, "EMFILE"),
        (Errno::TXTBSY, "ETXTBSY"),
        (Errno::SRCH, "ESRCH"),
        (Errno::FAULT, "EFAULT"),
        (Errno::BADF, "EBADF"),
        (Errno::NOTTY, "ENOTTY"),
        (Errno::NODEV, "ENODEV"),
        (Errno::AFNOSUPPORT, "EAFNOSUPPORT"),
        (Errno::PROTONOSUPPORT, "EPROTONOSUPPORT"),
    ];
    let found = NAMES.iter().find(|(known, _)| *known == errno);
    found.map_or_else(|| format!("errno {}", errno.raw_os_error()), |(_, name)| (*name).to_owned())
}
