//! UpdateAlias.

use super::routing;
use super::show::{self, Named};
use crate::commit::{Committed, TRIES};
use crate::functions::edit;
use crate::{Control, messages};
use api::lambda::{AliasConfiguration, UpdateAlias, UpdateAliasRequest};
use api::{Handle, Request};
use store::Transaction;
use store::records::AliasRecord;
use types::{FunctionRef, RevisionId, ServiceError};

impl Handle<UpdateAlias> for Control {
    /// What was sent takes the place of what was there; the rest stays. The RevisionId changes whatever was sent.
    async fn handle(&self, request: Request<UpdateAliasRequest>) -> Result<AliasConfiguration, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let Named { function, alias, name, key } =
            show::named(&input.function_name, input.name.clone(), &context)?;
        for _ in 0..TRIES {
            let releases = self.releases(&function).await?;
            let latest = self.find(&function).await?;
            let old = self.alias(&function, &name).await?;
            let old = old.ok_or_else(|| messages::no_alias_to_update(&alias.arn()))?;
            edit::is_current(input.revision_id.as_deref(), old.value.revision)?;
            let record = self.changed_alias(&function, &old.value, &input)?;
            self.check_target(&function, &record).await?;
            let mut transaction = Transaction::new();
            releases.hold(&latest, &mut transaction);
            transaction.replace(&key, &record, old.revision);
            if self.commit(transaction, &audit).await? == Committed::Done {
                return Ok(show::show(&alias, &name, &record));
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }
}

impl Control {
    fn changed_alias(
        &self,
        function: &FunctionRef,
        old: &AliasRecord,
        input: &UpdateAliasRequest,
    ) -> Result<AliasRecord, ServiceError> {
        let version = input.function_version.as_deref();
        let version = version.map(|version| routing::version(function, version)).transpose()?;
        let weights = match &input.routing_config {
            Some(config) => routing::weights(function, Some(config))?,
            None => old.weights.clone(),
        };
        Ok(AliasRecord {
            version: version.unwrap_or(old.version),
            weights,
            description: input.description.clone().unwrap_or_else(|| old.description.clone()),
            revision: RevisionId::generate(&*self.parts.random),
        })
    }
}
