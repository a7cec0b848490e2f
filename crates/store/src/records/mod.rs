//! Records that more than one crate reads or writes.

mod concurrency;
mod function;
mod layer;
mod logging;
mod policy;
mod release;
mod tags;

pub use concurrency::{ConcurrencyRecord, ReservedTotalRecord};
pub use function::{CodeRecord, FunctionRecord, FunctionState, UpdateStatus, VersionConfiguration};
pub use layer::{LayerRecord, LayerUse, LayerVersionRecord};
pub use logging::{LogFormat, LogLevel, LoggingRecord};
pub use policy::{FunctionPolicyRecord, LayerPolicyRecord, PolicyRecord, PolicyStatement, QueuePolicyRecord};
pub use release::{AliasRecord, ReleasesRecord, VersionRecord};
pub use tags::TagsRecord;

/// The digits of a number within a key: padded, so that keys sort as the numbers do.
fn padded(number: u64) -> String {
    format!("{number:020}")
}
