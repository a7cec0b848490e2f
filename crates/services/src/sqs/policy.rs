//! A queue's policy: a document that its owner sets whole, or that AddPermission writes statement by statement.

use super::{Sqs, messages};
use auth::policy::parse_resource_policy;
use serde_json::{Map, Value, json};
use store::Stored;
use store::records::QueuePolicyRecord;
use types::{QueueRef, Region, ServiceError};

/// Source: quotas related to policies in the SQS developer guide: 8,192 bytes, 20 statements.
const BYTES: usize = 8192;
const STATEMENTS: usize = 20;

/// Whether a document can be a queue's policy; an empty one takes the policy away.
pub(super) fn check(document: &str) -> Result<(), ServiceError> {
    if document.is_empty() {
        return Ok(());
    }
    if document.len() > BYTES {
        return Err(messages::bad_policy(format_args!("A policy has at most {BYTES} bytes.")));
    }
    parse_resource_policy(document).map_err(messages::bad_policy)?;
    match Document::read(document)?.statements.len() {
        count if count > STATEMENTS => Err(messages::over_limit(count, "Statements", STATEMENTS)),
        _ => Ok(()),
    }
}

/// A policy taken apart into its statements; what else is in it stays as it was.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    rest: Map<String, Value>,
    statements: Vec<Value>,
}

impl Document {
    /// The one that the service begins with. Source: as quoted, what AddPermission makes.
    pub(super) fn new(queue: &QueueRef, region: &Region) -> Self {
        let id = format!("{}/SQSDefaultPolicy", queue.arn(region));
        let mut rest = Map::new();
        rest.insert("Version".to_owned(), json!("2012-10-17"));
        rest.insert("Id".to_owned(), json!(id));
        Self { rest, statements: Vec::new() }
    }

    /// Takes a document that was checked when it was set apart.
    pub(super) fn read(document: &str) -> Result<Self, ServiceError> {
        let mut rest: Map<String, Value> = serde_json::from_str(document).map_err(messages::failed)?;
        let statements = match rest.remove("Statement") {
            Some(Value::Array(statements)) => statements,
            one => one.into_iter().collect(),
        };
        Ok(Self { rest, statements })
    }

    fn has(&self, label: &str) -> bool {
        self.statements.iter().any(|statement| statement["Sid"] == label)
    }

    /// With one more statement.
    pub(super) fn add(&mut self, label: &str, mut statement: Value) -> Result<(), ServiceError> {
        if self.has(label) {
            return Err(messages::label_exists(label));
        }
        if self.statements.len() >= STATEMENTS {
            return Err(messages::over_limit(self.statements.len() + 1, "Statements", STATEMENTS));
        }
        statement["Sid"] = json!(label);
        self.statements.push(statement);
        Ok(())
    }

    /// Without one statement; the text is empty where none is left.
    pub(super) fn remove(&mut self, label: &str) -> Result<(), ServiceError> {
        if !self.has(label) {
            return Err(messages::no_such_label(label));
        }
        self.statements.retain(|statement| statement["Sid"] != label);
        Ok(())
    }

    /// The document, empty where it has no statement.
    pub(super) fn text(&self) -> String {
        if self.statements.is_empty() {
            return String::new();
        }
        let mut whole = self.rest.clone();
        whole.insert("Statement".to_owned(), Value::Array(self.statements.clone()));
        Value::Object(whole).to_string()
    }
}

impl Sqs {
    /// The queue's policy, if it has one.
    pub(super) async fn policy(
        &self,
        queue: &QueueRef,
    ) -> Result<Option<Stored<QueuePolicyRecord>>, ServiceError> {
        let key = QueuePolicyRecord::place(queue).map_err(messages::failed)?;
        self.store.get(&key).await.map_err(messages::failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"SQS:*","Resource":"*"}}"#;

    #[test]
    fn statements_come_and_go_and_the_rest_stays() {
        let mut document = Document::read(POLICY).unwrap();
        let statement =
            json!({ "Effect": "Allow", "Principal": "*", "Action": "SQS:SendMessage", "Resource": "*" });
        document.add("more", statement.clone()).unwrap();
        assert_eq!(
            document.add("more", statement).unwrap_err().message,
            "Value more for parameter Label is invalid. Reason: Already exists."
        );
        check(&document.text()).unwrap();
        assert_eq!(Document::read(&document.text()).unwrap(), document);
        document.remove("a b").unwrap();
        assert!(document.remove("a b").is_err());
        document.remove("more").unwrap();
        assert_eq!(document.text(), "");
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let long = POLICY.replace("a b", &"x".repeat(9000));
        for bad in ["{", "{}", "[]", &long, &POLICY.replace("\"Principal\":\"*\",", "")] {
            assert!(check(bad).is_err(), "{bad}");
        }
        check("").unwrap();
        check(POLICY).unwrap();
    }
}
