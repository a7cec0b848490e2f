//! DescribeLogStreams, by name or by the time of the last event.

use super::records::StreamRecord;
use super::{Logs, messages, names, place, token};
use api::logs::{DescribeLogStreams, DescribeLogStreamsRequest, DescribeLogStreamsResponse, LogStream};
use api::{Context, Handle, Request};
use store::{Prefix, StoreError, Stored};
use types::{Arn, ServiceError};

/// Source: "The maximum number of items returned. If you don't specify a value, the default is up to 50 items."
const PAGE: usize = 50;
/// Streams that one read of the store brings.
const READ: usize = 500;

/// What streams are sorted by: time (the same for all when they are sorted by name), then name.
type Rank = (i64, String);

impl Handle<DescribeLogStreams> for Logs {
    async fn handle(
        &self,
        request: Request<DescribeLogStreamsRequest>,
    ) -> Result<DescribeLogStreamsResponse, ServiceError> {
        self.describe_streams(request.input, &request.context).await
    }
}

impl Logs {
    pub(super) async fn describe_streams(
        &self,
        input: DescribeLogStreamsRequest,
        context: &Context,
    ) -> Result<DescribeLogStreamsResponse, ServiceError> {
        let by_time = input.order_by.as_deref() == Some("LastEventTime");
        if by_time && input.log_stream_name_prefix.is_some() {
            return Err(messages::prefix_by_time());
        }
        let group = names::group(input.log_group_name, input.log_group_identifier, context)?;
        let after = input.next_token.as_deref().map(read_token).transpose()?;
        self.settled().await?;
        self.group(context.account, &group).await?;
        let mut prefix = place::streams(context.account, &group).map_err(messages::store_failed)?;
        if let Some(beginning) = &input.log_stream_name_prefix {
            // What can't begin a key begins no stream's name.
            let Ok(narrowed) = prefix.beginning(beginning) else { return Ok(nothing()) };
            prefix = narrowed;
        }
        let limit = input.limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).clamp(1, PAGE);
        let order = Order { by_time, descending: input.descending == Some(true), after, keep: limit + 1 };
        let best = self.best(&prefix, &order).await.map_err(messages::store_failed)?;
        let next_token = (best.len() > limit).then(|| write_token(&order.rank(&best[limit - 1])));
        let shown = best.iter().take(limit).map(|stored| self.show_stream(stored, &group, context));
        Ok(DescribeLogStreamsResponse { log_streams: Some(shown.collect()), next_token })
    }

    /// The first streams of an order. Reads the records of all streams in `prefix`, and holds a few of them.
    async fn best(&self, prefix: &Prefix, order: &Order) -> Result<Vec<Stored<StreamRecord>>, StoreError> {
        let mut best: Vec<Stored<StreamRecord>> = Vec::new();
        let mut after = None;
        loop {
            let read = self.store.scan::<StreamRecord>(prefix, after.as_ref(), READ).await?;
            let ended = read.len() < READ;
            after = read.last().map(|last| last.key.clone());
            best.extend(read.into_iter().filter(|stored| order.comes(stored)));
            order.sort(&mut best);
            if ended || (best.len() >= order.keep && !order.by_time && !order.descending) {
                return Ok(best);
            }
        }
    }

    fn show_stream(&self, stored: &Stored<StreamRecord>, group: &str, context: &Context) -> LogStream {
        let (name, stream) = (place::name(&stored.key), &stored.value);
        let resource = format!("log-group:{group}:log-stream:{name}");
        LogStream {
            log_stream_name: Some(name.to_owned()),
            creation_time: Some(stream.created),
            first_event_timestamp: Some(stream.first_event),
            last_event_timestamp: Some(stream.last_event),
            last_ingestion_time: Some(stream.last_ingestion),
            // Source: "The sequence token is now ignored"; clients that still read it get one that sorts.
            upload_sequence_token: Some(format!("{:056}", stream.events)),
            arn: Some(Arn::regional("logs", &self.region, context.account, resource).to_string()),
            // Source: "this value is always zero" since 2019.
            stored_bytes: Some(0),
        }
    }
}

fn nothing() -> DescribeLogStreamsResponse {
    DescribeLogStreamsResponse { log_streams: Some(Vec::new()), next_token: None }
}

/// What is asked for, and in which order.
struct Order {
    by_time: bool,
    descending: bool,
    after: Option<Rank>,
    keep: usize,
}

impl Order {
    fn rank(&self, stored: &Stored<StreamRecord>) -> Rank {
        (if self.by_time { stored.value.last_event } else { 0 }, place::name(&stored.key).to_owned())
    }

    /// Whether a stream comes after what was shown.
    fn comes(&self, stored: &Stored<StreamRecord>) -> bool {
        self.after.as_ref().is_none_or(|after| {
            let rank = self.rank(stored);
            if self.descending { rank < *after } else { rank > *after }
        })
    }

    fn sort(&self, streams: &mut Vec<Stored<StreamRecord>>) {
        streams.sort_by_cached_key(|stored| self.rank(stored));
        if self.descending {
            streams.reverse();
        }
        streams.truncate(self.keep);
    }
}

fn write_token((time, name): &Rank) -> String {
    token::of_name(&format!("{time} {name}"))
}

fn read_token(token: &str) -> Result<Rank, ServiceError> {
    let text = token::read_name(token)?;
    let (time, name) = text.split_once(' ').ok_or_else(messages::bad_token)?;
    Ok((time.parse().map_err(|_| messages::bad_token())?, name.to_owned()))
}
