//! RedrivePolicy and RedriveAllowPolicy: where a queue's failed messages go, and whose messages a queue takes.

use super::messages;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::{QueueRef, Region, ServiceError};

/// Source: "Valid values: 1 to 1,000" (SQS developer guide, configure a dead-letter queue).
const RECEIVES: std::ops::RangeInclusive<u64> = 1..=1000;
/// Source: "You can specify up to 10 source queue ARNs" (API reference, CreateQueue).
const SOURCES: usize = 10;

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedrivePolicy {
    pub(super) dead_letter_target_arn: String,
    /// A message that was received so often without being deleted is not received again.
    pub(super) max_receive_count: u32,
}

/// Which queues may have a queue for their dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedriveAllowPolicy {
    pub(super) redrive_permission: RedrivePermission,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) source_queue_arns: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum RedrivePermission {
    AllowAll,
    DenyAll,
    ByQueue,
}

impl RedrivePolicy {
    /// Reads what a client gave. The number may come as text, as the service's console once wrote it.
    pub(super) fn read(text: &str) -> Result<Self, ServiceError> {
        let refused = |reason: &str| messages::bad_redrive(text, reason);
        let Ok(Value::Object(given)) = serde_json::from_str(text) else {
            return Err(refused("Redrive policy is not a valid JSON map."));
        };
        let missing =
            |name| refused(&format!("Redrive policy does not contain mandatory attribute: {name}."));
        let target = given.get("deadLetterTargetArn").ok_or_else(|| missing("deadLetterTargetArn"))?;
        let count = given.get("maxReceiveCount").ok_or_else(|| missing("maxReceiveCount"))?;
        if given.len() > 2 {
            return Err(refused(
                "Only following attributes are allowed: deadLetterTargetArn, maxReceiveCount.",
            ));
        }
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok()).filter(|n| RECEIVES.contains(n));
        let count = count.and_then(|n| u32::try_from(n).ok());
        let max_receive_count =
            count.ok_or_else(|| refused("Invalid value for maxReceiveCount: must be between 1 and 1000."))?;
        let target =
            target.as_str().ok_or_else(|| refused("deadLetterTargetArn is not an ARN of a queue."))?;
        Ok(Self { dead_letter_target_arn: target.to_owned(), max_receive_count })
    }

    /// The target, as a queue of this region and of the account of `source`.
    pub(super) fn target(&self, source: &QueueRef, region: &Region) -> Result<QueueRef, ServiceError> {
        let refused = |reason: &str| messages::bad_redrive(&self.text(), reason);
        let target = QueueRef::of_arn(&self.dead_letter_target_arn, region)
            .ok_or_else(|| refused("deadLetterTargetArn is not an ARN of a queue of this region."))?;
        if target.account != source.account {
            return Err(refused("Dead letter target must belong to the account of the queue."));
        }
        if target.is_fifo() != source.is_fifo() {
            return Err(refused("Dead letter target must be of the same type as the queue."));
        }
        if target == *source {
            return Err(refused("Dead letter target must be another queue."));
        }
        Ok(target)
    }

    /// As GetQueueAttributes shows it.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl RedriveAllowPolicy {
    /// Reads what a client gave.
    pub(super) fn read(text: &str) -> Result<Self, ServiceError> {
        let refused = |reason: &str| messages::bad_redrive_allow(text, reason);
        let policy: Value = serde_json::from_str(text).map_err(|_| refused("It is not valid JSON."))?;
        let known = ["redrivePermission", "sourceQueueArns"];
        if !policy.as_object().is_some_and(|map| map.keys().all(|key| known.contains(&key.as_str()))) {
            return Err(refused("It is a JSON map of redrivePermission and sourceQueueArns."));
        }
        let policy: Self = serde_json::from_value(policy)
            .map_err(|_| refused("redrivePermission must be allowAll, denyAll or byQueue."))?;
        let by_queue = policy.redrive_permission == RedrivePermission::ByQueue;
        match policy.source_queue_arns.len() {
            0 if by_queue => Err(refused("byQueue needs sourceQueueArns.")),
            1.. if !by_queue => Err(refused("sourceQueueArns goes with byQueue only.")),
            count if count > SOURCES => Err(refused("Up to 10 sourceQueueArns can be given.")),
            _ => Ok(policy),
        }
    }

    /// Whether the queue of this ARN may send its dead letters here.
    pub(super) fn admits(&self, source: &str) -> bool {
        match self.redrive_permission {
            RedrivePermission::AllowAll => true,
            RedrivePermission::DenyAll => false,
            RedrivePermission::ByQueue => self.source_queue_arns.iter().any(|arn| arn == source),
        }
    }

    /// As GetQueueAttributes shows it.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::AccountId;

    const DEAD: &str = "arn:aws:sqs:us-east-1:000000000000:dead";

    #[test]
    fn a_redrive_policy_is_read_with_its_number_as_number_or_text() {
        for count in ["5", "\"5\""] {
            let text = format!(r#"{{"deadLetterTargetArn":"{DEAD}","maxReceiveCount":{count}}}"#);
            let policy = RedrivePolicy::read(&text).unwrap();
            assert_eq!(policy.text(), format!(r#"{{"deadLetterTargetArn":"{DEAD}","maxReceiveCount":5}}"#));
        }
    }

    #[test]
    fn what_is_no_redrive_policy_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"maxReceiveCount":5}"#,
            r#"{"deadLetterTargetArn":1,"maxReceiveCount":5}"#,
            r#"{"deadLetterTargetArn":"a","maxReceiveCount":0}"#,
            r#"{"deadLetterTargetArn":"a","maxReceiveCount":1001}"#,
            r#"{"deadLetterTargetArn":"a","maxReceiveCount":-1}"#,
            r#"{"deadLetterTargetArn":"a","maxReceiveCount":2,"more":1}"#,
        ] {
            let error = RedrivePolicy::read(text).unwrap_err();
            assert_eq!(error.code, "InvalidParameterValue", "{text}");
        }
    }

    #[test]
    fn a_target_is_another_queue_of_the_same_kind_and_account() {
        let region = Region::default();
        let source = QueueRef::new(AccountId::FIRST, "jobs").unwrap();
        let to =
            |target: &str| RedrivePolicy { dead_letter_target_arn: target.to_owned(), max_receive_count: 1 };
        assert_eq!(to(DEAD).target(&source, &region).unwrap().name(), "dead");
        for bad in [
            "dead",
            "arn:aws:sqs:us-east-1:000000000000:dead.fifo",
            "arn:aws:sqs:us-east-1:123456789012:dead",
            "arn:aws:sqs:eu-west-1:000000000000:dead",
            "arn:aws:sqs:us-east-1:000000000000:jobs",
        ] {
            assert!(to(bad).target(&source, &region).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_queue_says_whose_dead_letters_it_takes() {
        let by_queue = format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{DEAD}"]}}"#);
        for (text, admits) in [
            (r#"{"redrivePermission":"allowAll"}"#, [true, true]),
            (r#"{"redrivePermission":"denyAll"}"#, [false, false]),
            (&by_queue, [true, false]),
        ] {
            let policy = RedriveAllowPolicy::read(text).unwrap();
            assert_eq!([policy.admits(DEAD), policy.admits("other")], admits, "{text}");
            assert_eq!(policy.text(), text);
        }
        let many = format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":{:?}}}"#, vec!["a"; 11]);
        for text in [
            "",
            "{}",
            r#"{"redrivePermission":"some"}"#,
            r#"{"redrivePermission":"byQueue"}"#,
            r#"{"redrivePermission":"allowAll","sourceQueueArns":["a"]}"#,
            &many,
        ] {
            assert!(RedriveAllowPolicy::read(text).is_err(), "{text}");
        }
    }
}
