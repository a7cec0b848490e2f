//! How much one answer holds.

/// What the service adds to each event when it counts bytes. Source: "PutLogEvents": the size of a batch is the sum of
/// all messages in UTF-8 plus 26 bytes for each event.
const EVENT_BYTES: usize = 26;
/// Source: "GetLogEvents", "FilterLogEvents": as many log events as fit in 1 MB, up to 10,000.
const PAGE_BYTES: usize = 1 << 20;
const PAGE_EVENTS: usize = 10_000;

/// What an event counts, in bytes.
pub(super) fn weight(message: &str) -> usize {
    message.len() + EVENT_BYTES
}

/// The room in one answer. The first event always fits.
#[derive(Debug, Clone)]
pub(super) struct Page {
    events: usize,
    bytes: usize,
    empty: bool,
}

impl Page {
    /// With room for `limit` events, 10,000 where it isn't given, and 1 MB.
    pub(super) fn new(limit: Option<i64>) -> Self {
        let asked = limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE_EVENTS);
        Self { events: asked.clamp(1, PAGE_EVENTS), bytes: PAGE_BYTES, empty: true }
    }

    /// Takes the room for an event; false where there isn't enough.
    pub(super) fn take(&mut self, message: &str) -> bool {
        let weight = weight(message);
        if self.events == 0 || (weight > self.bytes && !self.empty) {
            return false;
        }
        self.empty = false;
        self.events -= 1;
        self.bytes = self.bytes.saturating_sub(weight);
        true
    }

    /// Whether not even an empty message fits.
    pub(super) fn is_full(&self) -> bool {
        self.events == 0
    }
}
