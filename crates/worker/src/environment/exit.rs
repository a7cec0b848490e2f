//! How a runtime's process ended, in the words of the service.

use std::fmt;

/// A wait status, as wait(2) gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

const SIGKILL: i32 = 9;
/// What the system-call filter ends a process with.
const SIGSYS: i32 = 31;

impl Exit {
    /// From the raw status.
    pub(crate) fn from_wait_status(status: i32) -> Self {
        match status & 0x7f {
            0 => Self::Code((status >> 8) & 0xff),
            signal => Self::Signal(signal),
        }
    }

    /// What is known of a process that went without a status.
    pub(crate) const KILLED: Self = Self::Signal(SIGKILL);

    /// Whether it was killed, as the kernel does for want of memory.
    pub(crate) fn is_killed(self) -> bool {
        matches!(self, Self::Signal(SIGKILL) | Self::Code(137))
    }

    /// Whether it ended as the system-call filter ends a process. One that sends itself this signal looks the same.
    pub(crate) fn is_by_filter(self) -> bool {
        self == Self::Signal(SIGSYS)
    }
}

/// The part of the message after "Error: ". Source: recorded answers of the service; signals are named as Go names them.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(0) => f.write_str("Runtime exited without providing a reason"),
            Self::Code(code) => write!(f, "Runtime exited with error: exit status {code}"),
            Self::Signal(signal) => {
                f.write_str("Runtime exited with error: signal: ")?;
                match SIGNALS.iter().find(|(number, _)| number == signal) {
                    Some((_, name)) => f.write_str(name),
                    None => write!(f, "{signal}"),
                }
            }
        }
    }
}

const SIGNALS: &[(i32, &str)] = &[
    (1, "hangup"),
    (2, "interrupt"),
    (3, "quit"),
    (4, "illegal instruction"),
    (5, "trace/breakpoint trap"),
    (6, "aborted"),
    (7, "bus error"),
    (8, "floating point exception"),
    (SIGKILL, "killed"),
    (10, "user defined signal 1"),
    (11, "segmentation fault"),
    (12, "user defined signal 2"),
    (13, "broken pipe"),
    (14, "alarm clock"),
    (15, "terminated"),
    (SIGSYS, "bad system call"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_read_as_the_services() {
        for (status, text) in [
            (0, "Runtime exited without providing a reason"),
            (1 << 8, "Runtime exited with error: exit status 1"),
            (255 << 8, "Runtime exited with error: exit status 255"),
            (9, "Runtime exited with error: signal: killed"),
            (11 | 0x80, "Runtime exited with error: signal: segmentation fault"),
            (SIGSYS | 0x80, "Runtime exited with error: signal: bad system call"),
            (40, "Runtime exited with error: signal: 40"),
        ] {
            assert_eq!(Exit::from_wait_status(status).to_string(), text);
        }
    }

    #[test]
    fn an_end_by_the_filter_is_told_apart() {
        assert!(Exit::from_wait_status(SIGSYS).is_by_filter());
        for other in [0, SIGSYS << 8, SIGKILL, 11, 12] {
            assert!(!Exit::from_wait_status(other).is_by_filter(), "{other}");
        }
    }
}
