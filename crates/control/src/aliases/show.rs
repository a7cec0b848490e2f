//! A stored alias, as the API shows it, and the function that a request about aliases names.

use crate::functions::edit;
use crate::{Control, messages};
use api::Context;
use api::lambda::{AliasConfiguration, AliasRoutingConfiguration};
use store::Key;
use store::records::AliasRecord;
use types::{FunctionRef, Qualifier, ServiceError};

/// The function without its alias, and the same with it.
pub(super) struct Named {
    pub(super) function: FunctionRef,
    pub(super) alias: FunctionRef,
    pub(super) name: String,
    pub(super) key: Key,
}

/// What a request means by FunctionName and Name.
pub(super) fn named(function: &str, name: String, context: &Context) -> Result<Named, ServiceError> {
    let function = edit::to_change(function, context)?;
    let key = AliasRecord::place(function.account, &function.name, &name).map_err(messages::failed)?;
    let alias = FunctionRef { qualifier: Some(Qualifier::Alias(name.clone())), ..function.clone() };
    Ok(Named { function, alias, name, key })
}

/// The alias of that name.
pub(super) fn show(alias: &FunctionRef, name: &str, record: &AliasRecord) -> AliasConfiguration {
    let weights = record.weights.iter().map(|(number, weight)| (number.to_string(), *weight));
    let routing = AliasRoutingConfiguration { additional_version_weights: Some(weights.collect()) };
    AliasConfiguration {
        alias_arn: Some(alias.arn()),
        name: Some(name.to_owned()),
        function_version: Some(record.version.to_string()),
        description: Some(record.description.clone()),
        routing_config: Some(routing).filter(|_| !record.weights.is_empty()),
        revision_id: Some(record.revision.to_string()),
    }
}

impl Control {
    /// Only where no function is there; the aliases' own state is another matter.
    pub(super) async fn require_function(&self, function: &FunctionRef) -> Result<(), ServiceError> {
        self.find(function).await.map(drop)
    }
}
