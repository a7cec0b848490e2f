//! Everything that the worker is told about an environment. It opens no store and decides no policy.

use crate::{Egress, Logging, RoleCredentials};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use telemetry::LogStream;
use types::{
    AccountId, EnvironmentId, FunctionName, InvalidName, MemoryMb, Region, RuntimeName, TimeoutSeconds,
    Version,
};

/// One execution environment: of one account and one function version for its whole life.
///
/// Has no `Debug` output of its variables and credentials: they are the customer's secrets.
#[derive(Clone)]
pub struct EnvironmentSpec {
    /// Its own id, the last part of its log stream's name.
    pub id: EnvironmentId,
    /// The function's owner.
    pub account: AccountId,
    /// The function's region.
    pub region: Region,
    /// The function's ARN without a qualifier.
    pub function_arn: String,
    /// The function's name.
    pub function_name: FunctionName,
    /// The version that runs here.
    pub version: Version,
    /// Which runtime it is written for.
    pub runtime: RuntimeName,
    /// Handler, as the customer wrote it; becomes `_HANDLER`.
    pub handler: String,
    /// MemorySize.
    pub memory: MemoryMb,
    /// Timeout of one invocation.
    pub timeout: TimeoutSeconds,
    /// Size of /tmp in MB.
    pub ephemeral_storage_mb: u32,
    /// The customer's environment variables. Names that the service reserves have no effect here.
    pub variables: Vec<(String, String)>,
    /// The code package.
    pub code: Code,
    /// The layers, in order: merged at /opt, a later one's files win. At most five.
    pub layers: Vec<Code>,
    /// What it may reach beyond itself, as the operator allows.
    pub egress: Egress,
    /// The execution role's, if the function has them.
    pub credentials: Option<RoleCredentials>,
    /// What its log lines look like.
    pub logging: Logging,
    /// Where its log lines go.
    pub log: Arc<LogStream>,
}

impl fmt::Debug for EnvironmentSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvironmentSpec")
            .field("id", &self.id)
            .field("function", &self.function_arn)
            .field("version", &self.version)
            .field("runtime", &self.runtime)
            .finish_non_exhaustive()
    }
}

/// A code package, and where the [`CodeSource`](crate::CodeSource) finds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code {
    /// What is in it: two packages with the same id have the same bytes.
    pub id: CodeId,
    /// The code source's own name for it, such as a blob's id. The worker only hands it back.
    pub place: String,
}

/// SHA-256 of a zip file, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeId([u8; 32]);

impl CodeId {
    /// From the digest itself.
    pub fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeId({self})")
    }
}

impl FromStr for CodeId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let wrong = || InvalidName { value: text.to_owned(), expected: "a SHA-256 of 64 hexadecimal digits" };
        let lower = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        if text.len() != 64 || !text.as_bytes().iter().all(lower) {
            return Err(wrong());
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_id_round_trips_as_text() {
        let text = "00ff".repeat(16);
        assert_eq!(text.parse::<CodeId>().unwrap().to_string(), text);
        for bad in [String::new(), "0".repeat(63), "A".repeat(64), "g".repeat(64), "+1".repeat(32)] {
            assert!(bad.parse::<CodeId>().is_err(), "{bad}");
        }
    }
}
