//! Where a row stands, and SQLite's numbers as ours.

use crate::{LaneKind, Standing};
use rusqlite::Row;
use types::Timestamp;

pub(super) const READY: i64 = 0;
pub(super) const DELAYED: i64 = 1;
pub(super) const LEASED: i64 = 2;

/// The state of a row that is due then.
pub(super) fn waiting(due: Timestamp, now: Timestamp) -> i64 {
    if due <= now { READY } else { DELAYED }
}

pub(super) fn standing(state: i64) -> Standing {
    match state {
        READY => Standing::Ready,
        DELAYED => Standing::Delayed,
        _ => Standing::Leased,
    }
}

pub(super) fn kind(fifo: bool) -> LaneKind {
    if fifo { LaneKind::Fifo } else { LaneKind::Standard }
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp)
}

pub(super) fn time_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column).map(|time| time.map(Timestamp))
}

pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

pub(super) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
