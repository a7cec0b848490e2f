//! Authorisation rows: for each built operation its action, whether it changes anything, and the resources that it
//! touches, read from the untyped input.
//!
//! Source: "Actions, resources, and condition keys" of each service in the service authorization reference.
//! Invariant: a name that can't be read is checked as it was sent; it never becomes a wider resource.

mod iam;
mod lambda;
mod logs;
mod sqs;
mod sts;

use auth::Principal;
use types::{AccountId, Arn, FunctionRef, LayerRef, LayerVersionRef, Region};
use wire::{Operation, Value};

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// One thing that must be permitted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// Such as `lambda:CreateFunction`.
    pub(crate) action: &'static str,
    /// An ARN, or `*` for operations without a resource.
    pub(crate) resource: String,
}

/// A condition key with a value.
pub(crate) type Key = (&'static str, String);

/// All that a call asks for.
#[derive(Default)]
pub(crate) struct Wanted {
    /// The first one is the operation's own action, the others are secondary ones.
    pub(crate) checks: Vec<Check>,
    /// What conditions can look at besides what every request has. A key may have several values.
    pub(crate) keys: Vec<Key>,
    /// What the answer shows more of to callers who may do this too.
    pub(crate) more: Option<Check>,
}

/// The row of one operation. The first check is the operation's own action, the others are secondary ones.
pub(crate) struct Row {
    pub(crate) access: Access,
    checks: fn(&Subject<'_>) -> Vec<Check>,
    keys: fn(&Subject<'_>) -> Vec<Key>,
    more: Option<fn(&Subject<'_>) -> Check>,
    /// Whether being somebody is enough: the checks are then not asked.
    pub(crate) open_to_callers: bool,
    /// Whether policies of resources let nobody in who is of another account.
    pub(crate) within_account: bool,
    /// Whether it is about data, and not about what holds the data: there may be many a second, one may wait for long, and
    /// what is sent is the customer's own. Only refusals and failures are recorded, and of the input only the resource.
    pub(crate) is_data_event: bool,
}

impl Row {
    const fn new(access: Access, checks: fn(&Subject<'_>) -> Vec<Check>) -> Self {
        Self {
            access,
            checks,
            keys: |_| Vec::new(),
            more: None,
            open_to_callers: false,
            within_account: false,
            is_data_event: false,
        }
    }

    /// The same row with condition keys of its own.
    const fn with_keys(self, keys: fn(&Subject<'_>) -> Vec<Key>) -> Self {
        Self { keys, ..self }
    }

    /// The same row of an operation whose answer shows more to callers who may do one thing more.
    const fn showing_more(self, more: fn(&Subject<'_>) -> Check) -> Self {
        Self { more: Some(more), ..self }
    }

    /// Being somebody is enough.
    const fn open_to_callers(self) -> Self {
        Self { open_to_callers: true, ..self }
    }

    /// Nobody of another account is let in by a policy of the resource.
    const fn within_account(self) -> Self {
        Self { within_account: true, ..self }
    }

    /// About data: see [`Row::is_data_event`].
    const fn data_event(self) -> Self {
        Self { is_data_event: true, ..self }
    }

    /// All that a call asks for.
    pub(crate) fn wanted(&self, subject: &Subject<'_>) -> Wanted {
        Wanted {
            checks: (self.checks)(subject),
            keys: (self.keys)(subject),
            more: self.more.map(|more| more(subject)),
        }
    }
}

/// What a row reads its resources from.
pub(crate) struct Subject<'a> {
    pub(crate) input: &'a Value,
    pub(crate) caller: &'a Principal,
    pub(crate) account: AccountId,
    pub(crate) region: &'a Region,
}

impl Subject<'_> {
    /// A text member as it was sent; empty when it is missing.
    fn text(&self, member: &str) -> &str {
        self.input.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// The ARN of the function that `member` names, with the qualifier where there is one.
    fn function(&self, member: &str) -> String {
        let (name, qualifier) = (self.text(member), self.text("Qualifier"));
        let qualifier = Some(qualifier).filter(|q| !q.is_empty());
        match FunctionRef::parse(name, qualifier, self.account, self.region) {
            Ok(function) => function.arn(),
            Err(_) => self.regional("lambda", format!("function:{name}")),
        }
    }

    /// The ARN of the layer that `member` names.
    fn layer(&self, member: &str) -> String {
        let name = self.text(member);
        match LayerRef::parse(name, self.account, self.region) {
            Ok(layer) => layer.arn(),
            Err(_) => self.regional("lambda", format!("layer:{name}")),
        }
    }

    /// The ARN of the version of a layer that two members name.
    fn layer_version(&self, layer: &str, number: &str) -> String {
        let number = match self.input.get(number) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        };
        format!("{}:{number}", self.layer(layer))
    }

    /// The ARN of a layer version as it was sent. A text that is no ARN is checked as a name in the caller's account, and
    /// fails its validation.
    fn layer_version_arn(&self, text: &str) -> String {
        match (text.parse::<LayerVersionRef>(), text.parse::<Arn>()) {
            (Ok(version), _) => version.arn(),
            (_, Ok(_)) => text.to_owned(),
            _ => self.regional("lambda", format!("layer:{text}")),
        }
    }

    /// The ARN of the function that `member` names, without a qualifier.
    fn whole_function(&self, member: &str) -> String {
        match FunctionRef::parse(self.text(member), None, self.account, self.region) {
            Ok(function) => function.unqualified_arn(),
            Err(_) => self.function(member),
        }
    }

    fn regional(&self, service: &str, resource: String) -> String {
        Arn::regional(service, self.region, self.account, resource).to_string()
    }

    /// An IAM resource of the caller's account: `KIND/PATHNAME`.
    fn identity(&self, kind: &str, path: &str, name: &str) -> String {
        let path = path.trim_start_matches('/');
        Arn::global("iam", self.account, format!("{kind}/{path}{name}")).to_string()
    }

    /// The ARN of an IAM resource as it was sent. A text that is no ARN is checked as a name in the caller's account, and
    /// fails its validation.
    fn identity_arn(&self, kind: &str, member: &str) -> String {
        let text = self.text(member);
        match text.parse::<Arn>() {
            Ok(_) => text.to_owned(),
            Err(_) => self.identity(kind, "", text),
        }
    }
}

/// The row of an operation; built operations have one.
pub(crate) fn row(operation: &Operation) -> Option<&'static Row> {
    match operation.service.name {
        "lambda" => lambda::row(operation.name),
        "iam" => iam::row(operation.name),
        "sts" => sts::row(operation.name),
        "logs" => logs::row(operation.name),
        "sqs" => sqs::row(operation.name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_built_operation_has_a_row() {
        let operations = wire::services().iter().flat_map(|service| service.operations);
        let unprotected = operations.filter(|operation| operation.built && super::row(operation).is_none());
        let names: Vec<_> = unprotected.map(|o| format!("{}:{}", o.service.name, o.name)).collect();
        assert_eq!(names, Vec::<String>::new());
    }
}
