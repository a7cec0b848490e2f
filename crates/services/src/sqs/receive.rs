//! ReceiveMessage: takes messages, waits for some where it is asked to, and moves those that were received too often to the
//! dead-letter queue.
//!
//! While a receiver waits nothing is held but its request: the wait ends after 20 seconds at most, and when the client goes
//! away. What was taken for a client that went away comes back when its visibility time-out is over, as for any other.

use super::handle::{self, Handle as Receipt};
use super::kept::{Kept, Moved};
use super::records::QueueRecord;
use super::selection::Selection;
use super::{Sqs, digest, messages};
use api::sqs::{Message, ReceiveMessage, ReceiveMessageRequest, ReceiveMessageResult};
use api::{Handle, Request};
use queue::{LaneName, LeaseToken, NewMessage, Outcome, TakeOptions, Taken};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use types::{QueueRef, ServiceError};

/// The least pause between two looks while something seems to be due that others hold back, as in a FIFO queue whose groups
/// are all taken.
const PAUSE: Duration = Duration::from_millis(100);

/// What a receiver asks for, within its limits.
struct Wanted {
    max: usize,
    visibility: Duration,
    wait: Duration,
    selection: Selection,
}

impl Handle<ReceiveMessage> for Sqs {
    async fn handle(
        &self,
        request: Request<ReceiveMessageRequest>,
    ) -> Result<ReceiveMessageResult, ServiceError> {
        let (queue, found) = self.find(&request.input.queue_url).await?;
        let wanted = Wanted::read(request.input, &queue, &found.value)?;
        let messages = self.receive(&queue, &found.value, &wanted).await?;
        Ok(ReceiveMessageResult { messages: Some(messages).filter(|messages| !messages.is_empty()) })
    }
}

impl Wanted {
    fn read(
        input: ReceiveMessageRequest,
        queue: &QueueRef,
        record: &QueueRecord,
    ) -> Result<Self, ServiceError> {
        if let Some(id) = &input.receive_request_attempt_id {
            return Err(match queue.is_fifo() {
                true => messages::attempt_id_not_built(),
                false => messages::not_for_this_type(id, "ReceiveRequestAttemptId"),
            });
        }
        let within = |value: Option<i64>, default: u32, most: i64| match value {
            None => Ok(u64::from(default)),
            Some(value) if (0..=most).contains(&value) => Ok(value.unsigned_abs()),
            Some(value) => Err(value),
        };
        let max = within(input.max_number_of_messages, 1, 10)
            .and_then(|max| if max == 0 { Err(0) } else { Ok(max) });
        let wait = within(input.wait_time_seconds, record.attributes.wait, 20);
        let visibility = within(input.visibility_timeout, record.attributes.visibility_timeout, 43_200);
        Ok(Self {
            max: usize::try_from(max.map_err(messages::bad_max_number)?).unwrap_or(1),
            wait: Duration::from_secs(wait.map_err(messages::bad_wait)?),
            visibility: Duration::from_secs(visibility.map_err(messages::bad_visibility)?),
            selection: Selection::of(
                input.attribute_names,
                input.message_system_attribute_names,
                input.message_attribute_names,
            )?,
        })
    }
}

impl Sqs {
    async fn receive(
        &self,
        queue: &QueueRef,
        record: &QueueRecord,
        wanted: &Wanted,
    ) -> Result<Vec<Message>, ServiceError> {
        let lane = Self::lane(queue, record)?;
        let end = Instant::now() + wanted.wait;
        loop {
            // Before the look, so that nothing that comes after it is missed.
            let mut arrivals = self.queue.arrivals(&lane);
            let taken = self.take(queue, record, &lane, wanted).await?;
            let now = Instant::now();
            if !taken.is_empty() || now >= end {
                return Ok(taken);
            }
            let due = self.queue.next_due(&lane).await.map_err(messages::failed)?;
            let due = due.map_or(wanted.wait, |due| {
                let ahead = due.millis().saturating_sub(self.clock.now().millis());
                Duration::from_millis(u64::try_from(ahead).unwrap_or(0)).min(wanted.wait)
            });
            let look_again = end.min(now + due.max(PAUSE));
            // Woken or not, it is time to look again.
            let _ = timeout_at(look_again, arrivals.changed()).await;
        }
    }

    /// What can be had at once.
    async fn take(
        &self,
        queue: &QueueRef,
        record: &QueueRecord,
        lane: &LaneName,
        wanted: &Wanted,
    ) -> Result<Vec<Message>, ServiceError> {
        let options = TakeOptions {
            max: wanted.max,
            lease_until: self.clock.now().plus(wanted.visibility),
            per_group: wanted.max,
        };
        let mut taken = self.queue.take(lane, options).await.map_err(messages::failed)?;
        if let Some(policy) = &record.attributes.redrive {
            let too_often: Vec<Taken> =
                taken.extract_if(.., |one| one.attempts > policy.max_receive_count).collect();
            if !too_often.is_empty() {
                let kept = self.bury(queue, record, too_often).await?;
                taken.extend(kept);
            }
        }
        taken.iter().map(|one| self.message(queue, record, one, &wanted.selection)).collect()
    }

