//! AddPermission: a statement of the queue's policy that lets other accounts in.

use super::policy::Document;
use super::records::QueueRecord;
use super::{Sqs, messages};
use crate::change::Plan;
use api::sqs::{AddPermission, AddPermissionRequest};
use api::{Handle, Request};
use serde_json::{Value, json};
use store::Transaction;
use store::records::QueuePolicyRecord;
use types::{AccountId, QueueRef, ServiceError};

/// Source: "An Amazon SQS policy can have a maximum of seven actions per statement" (API reference, AddPermission).
const ACTIONS: usize = 7;
/// Source: quotas related to policies: 50 principals.
const PRINCIPALS: usize = 50;
/// Source: the actions that an owner can share: those to which cross-account permissions apply (SQS developer guide).
const SHARED: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];

/// Those that stay with the owner.
const OWNERS: [&str; 12] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

impl Handle<AddPermission> for Sqs {
    async fn handle(&self, request: Request<AddPermissionRequest>) -> Result<(), ServiceError> {
        let input = &request.input;
        check_label(&input.label)?;
        self.change(&request.audit, || self.add_permission(input)).await
    }
}

impl Sqs {
    async fn add_permission(&self, input: &AddPermissionRequest) -> Plan<()> {
        let (queue, found) = self.find(&input.queue_url).await?;
        let statement = statement(input, &queue.arn(&self.region))?;
        let old = self.policy(&queue).await?;
        let mut document = match &old {
            Some(stored) => Document::read(&stored.value.document)?,
            None => Document::new(&queue, &self.region),
        };
        document.add(&input.label, statement)?;
        super::policy::check(&document.text())?;
        let mut transaction = Transaction::new();
        transaction.require::<QueueRecord>(&found.key, found.revision);
        write(&mut transaction, &queue, old.as_ref(), &document.text())?;
        Ok((transaction, ()))
    }
}

/// Writes the policy in place of the old one; an empty text takes it away.
pub(super) fn write(
    transaction: &mut Transaction,
    queue: &QueueRef,
    old: Option<&store::Stored<QueuePolicyRecord>>,
    text: &str,
) -> Result<(), ServiceError> {
    let key = QueuePolicyRecord::place(queue).map_err(messages::failed)?;
    let new = Some(text).filter(|text| !text.is_empty());
    let new = new.map(|text| QueuePolicyRecord { document: text.to_owned() });
    transaction.change(&key, old, new.as_ref());
    Ok(())
}

fn check_label(label: &str) -> Result<(), ServiceError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match (1..=80).contains(&label.len()) && label.bytes().all(fits) {
        true => Ok(()),
        false => Err(messages::bad_label(label)),
    }
}

/// Source of its form: as quoted.
fn statement(input: &AddPermissionRequest, queue: &str) -> Result<Value, ServiceError> {
    let (actions, accounts) = (&input.actions, &input.aws_account_ids);
    if actions.len() > ACTIONS {
        return Err(messages::over_limit(actions.len(), "Actions", ACTIONS));
    }
    if accounts.len() > PRINCIPALS {
        return Err(messages::over_limit(accounts.len(), "Principals", PRINCIPALS));
    }
    let actions = actions.iter().map(|name| action(name)).collect::<Result<Vec<_>, _>>()?;
    let accounts = accounts.iter().map(|id| account(id)).collect::<Result<Vec<_>, _>>()?;
    match (one_or_many(actions), one_or_many(accounts)) {
        (None, _) => Err(messages::missing("Actions")),
        (_, None) => Err(messages::missing("AWSAccountIds")),
        (Some(action), Some(principal)) => Ok(json!({
            "Sid": "", "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action, "Resource": queue,
        })),
    }
}

fn one_or_many(mut texts: Vec<String>) -> Option<Value> {
    match texts.len() {
        0 => None,
        1 => texts.pop().map(Value::String),
        _ => Some(json!(texts)),
    }
}

fn action(name: &str) -> Result<String, ServiceError> {
    match SHARED.contains(&name) {
        true => Ok(format!("SQS:{name}")),
        false if OWNERS.contains(&name) => Err(messages::owners_action(name)),
        false => Err(messages::unknown_action(name)),
    }
}

fn account(id: &str) -> Result<String, ServiceError> {
    let account: AccountId = id.parse().map_err(|_| messages::bad_account(id))?;
    Ok(format!("arn:aws:iam::{account}:root"))
}
