//! What a queue's owner sets: each attribute with its range, as text on the wire and typed in here.
//!
//! Source: API reference, CreateQueue and SetQueueAttributes. Invariant: nothing is accepted and ignored: an attribute that has
//! no effect is refused, unless its value is what holds anyway.

use super::messages;
use super::redrive::{RedriveAllowPolicy, RedrivePolicy};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use types::{QueueRef, ServiceError};

/// The longest message, and the default, in bytes. Source: "from 1,024 bytes (1 KiB) to 1,048,576 bytes (1 MiB)".
pub(super) const MESSAGE_BYTES: u32 = 1_048_576;

/// A queue's attributes but for its policy, which stands in a record of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attributes {
    /// In seconds.
    pub(super) visibility_timeout: u32,
    /// In bytes.
    pub(super) maximum_message_size: u32,
    /// In seconds.
    pub(super) retention: u32,
    /// In seconds.
    pub(super) delay: u32,
    /// In seconds.
    pub(super) wait: u32,
    pub(super) redrive: Option<RedrivePolicy>,
    pub(super) redrive_allow: Option<RedriveAllowPolicy>,
    pub(super) content_based_deduplication: bool,
    pub(super) deduplication_scope: Scope,
    pub(super) throughput_limit: Scope,
}

/// What something of a FIFO queue is about: the queue as a whole, or each group of messages by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Scope {
    Queue,
    Group,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            visibility_timeout: 30,
            maximum_message_size: MESSAGE_BYTES,
            retention: 345_600,
            delay: 0,
            wait: 0,
            redrive: None,
            redrive_allow: None,
            content_based_deduplication: false,
            deduplication_scope: Scope::Queue,
            throughput_limit: Scope::Queue,
        }
    }
}

/// The names that GetQueueAttributes knows and nobody sets.
const READ_ONLY: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];
/// The names that owners set and this file shows; `Policy` is the caller's to show.
const SHOWN: [&str; 12] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

/// Whether GetQueueAttributes knows the name.
pub(super) fn is_known(name: &str) -> bool {
    let others = ["All", "Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"];
    READ_ONLY.contains(&name) || SHOWN.contains(&name) || others.contains(&name)
}

impl Attributes {
    /// Sets one attribute of `queue`, from its text.
    pub(super) fn set(&mut self, queue: &QueueRef, name: &str, value: &str) -> Result<(), ServiceError> {
        let number = |range: RangeInclusive<u32>| number(name, value, range);
        match name {
            "VisibilityTimeout" => self.visibility_timeout = number(0..=43_200)?,
            "MaximumMessageSize" => self.maximum_message_size = number(1024..=MESSAGE_BYTES)?,
            "MessageRetentionPeriod" => self.retention = number(60..=1_209_600)?,
            "DelaySeconds" => self.delay = number(0..=900)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait = number(0..=20)?,
            "RedrivePolicy" => {
                self.redrive = given(value).map(RedrivePolicy::read).transpose()?;
            }
            "RedriveAllowPolicy" => {
                self.redrive_allow = given(value).map(RedriveAllowPolicy::read).transpose()?;
            }
            "FifoQueue" if truth(name, value)? != queue.is_fifo() => return Err(messages::type_is_fixed()),
            "FifoQueue" => {}
            "SqsManagedSseEnabled" if truth(name, value)? => {}
            "SqsManagedSseEnabled" => {
                return Err(messages::attribute_not_built("a queue without encryption", ""));
            }
            "KmsMasterKeyId" if value.is_empty() => {}
            "KmsDataKeyReusePeriodSeconds" if value == "300" => {}
            "KmsMasterKeyId" | "KmsDataKeyReusePeriodSeconds" => {
                return Err(messages::attribute_not_built(name, " under the platform's own key"));
            }
            _ => return self.set_fifo(queue, name, value),
        }
        Ok(())
    }

    fn set_fifo(&mut self, queue: &QueueRef, name: &str, value: &str) -> Result<(), ServiceError> {
        if !queue.is_fifo() {
            return Err(messages::unknown_attribute(name));
        }
        let scope = |queue: &str, group: &str| match value {
            value if value == queue => Ok(Scope::Queue),
            value if value == group => Ok(Scope::Group),
            _ => Err(messages::bad_attribute(name)),
        };
        match name {
            "ContentBasedDeduplication" => self.content_based_deduplication = truth(name, value)?,
            "DeduplicationScope" => self.deduplication_scope = scope("queue", "messageGroup")?,
            "FifoThroughputLimit" => self.throughput_limit = scope("perQueue", "perMessageGroupId")?,
            _ => return Err(messages::unknown_attribute(name)),
        }
        Ok(())
    }

    /// What must hold between attributes, once all are set.
    pub(super) fn check(&self) -> Result<(), ServiceError> {
        match (self.throughput_limit, self.deduplication_scope) {
            (Scope::Group, Scope::Queue) => Err(messages::throughput_needs_scope()),
            _ => Ok(()),
        }
    }

