//! CreateAlias.

use super::routing;
use super::show::{self, Named};
use crate::commit::{Committed, TRIES};
use crate::{Control, messages};
use api::lambda::{AliasConfiguration, CreateAlias, CreateAliasRequest};
use api::{Handle, Request};
use store::Transaction;
use store::records::AliasRecord;
use types::{FunctionRef, Qualifier, RevisionId, ServiceError};

impl Handle<CreateAlias> for Control {
    async fn handle(&self, request: Request<CreateAliasRequest>) -> Result<AliasConfiguration, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let Named { function, alias, name, key } = show::named(&input.function_name, input.name, &context)?;
        let version = routing::version(&function, &input.function_version)?;
        let weights = routing::weights(&function, input.routing_config.as_ref())?;
        for _ in 0..TRIES {
            let releases = self.releases(&function).await?;
            let record = AliasRecord {
                version,
                weights: weights.clone(),
                description: input.description.clone().unwrap_or_default(),
                revision: RevisionId::generate(&*self.parts.random),
            };
            // A name that is nothing's and a version that is not there are told alike.
            let asked = FunctionRef { qualifier: Some(Qualifier::Version(version)), ..function.clone() };
            let latest = self.find(&asked).await?;
            self.check_target(&function, &record).await?;
            let mut transaction = Transaction::new();
            releases.hold(&latest, &mut transaction);
            transaction.insert(&key, &record);
            if self.commit(transaction, &audit).await? == Committed::Done {
                return Ok(show::show(&alias, &name, &record));
            }
            if self.alias(&function, &name).await?.is_some() {
                return Err(messages::alias_exists(&alias.arn()));
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }
}
