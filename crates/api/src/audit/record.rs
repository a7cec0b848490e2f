//! What goes into a record, and how much of it.
//!
//! Invariant: a record is smaller than what the store takes in one value, whatever the caller sent; otherwise one
//! oversized call would keep the records of its neighbours from being written.

use crate::call::Call;
use serde_json::{Value, json};
use std::io::{self, Write};
use telemetry::audit::{Outcome, Record};
use types::{Random, RequestId};

/// Source: "requestParameters … has a maximum size of 100 KB" (CloudTrail, record contents).
const PARAMETERS_BYTES: usize = 100 << 10;
/// Source: "errorMessage … has a maximum size of 1 KB" (CloudTrail, record contents).
const MESSAGE_BYTES: usize = 1 << 10;
/// Source: "userAgent … has a maximum size of 1 KB"; our record keeps half of it.
const AGENT_BYTES: usize = 512;
/// An ARN has 2,048 characters at most (service authorization reference).
const RESOURCE_BYTES: usize = 2 << 10;
/// Access key ids have 128 characters at most (IAM API reference).
const KEY_ID_BYTES: usize = 128;

/// Who a call comes from, as far as that is known.
pub(crate) struct Origin<'a> {
    /// The ARN, or `anonymous`.
    pub(crate) principal: String,
    /// The account that the access key belongs to.
    pub(crate) account: &'a str,
    pub(crate) access_key_id: &'a str,
    /// Such as `lambda`.
    pub(crate) service: &'a str,
    pub(crate) operation: &'a str,
}

/// A record of this call that says who called what; the rest is the caller's to fill in.
pub(crate) fn origin(call: &Call, random: &dyn Random, origin: Origin<'_>) -> Record {
    Record {
        event_id: RequestId::generate(random).to_string(),
        event_time: call.now,
        event_source: format!("{}.amazonaws.com", origin.service),
        event_name: origin.operation.to_owned(),
        principal: origin.principal,
        account: origin.account.to_owned(),
        access_key_id: cut(origin.access_key_id, KEY_ID_BYTES).to_owned(),
        source_ip: call.peer.to_string(),
        user_agent: cut(call.header("user-agent").unwrap_or_default(), AGENT_BYTES).to_owned(),
        request_id: call.id.to_string(),
        read_only: false,
        request_parameters: Value::Null,
        resources: Vec::new(),
        outcome: Outcome::Succeeded,
    }
}

/// A resource as the record names it.
pub(crate) fn bounded_resource(resource: &str) -> String {
    cut(resource, RESOURCE_BYTES).to_owned()
}

/// An error's message as the record keeps it.
pub(crate) fn bounded_message(message: &str) -> String {
    cut(message, MESSAGE_BYTES).to_owned()
}

/// What a record says of a data event's input: which queue, and nothing of what was sent.
pub(crate) fn resource_of_data(input: &wire::Value) -> wire::Value {
    let queue = input.get("QueueUrl").map(|url| ("QueueUrl", url.clone()));
    wire::Value::Map(queue.into_iter().collect())
}

/// The parameters, or a mark that they were left out for their size.
pub(crate) fn bounded_parameters(parameters: Value) -> Value {
    let mut room = Room(PARAMETERS_BYTES);
    match serde_json::to_writer(&mut room, &parameters) {
        Ok(()) => parameters,
        Err(_) => json!({ "omitted": true }),
    }
}

/// Takes so many bytes and no more.
struct Room(usize);

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The text, at most `bytes` long, cut between characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_parameters_are_left_out_whole() {
        let small = json!({ "FunctionName": "echo" });
        assert_eq!(bounded_parameters(small.clone()), small);
        let large = json!({ "Description": "\u{1}".repeat(PARAMETERS_BYTES / 6) });
        assert_eq!(bounded_parameters(large), json!({ "omitted": true }));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(bounded_message(&"x".repeat(5000)).len(), MESSAGE_BYTES);
    }
}
