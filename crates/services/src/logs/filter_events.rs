//! FilterLogEvents: the events of a group's streams in the order of their times, filtered.

use super::get_events::Span;
use super::merge::{Found, Merge};
use super::page::Page;
use super::pattern::Pattern;
use super::sources::{Sources, Wanted};
use super::token::Place;
use super::{Logs, messages, names};
use api::logs::{FilterLogEvents, FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent};
use api::{Context, Handle, Request};
use store::StoreError;
use types::ServiceError;

/// How much one call may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// What is read, beyond the first chunks of each stream: then the call answers with what it has, if only with a token.
    /// Source: "you can receive an empty page with a nextToken" (API reference).
    pub(super) read_bytes: usize,
    /// What is held of streams that are read at the same time.
    pub(super) held_bytes: usize,
}

const BOUNDS: Bounds = Bounds { read_bytes: 16 << 20, held_bytes: 16 << 20 };

impl Handle<FilterLogEvents> for Logs {
    async fn handle(
        &self,
        request: Request<FilterLogEventsRequest>,
    ) -> Result<FilterLogEventsResponse, ServiceError> {
        self.filter_events(request.input, &request.context, BOUNDS).await
    }
}

impl Logs {
    pub(super) async fn filter_events(
        &self,
        input: FilterLogEventsRequest,
        context: &Context,
        bounds: Bounds,
    ) -> Result<FilterLogEventsResponse, ServiceError> {
        refuse_what_is_not_built(&input)?;
        let pattern = Pattern::read(input.filter_pattern.as_deref().unwrap_or_default())?;
        let wanted = Wanted {
            account: context.account,
            group: names::group(input.log_group_name, input.log_group_identifier, context)?,
            names: input.log_stream_names,
            prefix: input.log_stream_name_prefix,
            span: Span::new(input.start_time, input.end_time),
            after: input.next_token.as_deref().map(Place::read).transpose()?,
        };
        self.settled(wanted.after.is_none()).await?;
        self.group(context.account, &wanted.group).await?;
        let sources = self.sources(&wanted).await?;
        let (events, next) = self
            .search(sources, &wanted, &pattern, Page::new(input.limit), bounds)
            .await
            .map_err(messages::store_failed)?;
        Ok(FilterLogEventsResponse {
            events: Some(events),
            // Source: "Important: As of May 15, 2020, this parameter is no longer supported": an empty list.
            searched_log_streams: Some(Vec::new()),
            next_token: next.map(Place::digits),
        })
    }
}

impl Logs {
    /// The events of one page, and the place to go on from where more may be there.
    async fn search(
        &self,
        sources: Sources,
        wanted: &Wanted,
        pattern: &Pattern,
        mut page: Page,
        bounds: Bounds,
    ) -> Result<(Vec<FilteredLogEvent>, Option<Place>), StoreError> {
        let Sources { streams, horizon, .. } = sources;
        let mut merge = Merge::new(&self.store, streams, bounds.held_bytes);
        let (mut events, mut last) = (Vec::new(), wanted.after);
        while let Some(found) = merge.next().await?
            && found.event.at < wanted.span.end.min(horizon)
        {
            let fits = pattern.matches(&found.event.message);
            if page.is_full() || (fits && !page.take(&found.event.message)) {
                return Ok((events, last));
            }
            last = Some(found.place);
            if fits {
                events.push(shown(found));
            }
            // One event at least is behind, so that every call gets on.
            if merge.spent() > bounds.read_bytes {
                return Ok((events, last));
            }
        }
        Ok((events, (horizon < wanted.span.end).then(|| Place::before(horizon))))
    }
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
