//! GetLogEvents: the events of one stream, page by page in both directions.

use super::cursor::{Backward, Forward};
use super::page::Page;
use super::place::{Chunks, Gap, LAST_TIME};
use super::records::Event;
use super::token::{self, Direction};
use super::{Logs, messages, names};
use api::logs::{GetLogEvents, GetLogEventsRequest, GetLogEventsResponse, OutputLogEvent};
use api::{Context, Handle, Request};
use store::StoreError;
use types::ServiceError;

impl Handle<GetLogEvents> for Logs {
    async fn handle(
        &self,
        request: Request<GetLogEventsRequest>,
    ) -> Result<GetLogEventsResponse, ServiceError> {
        self.get_events(request.input, &request.context).await
    }
}

/// Times from `start` on and before `end`, in ms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Span {
    /// From the members of a request.
    pub(super) fn new(start: Option<i64>, end: Option<i64>) -> Self {
        let within = |time: i64| time.clamp(0, LAST_TIME);
        Self { start: start.map_or(0, within), end: end.map_or(i64::MAX, |end| end.max(0)) }
    }
}

impl Logs {
    pub(super) async fn get_events(
        &self,
        input: GetLogEventsRequest,
        context: &Context,
    ) -> Result<GetLogEventsResponse, ServiceError> {
        if input.unmask == Some(true) {
            return Err(messages::not_built("unmask"));
        }
        let group = names::group(input.log_group_name, input.log_group_identifier, context)?;
        let span = Span::new(input.start_time, input.end_time);
        let token = input.next_token.as_deref().map(token::read_gap).transpose()?;
        self.settled(token.is_none()).await?;
        self.stream(context.account, &group, &input.log_stream_name).await?;
        let chunks = Chunks::of(context.account, &group, &input.log_stream_name);
        let page = Page::new(input.limit);
        let (direction, gap) = token.unwrap_or(if input.start_from_head == Some(true) {
            (Direction::Forward, Gap::before(span.start))
        } else {
            (Direction::Backward, Gap::before(span.end))
        });
        let read = match direction {
            Direction::Forward => self.forward(chunks, gap, span, page).await,
            Direction::Backward => self.backward(chunks, gap, span, page).await,
        };
        let events = read.map_err(messages::store_failed)?;
        // Nothing is there: a first call without a token goes on from the beginning of its span.
        let here = if token.is_some() { gap } else { Gap::before(span.start) };
        Ok(answer(events, here))
    }

    async fn forward(
        &self,
        chunks: Chunks,
        gap: Gap,
        span: Span,
        mut page: Page,
    ) -> Result<Vec<Event>, StoreError> {
        let mut cursor = Forward::from(chunks, gap.max(Gap::before(span.start)));
        let mut events = Vec::new();
        while let Some(event) = cursor.peek(&self.store).await?
            && event.at < span.end
            && page.take(&event.message)
        {
            events.extend(cursor.take());
        }
        Ok(events)
    }

    async fn backward(
        &self,
        chunks: Chunks,
        gap: Gap,
        span: Span,
        mut page: Page,
    ) -> Result<Vec<Event>, StoreError> {
        let mut cursor = Backward::from(chunks, gap.min(Gap::before(span.end)));
        let mut events = Vec::new();
        while let Some(event) = cursor.peek(&self.store).await?
            && event.at >= span.start
            && page.take(&event.message)
        {
            events.extend(cursor.take());
        }
        events.reverse();
        Ok(events)
    }
}

fn answer(events: Vec<Event>, here: Gap) -> GetLogEventsResponse {
    let back = events.first().map_or(here, |first| Gap { at: first.at, number: first.number });
    let ahead = events.last().map_or(here, |last| Gap { at: last.at, number: last.number + 1 });
    let shown = events.into_iter().map(|event| OutputLogEvent {
        timestamp: Some(event.at),
        message: Some(event.message),
        ingestion_time: Some(event.ingested),
    });
    GetLogEventsResponse {
        events: Some(shown.collect()),
        next_forward_token: Some(token::of_gap(Direction::Forward, ahead)),
        next_backward_token: Some(token::of_gap(Direction::Backward, back)),
    }
}
