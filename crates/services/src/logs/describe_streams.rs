//! DescribeLogStreams, by name or by the time of the last event.

use super::records::{StreamByTime, StreamRecord};
use super::{Logs, messages, names, place, token};
use api::logs::{DescribeLogStreams, DescribeLogStreamsRequest, DescribeLogStreamsResponse, LogStream};
use api::{Context, Handle, Request};
use store::{Key, KeyError, StoreError};
use types::{AccountId, Arn, ServiceError};

/// Source: "The maximum number of items returned. If you don't specify a value, the default is up to 50 items."
const PAGE: usize = 50;
/// Streams that one read of the store brings.
const READ: usize = 200;

/// A stream with its name.
type Shown = (String, StreamRecord);
/// Time of the last event, then name.
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
        self.settled(after.is_none()).await?;
        self.group(context.account, &group).await?;
        let limit = input.limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).clamp(1, PAGE);
        let descending = input.descending == Some(true);
        let asked = Asked { account: context.account, group, descending, after, keep: limit + 1 };
        let streams = if by_time {
            self.by_time(&asked).await
        } else {
            self.by_name(&asked, input.log_stream_name_prefix.as_deref()).await
        };
        let streams = streams.map_err(messages::store_failed)?;
        let next_token = (streams.len() > limit).then(|| write_token(&streams[limit - 1]));
        let shown = streams.iter().take(limit).map(|stream| self.show_stream(stream, &asked.group, context));
        Ok(DescribeLogStreamsResponse { log_streams: Some(shown.collect()), next_token })
    }

    async fn by_name(&self, asked: &Asked, beginning: Option<&str>) -> Result<Vec<Shown>, StoreError> {
        let mut prefix = place::streams(asked.account, &asked.group)?;
        if let Some(beginning) = beginning {
            // What can't begin a key begins no stream's name.
            let Ok(narrowed) = prefix.beginning(beginning) else { return Ok(Vec::new()) };
            prefix = narrowed;
        }
        let after = asked.after.as_ref().map(|(_, name)| place::stream(asked.account, &asked.group, name));
        let after = after.transpose()?;
        let read = if asked.descending {
            self.store.scan_reverse::<StreamRecord>(&prefix, after.as_ref(), asked.keep).await?
        } else {
            self.store.scan::<StreamRecord>(&prefix, after.as_ref(), asked.keep).await?
        };
        Ok(read.into_iter().map(|stored| (place::name(&stored.key).to_owned(), stored.value)).collect())
    }

    /// Streams stand in the store by slots of time, and are sorted here within each.
    async fn by_time(&self, asked: &Asked) -> Result<Vec<Shown>, StoreError> {
        let prefix = place::streams(asked.account, &asked.group)?;
        let mut beyond = asked.first_slot()?;
        let mut best: Vec<Shown> = Vec::new();
        loop {
            let read = if asked.descending {
                self.store.scan_reverse::<StreamByTime>(&prefix, beyond.as_ref(), READ).await?
            } else {
                self.store.scan::<StreamByTime>(&prefix, beyond.as_ref(), READ).await?
            };
            let last_slot = read.last().map(|last| place::slot(last.value.0.last_event));
            let ended = read.len() < READ;
            beyond = read.last().map(|last| last.key.clone());
            let shown = read.into_iter().map(|stored| (place::name(&stored.key).to_owned(), stored.value.0));
            best.extend(shown.filter(|shown| asked.comes(shown)));
            asked.sort(&mut best);
            let full = best.get(asked.keep - 1).map(|(_, stream)| place::slot(stream.last_event));
            if ended || (full.is_some() && full != last_slot) {
                return Ok(best);
            }
        }
    }

    fn show_stream(&self, (name, stream): &Shown, group: &str, context: &Context) -> LogStream {
        let resource = format!("log-group:{group}:log-stream:{name}");
        LogStream {
            log_stream_name: Some(name.clone()),
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

/// What is asked for.
struct Asked {
    account: AccountId,
    group: String,
    descending: bool,
    after: Option<Rank>,
    keep: usize,
}

impl Asked {
    /// Where to begin in the order of last events so that the slot of the last stream that was shown is read again.
    fn first_slot(&self) -> Result<Option<Key>, KeyError> {
        let Some((time, _)) = self.after else { return Ok(None) };
        let time = if self.descending { time.saturating_add(place::SLOT) } else { time };
        place::by_time(self.account, &self.group, time, "").map(Some)
    }

    /// Whether a stream comes after what was shown.
    fn comes(&self, shown: &Shown) -> bool {
        let rank = rank(shown);
        self.after.as_ref().is_none_or(|after| if self.descending { rank < *after } else { rank > *after })
    }

    fn sort(&self, streams: &mut Vec<Shown>) {
        streams.sort_by_cached_key(rank);
        if self.descending {
            streams.reverse();
        }
        streams.truncate(self.keep);
    }
}

fn rank((name, stream): &Shown) -> Rank {
    (stream.last_event, name.clone())
}

fn write_token((name, stream): &Shown) -> String {
    token::of_name(&format!("{} {name}", stream.last_event))
}

fn read_token(token: &str) -> Result<Rank, ServiceError> {
    let text = token::read_name(token)?;
    let (time, name) = text.split_once(' ').ok_or_else(messages::bad_token)?;
    Ok((time.parse().map_err(|_| messages::bad_token())?, name.to_owned()))
}