    /// Moves messages to the dead-letter queue, each once: in one transaction it goes there and is gone here. Where there is no
    /// such queue any more they stay, and are received on.
    async fn bury(
        &self,
        source: &QueueRef,
        record: &QueueRecord,
        dead: Vec<Taken>,
    ) -> Result<Vec<Taken>, ServiceError> {
        let policy = record.attributes.redrive.as_ref();
        let target = policy.and_then(|policy| QueueRef::of_arn(&policy.dead_letter_target_arn, &self.region));
        let Some(target) = target else { return Ok(dead) };
        let Some(there) = self.look_up(&target).await? else { return Ok(dead) };
        let to = Self::lane(&target, &there.value)?;
        let retention = Duration::from_secs(there.value.attributes.retention.into());
        let mut moves: Vec<(LeaseToken, Outcome)> = Vec::new();
        for one in dead {
            let lease = one.lease;
            let message = self.dead_letter(source, record, one, retention)?;
            moves.push((lease, Outcome::Forward { to: to.clone(), messages: vec![message] }));
        }
        self.queue.settle(moves).await.map_err(messages::failed)?;
        Ok(Vec::new())
    }

    /// The message as it waits in the dead-letter queue. Source: "The expiration of a message is always based on its original
    /// enqueue timestamp" for standard queues; "when a message is moved to a dead-letter queue, the enqueue timestamp is reset"
    /// for FIFO queues (SQS developer guide, dead-letter queues).
    fn dead_letter(
        &self,
        source: &QueueRef,
        record: &QueueRecord,
        one: Taken,
        retention: Duration,
    ) -> Result<NewMessage, ServiceError> {
        let mut kept = Kept::read(&one.attributes).map_err(messages::failed)?;
        let (now, before) = (self.clock.now(), kept.moved.take());
        let sent = before.as_ref().map_or(one.enqueued, |moved| moved.sent);
        let id = before.as_ref().map(|moved| moved.id.clone());
        kept.moved = Some(Moved {
            id: id.unwrap_or_else(|| handle::message_id(record, one.lease.sequence)),
            sent,
            first_received: before.as_ref().map_or(one.first_taken, |moved| moved.first_received),
            receives: before.map_or(0, |moved| moved.receives).saturating_add(one.attempts),
            source: source.arn(&self.region),
        });
        let expires = if source.is_fifo() { now } else { sent }.plus(retention);
        Ok(NewMessage {
            body: one.body,
            attributes: kept.bytes().map_err(messages::failed)?,
            due: now,
            expires: Some(expires),
            group: one.group,
            deduplicate: None,
        })
    }

    fn message(
        &self,
        queue: &QueueRef,
        record: &QueueRecord,
        one: &Taken,
        selection: &Selection,
    ) -> Result<Message, ServiceError> {
        let kept = Kept::read(&one.attributes).map_err(messages::failed)?;
        let id = kept.moved.as_ref().map(|moved| moved.id.clone());
        let system = system_attributes(queue, one, &kept, selection);
        let own = kept.attributes.into_iter().filter(|(name, _)| selection.wants(name));
        let own: BTreeMap<_, _> = own.map(|(name, value)| (name, value.into())).collect();
        let body = String::from_utf8(one.body.to_vec()).map_err(messages::failed)?;
        Ok(Message {
            message_id: Some(id.unwrap_or_else(|| handle::message_id(record, one.lease.sequence))),
            receipt_handle: Some(Receipt { lease: one.lease, taken: self.clock.now() }.text(record)),
            md5_of_body: Some(digest::of_body(body.as_bytes())),
            body: Some(body),
            attributes: Some(system).filter(|system| !system.is_empty()),
            md5_of_message_attributes: digest::of_attributes(&own),
            message_attributes: Some(own).filter(|own| !own.is_empty()),
        })
    }
}

fn system_attributes(
    queue: &QueueRef,
    one: &Taken,
    kept: &Kept,
    selection: &Selection,
) -> BTreeMap<String, String> {
    let moved = kept.moved.as_ref();
    let receives = moved.map_or(0, |moved| moved.receives).saturating_add(one.attempts);
    let first = moved.map_or(one.first_taken, |moved| moved.first_received);
    let sent = moved.map_or(one.enqueued, |moved| moved.sent);
    let all = [
        ("SenderId", Some(kept.sender.clone())),
        ("SentTimestamp", Some(sent.millis().to_string())),
        ("ApproximateReceiveCount", Some(receives.to_string())),
        ("ApproximateFirstReceiveTimestamp", Some(first.millis().to_string())),
        ("SequenceNumber", queue.is_fifo().then(|| format!("{:020}", one.lease.sequence.0))),
        ("MessageGroupId", one.group.clone()),
        ("MessageDeduplicationId", kept.deduplication.clone()),
        ("AWSTraceHeader", kept.trace.clone()),
        ("DeadLetterQueueSourceArn", moved.map(|moved| moved.source.clone())),
    ];
    let asked = all.into_iter().filter(|(name, _)| selection.wants_system(name));
    asked.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
