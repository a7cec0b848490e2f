//! Resource-based policies: who else may use a function, a layer version or a queue.

use super::padded;
use crate::{Key, KeyError, Prefix, Record};
use serde::{Deserialize, Serialize};
use types::{AccountId, FunctionName, QueueRef, RevisionId};

/// A policy, statement by statement in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// At least one: where the last one goes, the record goes.
    pub statements: Vec<PolicyStatement>,
    /// Changes with every change.
    pub revision: RevisionId,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStatement {
    /// Its name within the policy.
    pub sid: String,
    /// The statement as a JSON object, its Sid included.
    pub json: String,
}

impl PolicyRecord {
    /// The whole policy as JSON. Source: the answer of GetPolicy, where Id is `default`.
    pub fn document(&self) -> String {
        let statements: Vec<_> = self.statements.iter().map(|statement| statement.json.as_str()).collect();
        format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{}]}}"#, statements.join(","))
    }
}

/// The policy of a function, or of one of its versions or aliases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FunctionPolicyRecord(pub PolicyRecord);

impl FunctionPolicyRecord {
    /// Its place; no qualifier: of the function itself.
    ///
    /// # Errors
    /// Never in practice: no part can hold the separator.
    pub fn place(account: AccountId, name: &FunctionName, qualifier: Option<&str>) -> Result<Key, KeyError> {
        Key::of([account.as_str(), name.as_str(), qualifier.unwrap_or_default()])
    }

    /// Of all policies of a function, its versions and aliases.
    ///
    /// # Errors
    /// Never in practice: no part can hold the separator.
    pub fn all_of(account: AccountId, name: &FunctionName) -> Result<Prefix, KeyError> {
        Key::prefix([account.as_str(), name.as_str()])
    }
}

impl Record for FunctionPolicyRecord {
    const TABLE: &'static str = "function-policies";
    const VERSION: u16 = 1;
}

/// The policy of a layer version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerPolicyRecord(pub PolicyRecord);

impl LayerPolicyRecord {
    /// Its place: the layer version's.
    ///
    /// # Errors
    /// A layer's name with a control character, which the constraints of the API refuse.
    pub fn place(account: AccountId, layer: &str, number: u64) -> Result<Key, KeyError> {
        Key::of([account.as_str(), layer, &padded(number)])
    }
}

impl Record for LayerPolicyRecord {
    const TABLE: &'static str = "layer-policies";
    const VERSION: u16 = 1;
}

/// The policy of a queue of SQS, as its owner gave it: a document, not statements, since owners set it whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePolicyRecord {
    /// The JSON.
    pub document: String,
}

impl QueuePolicyRecord {
    /// Its place: the queue's.
    ///
    /// # Errors
    /// Never in practice: no part can hold the separator.
    pub fn place(queue: &QueueRef) -> Result<Key, KeyError> {
        Key::of([queue.account.as_str(), queue.name()])
    }
}

impl Record for QueuePolicyRecord {
    const TABLE: &'static str = "queue-policies";
    const VERSION: u16 = 1;
}
