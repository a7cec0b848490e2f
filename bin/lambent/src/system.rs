//! The system's clock and random generator: the only place that reads them.

use std::time::{SystemTime, UNIX_EPOCH};
use types::{Clock, Random, Timestamp};

/// The host's wall clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one implementation of the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The kernel's random generator.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// When the kernel gives no random bytes: nothing that follows could be trusted.
    fn fill(&self, buffer: &mut [u8]) {
        let mut rest = buffer;
        while !rest.is_empty() {
            match rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty()) {
                Ok(count) => rest = &mut rest[count..],
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("the kernel gives no random bytes: {error}"),
            }
        }
    }
}