    /// One attribute's text; `None` where the queue has none of that name.
    pub(super) fn text(&self, queue: &QueueRef, name: &str) -> Option<String> {
        let of_fifo = |text: &str| queue.is_fifo().then(|| text.to_owned());
        let scope = |scope: Scope, queue, group| match scope {
            Scope::Queue => of_fifo(queue),
            Scope::Group => of_fifo(group),
        };
        match name {
            "VisibilityTimeout" => Some(self.visibility_timeout.to_string()),
            "MaximumMessageSize" => Some(self.maximum_message_size.to_string()),
            "MessageRetentionPeriod" => Some(self.retention.to_string()),
            "DelaySeconds" => Some(self.delay.to_string()),
            "ReceiveMessageWaitTimeSeconds" => Some(self.wait.to_string()),
            "RedrivePolicy" => self.redrive.as_ref().map(RedrivePolicy::text),
            "RedriveAllowPolicy" => self.redrive_allow.as_ref().map(RedriveAllowPolicy::text),
            "FifoQueue" => of_fifo("true"),
            "ContentBasedDeduplication" => of_fifo(&self.content_based_deduplication.to_string()),
            "DeduplicationScope" => scope(self.deduplication_scope, "queue", "messageGroup"),
            "FifoThroughputLimit" => scope(self.throughput_limit, "perQueue", "perMessageGroupId"),
            "SqsManagedSseEnabled" => Some("true".to_owned()),
            _ => None,
        }
    }

    /// All of them.
    pub(super) fn texts(&self, queue: &QueueRef) -> impl Iterator<Item = (&'static str, String)> {
        SHOWN.iter().filter_map(move |name| Some((*name, self.text(queue, name)?)))
    }
}

/// An empty text takes a policy away.
fn given(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.is_empty())
}

fn number(name: &str, value: &str, range: RangeInclusive<u32>) -> Result<u32, ServiceError> {
    let is_plain = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let number = value.parse().ok().filter(|number| is_plain && range.contains(number));
    number.ok_or_else(|| messages::bad_attribute(name))
}

fn truth(name: &str, value: &str) -> Result<bool, ServiceError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(messages::bad_attribute(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use types::AccountId;

    fn queue(name: &str) -> QueueRef {
        QueueRef::new(AccountId::FIRST, name).unwrap()
    }

    #[test]
    fn numbers_have_their_ranges() {
        for (name, least, most) in [
            ("VisibilityTimeout", 0, 43_200),
            ("MaximumMessageSize", 1024, 1_048_576),
            ("MessageRetentionPeriod", 60, 1_209_600),
            ("DelaySeconds", 0, 900),
            ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ] {
            let mut attributes = Attributes::default();
            for good in [least, most] {
                attributes.set(&queue("q"), name, &good.to_string()).unwrap();
                assert_eq!(attributes.text(&queue("q"), name), Some(good.to_string()));
            }
            for bad in [least - 1, most + 1] {
                let error = attributes.set(&queue("q"), name, &bad.to_string()).unwrap_err();
                assert_eq!(
                    error.to_string(),
                    format!("InvalidAttributeValue: Invalid value for the parameter {name}.")
                );
            }
            for bad in ["", "+1", " 1", "1.0", "99999999999", "x"] {
                assert!(attributes.set(&queue("q"), name, bad).is_err(), "{name} {bad}");
            }
        }
    }

    #[test]
    fn attributes_of_fifo_queues_are_unknown_to_others() {
        for (name, value) in [
            ("ContentBasedDeduplication", "true"),
            ("DeduplicationScope", "messageGroup"),
            ("FifoThroughputLimit", "perMessageGroupId"),
        ] {
            let mut attributes = Attributes::default();
            let error = attributes.set(&queue("q"), name, value).unwrap_err();
            assert_eq!(error.to_string(), format!("InvalidAttributeName: Unknown Attribute {name}."));
            attributes.set(&queue("q.fifo"), name, value).unwrap();
            assert_eq!(attributes.text(&queue("q.fifo"), name).as_deref(), Some(value));
            assert!(attributes.set(&queue("q.fifo"), name, "maybe").is_err());
        }
        let mut attributes = Attributes::default();
        attributes.set(&queue("q.fifo"), "FifoThroughputLimit", "perMessageGroupId").unwrap();
        assert!(attributes.check().is_err());
        attributes.set(&queue("q.fifo"), "DeduplicationScope", "messageGroup").unwrap();
        attributes.check().unwrap();
    }

    #[test]
    fn what_has_no_effect_is_refused_unless_it_is_so_anyway() {
        let set = |name: &str, value: &str| Attributes::default().set(&queue("q"), name, value);
        for (name, value) in [
            ("SqsManagedSseEnabled", "true"),
            ("KmsMasterKeyId", ""),
            ("KmsDataKeyReusePeriodSeconds", "300"),
            ("FifoQueue", "false"),
        ] {
            set(name, value).unwrap();
        }
        for (name, value) in [
            ("SqsManagedSseEnabled", "false"),
            ("KmsMasterKeyId", "alias/aws/sqs"),
            ("KmsDataKeyReusePeriodSeconds", "60"),
            ("FifoQueue", "true"),
            ("QueueArn", "x"),
            ("ApproximateNumberOfMessages", "1"),
            ("Nonsense", "1"),
        ] {
            assert!(set(name, value).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_set_again(
            visibility in 0_u32..=43_200, size in 1024..=MESSAGE_BYTES, delay in 0_u32..=900, content in any::<bool>(),
        ) {
            let queue = queue("q.fifo");
            let mut attributes = Attributes { visibility_timeout: visibility, maximum_message_size: size, delay, ..Attributes::default() };
            attributes.content_based_deduplication = content;
            let mut again = Attributes::default();
            for (name, text) in attributes.texts(&queue) {
                again.set(&queue, name, &text).unwrap();
            }
            prop_assert_eq!(again, attributes);
        }
    }
}
