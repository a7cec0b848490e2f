//! Quantities that carry their unit and their range.

use crate::InvalidName;
use crate::limits;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Memory of a function in MB (2^20 bytes each): 128 to 10,240.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct MemoryMb(u32);

impl MemoryMb {
    /// In MB.
    pub fn get(self) -> u32 {
        self.0
    }

    /// In bytes.
    pub fn bytes(self) -> u64 {
        u64::from(self.0) << 20
    }
}

impl Default for MemoryMb {
    fn default() -> Self {
        Self(*limits::MEMORY_MB.start())
    }
}

impl TryFrom<u32> for MemoryMb {
    type Error = InvalidName;

    fn try_from(mb: u32) -> Result<Self, InvalidName> {
        if limits::MEMORY_MB.contains(&mb) {
            Ok(Self(mb))
        } else {
            Err(InvalidName::new(&mb.to_string(), "a memory size of 128 to 10240 MB"))
        }
    }
}

impl From<MemoryMb> for u32 {
    fn from(memory: MemoryMb) -> Self {
        memory.0
    }
}

/// How long an invocation may run, in seconds: 1 to 900.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct TimeoutSeconds(u32);

impl TimeoutSeconds {
    /// In seconds.
    pub fn get(self) -> u32 {
        self.0
    }

    /// As a duration.
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.0))
    }
}

impl Default for TimeoutSeconds {
    fn default() -> Self {
        Self(3)
    }
}

impl TryFrom<u32> for TimeoutSeconds {
    type Error = InvalidName;

    fn try_from(seconds: u32) -> Result<Self, InvalidName> {
        if limits::TIMEOUT_SECONDS.contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(InvalidName::new(&seconds.to_string(), "a time-out of 1 to 900 seconds"))
        }
    }
}

impl From<TimeoutSeconds> for u32 {
    fn from(timeout: TimeoutSeconds) -> Self {
        timeout.0
    }
}
