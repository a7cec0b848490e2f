//! GetAlias.

use super::show;
use crate::{Control, messages};
use api::lambda::{AliasConfiguration, GetAlias, GetAliasRequest};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<GetAlias> for Control {
    async fn handle(&self, request: Request<GetAliasRequest>) -> Result<AliasConfiguration, ServiceError> {
        let Request { input, context, .. } = request;
        let named = show::named(&input.function_name, input.name, &context)?;
        match self.alias(&named.function, &named.name).await? {
            Some(stored) => Ok(show::show(&named.alias, &named.name, &stored.value)),
            None => {
                self.require_function(&named.function).await?;
                Err(messages::no_alias(&named.alias.arn()))
            }
        }
    }
}
