//! FilterLogEvents: the events of a group's streams in the order of their times, filtered.

use super::get_events::Span;
use super::merge::{Found, Merge, Source};
use super::page::Page;
use super::pattern::Pattern;
use super::records::StreamRecord;
use super::token::Place;
use super::{Logs, messages, names, place};
use api::logs::{FilterLogEvents, FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent};
use api::{Context, Handle, Request};
use store::{StoreError, Stored};
use types::{AccountId, ServiceError};

/// What one call reads at most, beyond the first chunks of each stream: then it answers with what it has, if only with a
/// token. Source: "You can receive an empty page with a nextToken" (API reference).
const READ_BYTES: usize = 16 << 20;
/// Streams that one read of the store brings.
const READ: usize = 500;

impl Handle<FilterLogEvents> for Logs {
    async fn handle(
        &self,
        request: Request<FilterLogEventsRequest>,
    ) -> Result<FilterLogEventsResponse, ServiceError> {
        self.filter_events(request.input, &request.context, READ_BYTES).await
    }
}

impl Logs {
    pub(super) async fn filter_events(
        &self,
        input: FilterLogEventsRequest,
        context: &Context,
        read_bytes: usize,
    ) -> Result<FilterLogEventsResponse, ServiceError> {
        refuse_what_is_not_built(&input)?;
        let pattern = Pattern::read(input.filter_pattern.as_deref().unwrap_or_default())?;
        let after = input.next_token.as_deref().map(Place::read).transpose()?;
        let span = Span::new(input.start_time, input.end_time);
        let page = Page::new(input.limit);
        let wanted = Wanted {
            account: context.account,
            group: names::group(input.log_group_name, input.log_group_identifier, context)?,
            names: input.log_stream_names,
            prefix: input.log_stream_name_prefix,
        };
        self.settled().await?;
        self.group(context.account, &wanted.group).await?;
        let sources = self.sources(&wanted, span, after).await?;
        let merge = Merge::new(&self.store, sources);
        let (events, next) = read_page(merge, span, &pattern, page, after, read_bytes)
            .await
            .map_err(messages::store_failed)?;
        Ok(FilterLogEventsResponse {
            events: Some(events),
            // Source: "Important: As of May 15, 2020, this parameter is no longer supported": an empty list.
            searched_log_streams: Some(Vec::new()),
            next_token: next.map(Place::digits),
        })
    }

    /// The streams that may hold events of the span.
    async fn sources(
        &self,
        wanted: &Wanted,
        span: Span,
        after: Option<Place>,
    ) -> Result<Vec<Source>, ServiceError> {
        let streams = match &wanted.names {
            Some(names) => self.named(wanted, names).await?,
            None => self.overlapping(wanted, span).await?,
        };
        let sources = streams.iter().filter(|stored| overlaps(&stored.value, span));
        Ok(sources.filter_map(|stored| wanted.source(stored, span, after)).collect())
    }

    async fn named(
        &self,
        wanted: &Wanted,
        names: &[String],
    ) -> Result<Vec<Stored<StreamRecord>>, ServiceError> {
        let mut names: Vec<&String> = names.iter().collect();
        names.sort_unstable();
        names.dedup();
        let mut streams = Vec::with_capacity(names.len());
        for name in names {
            streams.push(self.stream(wanted.account, &wanted.group, name).await?);
        }
        Ok(streams)
    }

    async fn overlapping(
        &self,
        wanted: &Wanted,
        span: Span,
    ) -> Result<Vec<Stored<StreamRecord>>, ServiceError> {
        let mut prefix = place::streams(wanted.account, &wanted.group).map_err(messages::store_failed)?;
        if let Some(beginning) = &wanted.prefix {
            // What can't begin a key begins no stream's name.
            let Ok(narrowed) = prefix.beginning(beginning) else { return Ok(Vec::new()) };
            prefix = narrowed;
        }
        let (mut streams, mut after) = (Vec::new(), None);
        loop {
            let read = self
                .store
                .scan::<StreamRecord>(&prefix, after.as_ref(), READ)
                .await
                .map_err(messages::store_failed)?;
            let ended = read.len() < READ;
            after = read.last().map(|last| last.key.clone());
            streams.extend(read.into_iter().filter(|stored| overlaps(&stored.value, span)));
            if ended {
                return Ok(streams);
            }
        }
    }
}

/// Which streams a call asks for.
struct Wanted {
    account: AccountId,
    group: String,
    names: Option<Vec<String>>,
    prefix: Option<String>,
}

impl Wanted {
    /// Where to read a stream from: the span's beginning, or behind the event that the token names. `None`: nothing is
    /// left.
    fn source(&self, stored: &Stored<StreamRecord>, span: Span, after: Option<Place>) -> Option<Source> {
        let source = Source::new(self.account, &self.group, stored).behind(span.start, after);
        (source.earliest() <= stored.value.last_event).then_some(source)
    }
}

fn overlaps(stream: &StreamRecord, span: Span) -> bool {
    stream.last_event >= span.start && stream.first_event < span.end
}

/// The events of one page, and the place to go on from where more may be there.
async fn read_page(
    mut merge: Merge<'_>,
    span: Span,
    pattern: &Pattern,
    mut page: Page,
    after: Option<Place>,
    read_bytes: usize,
) -> Result<(Vec<FilteredLogEvent>, Option<Place>), StoreError> {
    let (mut events, mut last) = (Vec::new(), after);
    while let Some(found) = merge.next().await? {
        if found.event.at >= span.end {
            return Ok((events, None));
        }
        let fits = pattern.matches(&found.event.message);
        if page.is_full() || (fits && !page.take(&found.event.message)) {
            return Ok((events, last));
        }
        last = Some(found.place);
        if fits {
            events.push(shown(found));
        }
        // One event at least is behind, so that every call gets on.
        if merge.spent() > read_bytes {
            return Ok((events, last));
        }
    }
    Ok((events, None))
}

fn shown(found: Found) -> FilteredLogEvent {
    FilteredLogEvent {
        log_stream_name: Some(found.stream.to_string()),
        timestamp: Some(found.event.at),
        message: Some(found.event.message),
        ingestion_time: Some(found.event.ingested),
        event_id: Some(found.place.digits()),
    }
}

fn refuse_what_is_not_built(input: &FilterLogEventsRequest) -> Result<(), ServiceError> {
    if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
        return Err(messages::names_and_prefix());
    }
    if input.unmask == Some(true) {
        return Err(messages::not_built("unmask"));
    }
    if input.start_from_head == Some(false) {
        return Err(messages::not_built("startFromHead false for FilterLogEvents"));
    }
    // `interleaved` has no effect since June 2019: events of several streams are always interleaved.
    Ok(())
}
