//! Which streams a group-wide search reads, and from where.
//!
//! Invariant: about [`MOST`] streams are held, those that begin first. Where there are more, the search ends at a horizon,
//! the beginning of the first stream that was left out, and goes on from there with the next page.

use super::get_events::Span;
use super::merge::Source;
use super::records::{StreamByTime, StreamRecord};
use super::token::Place;
use super::{Logs, messages, place};
use store::{Record, StoreError, Stored};
use types::{AccountId, ServiceError};

/// Streams of one page.
const MOST: usize = 5_000;
/// Streams that one read of the store brings.
const READ: usize = 500;

/// Which events a call asks for, apart from the pattern.
pub(super) struct Wanted {
    pub(super) account: AccountId,
    pub(super) group: String,
    pub(super) names: Option<Vec<String>>,
    pub(super) prefix: Option<String>,
    pub(super) span: Span,
    /// The last event of the page before.
    pub(super) after: Option<Place>,
}

/// Streams to read, and the time up to which they are all that there are.
pub(super) struct Sources {
    pub(super) streams: Vec<Source>,
    pub(super) horizon: i64,
    most: usize,
}

impl Logs {
    /// The streams that may hold events that are asked for.
    pub(super) async fn sources(&self, wanted: &Wanted) -> Result<Sources, ServiceError> {
        let mut sources = Sources::new(MOST);
        match (&wanted.names, &wanted.prefix) {
            (Some(names), _) => self.add_named(&mut sources, wanted, names).await?,
            (None, Some(prefix)) => {
                let all = place::streams(wanted.account, &wanted.group).map_err(messages::store_failed)?;
                // What can't begin a key begins no stream's name.
                if let Ok(narrowed) = all.beginning(prefix) {
                    let add =
                        self.add_all(&mut sources, wanted, &narrowed, None, |record: StreamRecord| record);
                    add.await.map_err(messages::store_failed)?;
                }
            }
            (None, None) => self.add_recent(&mut sources, wanted).await.map_err(messages::store_failed)?,
        }
        Ok(sources)
    }

    async fn add_named(
        &self,
        sources: &mut Sources,
        wanted: &Wanted,
        names: &[String],
    ) -> Result<(), ServiceError> {
        let mut names: Vec<&String> = names.iter().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let stored = self.stream(wanted.account, &wanted.group, name).await?;
            sources.add(wanted, name, &stored.value);
        }
        Ok(())
    }

    /// The streams whose last event is not before the span, which stand together in the store.
    async fn add_recent(&self, sources: &mut Sources, wanted: &Wanted) -> Result<(), StoreError> {
        let all = place::streams(wanted.account, &wanted.group)?;
        let start = wanted.after.map_or(wanted.span.start, |after| after.at.max(wanted.span.start));
        let before = place::by_time(wanted.account, &wanted.group, start, "")?;
        self.add_all(sources, wanted, &all, Some(before), |StreamByTime(record)| record).await
    }

    async fn add_all<R: Record>(
        &self,
        sources: &mut Sources,
        wanted: &Wanted,
        prefix: &store::Prefix,
        mut after: Option<store::Key>,
        open: impl Fn(R) -> StreamRecord,
    ) -> Result<(), StoreError> {
        loop {
            let read = self.store.scan::<R>(prefix, after.as_ref(), READ).await?;
            let ended = read.len() < READ;
            after = read.last().map(|last| last.key.clone());
            for Stored { key, value, .. } in read {
                sources.add(wanted, place::name(&key), &open(value));
            }
            if ended {
                return Ok(());
            }
        }
    }
}

impl Sources {
    fn new(most: usize) -> Self {
        Self { streams: Vec::new(), horizon: i64::MAX, most }
    }

    /// Adds a stream where it may hold events that are asked for.
    fn add(&mut self, wanted: &Wanted, name: &str, record: &StreamRecord) {
        let Span { start, end } = wanted.span;
        let source = Source::new(wanted.account, &wanted.group, name, record).behind(start, wanted.after);
        if record.last_event >= source.earliest() && source.earliest() < end.min(self.horizon) {
            self.streams.push(source);
        }
        if self.streams.len() >= 2 * self.most {
            self.draw_in();
        }
    }

    /// Leaves out the streams that begin last. Where all begin at the same time there is no horizon before them.
    fn draw_in(&mut self) {
        let first = self.streams.iter().map(Source::earliest).min();
        let (_, cut, _) = self.streams.select_nth_unstable_by_key(self.most, Source::earliest);
        let cut = cut.earliest();
        if first.is_some_and(|first| first < cut) {
            self.streams.retain(|source| source.earliest() < cut);
            self.horizon = cut;
        } else {
            self.most *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn everything_before_the_horizon_is_held(firsts in prop::collection::vec(0i64..20, 0..60)) {
            let wanted = Wanted {
                account: AccountId::FIRST,
                group: "g".to_owned(),
                names: None,
                prefix: None,
                span: Span::new(None, None),
                after: None,
            };
            let mut sources = Sources::new(3);
            for (ordinal, first) in (0..).zip(&firsts) {
                let record = StreamRecord {
                    ordinal, created: 0, first_event: *first, last_event: 30, last_ingestion: 0, events: 1,
                };
                sources.add(&wanted, "s", &record);
            }
            let mut held: Vec<i64> = sources.streams.iter().map(Source::earliest).collect();
            held.sort_unstable();
            let mut expected: Vec<i64> = firsts.iter().copied().filter(|f| *f < sources.horizon).collect();
            expected.sort_unstable();
            prop_assert_eq!(held, expected);
            let earliest = firsts.iter().min();
            prop_assert!(earliest.is_none_or(|earliest| *earliest < sources.horizon), "each page gets on");
        }
    }
}
