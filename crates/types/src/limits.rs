//! The service's quotas. Source: "Lambda quotas" in the Lambda developer guide, and the API reference's constraints.

use std::ops::RangeInclusive;

/// MemorySize in MB.
pub const MEMORY_MB: RangeInclusive<u32> = 128..=10_240;
/// Timeout in seconds.
pub const TIMEOUT_SECONDS: RangeInclusive<u32> = 1..=900;
/// Size of /tmp in MB (EphemeralStorage).
pub const EPHEMERAL_STORAGE_MB: RangeInclusive<u32> = 512..=10_240;
/// Environment variables of one function: names and values together, as JSON, in bytes.
pub const ENVIRONMENT_VARIABLES_BYTES: usize = 4096;
/// A code package in a request, zipped, in bytes.
pub const CODE_ZIPPED_BYTES: u64 = 52_428_800;
/// A code package with its layers, unzipped, in bytes.
pub const CODE_UNZIPPED_BYTES: u64 = 262_144_000;
/// Layers of one function.
pub const LAYERS: usize = 5;
/// Code of all functions and layers of one account in a region, zipped, in bytes (75 GB).
pub const ACCOUNT_CODE_BYTES: u64 = 80_530_636_800;
/// A whole CreateFunction or UpdateFunctionCode request, in bytes.
pub const CODE_REQUEST_BYTES: usize = 70_167_211;
/// The payload of a synchronous invocation, in bytes.
pub const SYNC_REQUEST_BYTES: usize = 6_291_456;
/// The answer of a synchronous invocation, in bytes.
pub const SYNC_RESPONSE_BYTES: usize = 6_291_556;
/// The decoded tail of the log that `LogType=Tail` returns, in bytes.
pub const LOG_TAIL_BYTES: usize = 4096;
/// ClientContext after base64 encoding, in bytes.
pub const CLIENT_CONTEXT_BYTES: usize = 3583;
/// Concurrent invocations of one account, unless configured otherwise.
pub const ACCOUNT_CONCURRENCY: u32 = 1000;
