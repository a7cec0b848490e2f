//! Where groups, streams and chunks stand in the store.
//!
//! Invariant: the chunks of a stream sort by time, since a key's numbers are padded with zeros.

use store::{Key, KeyError, Prefix};
use types::AccountId;

/// The latest time that a key can hold, in ms: in the year 33658.
pub(super) const LAST_TIME: i64 = 999_999_999_999_999;

/// The place of a group.
pub(super) fn group(account: AccountId, group: &str) -> Result<Key, KeyError> {
    Key::of([account.as_str(), group])
}

/// All groups of an account.
pub(super) fn groups(account: AccountId) -> Result<Prefix, KeyError> {
    Key::prefix([account.as_str()])
}

/// The place of a stream.
pub(super) fn stream(account: AccountId, group: &str, stream: &str) -> Result<Key, KeyError> {
    Key::of([account.as_str(), group, stream])
}

/// All streams of a group.
pub(super) fn streams(account: AccountId, group: &str) -> Result<Prefix, KeyError> {
    Key::prefix([account.as_str(), group])
}

/// How exactly streams stand in the order of their last events, in ms: a stream moves at most once in this time.
pub(super) const SLOT: i64 = 10 * 60 * 1000;

/// The place of a stream in the order of last events: by slot, then by name.
pub(super) fn by_time(
    account: AccountId,
    group: &str,
    last_event: i64,
    stream: &str,
) -> Result<Key, KeyError> {
    let slot = format!("{:015}", slot(last_event));
    Key::of([account.as_str(), group, &slot, stream])
}

/// The slot of a time.
pub(super) fn slot(time: i64) -> i64 {
    time.clamp(0, LAST_TIME) / SLOT
}

/// The last segment of a key: a group's or a stream's name.
pub(super) fn name(key: &Key) -> &str {
    key.segments().next_back().unwrap_or_default()
}

/// A gap between two events of a stream: before the event with this time and number, after all earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gap {
    /// The time of the event behind it; 0 to [`LAST_TIME`].
    pub(super) at: i64,
    /// The number of the event behind it.
    pub(super) number: u64,
}

impl Gap {
    /// Before all events of this time.
    pub(super) fn before(at: i64) -> Self {
        Self { at: at.clamp(0, LAST_TIME), number: 0 }
    }
}

/// Where the chunks of one stream stand.
#[derive(Debug, Clone)]
pub(super) struct Chunks {
    account: AccountId,
    group: String,
    stream: String,
}

impl Chunks {
    /// Of this stream.
    pub(super) fn of(account: AccountId, group: &str, stream: &str) -> Self {
        Self { account, group: group.to_owned(), stream: stream.to_owned() }
    }

    /// All of them.
    pub(super) fn all(&self) -> Result<Prefix, KeyError> {
        Key::prefix([self.account.as_str(), &self.group, &self.stream])
    }

    /// The place of the chunk that begins behind `gap`: all chunks before this key begin before the gap.
    pub(super) fn at(&self, gap: Gap) -> Result<Key, KeyError> {
        let (at, number) = (format!("{:015}", gap.at), format!("{:015}", gap.number));
        Key::of([self.account.as_str(), &self.group, &self.stream, &at, &number])
    }
}
