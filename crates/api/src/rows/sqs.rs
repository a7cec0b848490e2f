//! Rows of SQS.

use super::{Access, Check, Row, Subject};
use types::QueueRef;
use wire::Value;

pub(super) fn row(operation: &str) -> Option<&'static Row> {
    const fn read(checks: fn(&Subject<'_>) -> Vec<Check>) -> Row {
        Row::new(Access::Read, checks)
    }
    const fn write(checks: fn(&Subject<'_>) -> Vec<Check>) -> Row {
        Row::new(Access::Write, checks)
    }
    // Source of `within_account`: "Cross-account permissions don't apply to the following actions" (SQS developer guide).
    Some(match operation {
        "CreateQueue" => const { &write(create_queue).within_account() },
        "GetQueueUrl" => const { &read(get_queue_url) },
        "ListQueues" => const { &read(list_queues).within_account() },
        "GetQueueAttributes" => const { &read(|s| on_queue(s, "sqs:GetQueueAttributes")) },
        "SetQueueAttributes" => const { &write(|s| on_queue(s, "sqs:SetQueueAttributes")).within_account() },
        "DeleteQueue" => const { &write(|s| on_queue(s, "sqs:DeleteQueue")).within_account() },
        "TagQueue" => const { &write(|s| on_queue(s, "sqs:TagQueue")).within_account() },
        "UntagQueue" => const { &write(|s| on_queue(s, "sqs:UntagQueue")).within_account() },
        "ListQueueTags" => const { &read(|s| on_queue(s, "sqs:ListQueueTags")).within_account() },
        "AddPermission" => const { &write(|s| on_queue(s, "sqs:AddPermission")).within_account() },
        "RemovePermission" => const { &write(|s| on_queue(s, "sqs:RemovePermission")).within_account() },
        "ListDeadLetterSourceQueues" => const { &read(|s| on_queue(s, "sqs:ListDeadLetterSourceQueues")) },
        "PurgeQueue" => const { &write(|s| on_queue(s, "sqs:PurgeQueue")) },
        // Batches need the permission of the single operation. (Source: API reference, SendMessageBatch and its kin.)
        "SendMessage" | "SendMessageBatch" => {
            const { &write(|s| on_queue(s, "sqs:SendMessage")).data_event() }
        }
        "ReceiveMessage" => const { &write(|s| on_queue(s, "sqs:ReceiveMessage")).data_event() },
        "DeleteMessage" | "DeleteMessageBatch" => {
            const { &write(|s| on_queue(s, "sqs:DeleteMessage")).data_event() }
        }
        "ChangeMessageVisibility" | "ChangeMessageVisibilityBatch" => {
            const { &write(|s| on_queue(s, "sqs:ChangeMessageVisibility")).data_event() }
        }
        _ => return None,
    })
}

/// The queue of `QueueUrl`. A text that is no queue's URL is checked as a name in the caller's account, and names none.
fn on_queue(subject: &Subject<'_>, action: &'static str) -> Vec<Check> {
    let url = subject.text("QueueUrl");
    let resource = match QueueRef::of_url(url) {
        Some(queue) => queue.arn(subject.region),
        None => subject.regional("sqs", url.to_owned()),
    };
    vec![Check { action, resource }]
}

/// Tags of a new queue need the permission that tags of an old one need. (Source: SQS developer guide, "Add, update, and
/// remove tags": "you must have the sqs:CreateQueue and sqs:TagQueue permissions".)
fn create_queue(subject: &Subject<'_>) -> Vec<Check> {
    let resource = subject.regional("sqs", subject.text("QueueName").to_owned());
    let mut checks = vec![Check { action: "sqs:CreateQueue", resource: resource.clone() }];
    let tags = subject.input.get("tags").and_then(Value::as_map);
    if tags.is_some_and(|tags| tags.iter().next().is_some()) {
        checks.push(Check { action: "sqs:TagQueue", resource });
    }
    checks
}

/// The queue by its name, in the account that the caller says.
fn get_queue_url(subject: &Subject<'_>) -> Vec<Check> {
    let (name, owner) = (subject.text("QueueName"), subject.text("QueueOwnerAWSAccountId"));
    let resource = match owner.parse() {
        Ok(owner) => types::Arn::regional("sqs", subject.region, owner, name).to_string(),
        Err(_) => subject.regional("sqs", name.to_owned()),
    };
    vec![Check { action: "sqs:GetQueueUrl", resource }]
}

fn list_queues(_: &Subject<'_>) -> Vec<Check> {
    vec![Check { action: "sqs:ListQueues", resource: "*".to_owned() }]
}
