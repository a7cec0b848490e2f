//! UpdateFunctionConfiguration.

use super::{configuration, create, edit, logging, refused, variables};
use crate::commit::{Committed, TRIES};
use crate::layers::{self, Chosen};
use crate::{Control, messages};
use api::lambda::{FunctionConfiguration, UpdateFunctionConfiguration, UpdateFunctionConfigurationRequest};
use api::{Handle, Request};
use store::Transaction;
use store::records::{FunctionRecord, VersionConfiguration};
use types::ServiceError;

impl Handle<UpdateFunctionConfiguration> for Control {
    async fn handle(
        &self,
        request: Request<UpdateFunctionConfigurationRequest>,
    ) -> Result<FunctionConfiguration, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = edit::to_change(&input.function_name, &context)?;
        refused::in_configuration_update(&input)?;
        for _ in 0..TRIES {
            let old = self.find_settled(&function).await?;
            edit::same_revision(input.revision_id.as_deref(), &old.value)?;
            let layers = self.layers_of_update(&input).await?;
            let configuration = self.changed(&old.value, &input, layers.as_ref())?;
            layers::fits(old.value.code.unzipped, &configuration.layers)?;
            if configuration.role != old.value.configuration.role {
                self.check_role(&configuration.role).await?;
            }
            let new = self.changed_now(FunctionRecord { configuration, ..old.value.clone() });
            let mut transaction = Transaction::new();
            layers.iter().for_each(|layers| layers.require_in(&mut transaction));
            if self.replace(&old, &new, transaction, &audit).await? == Committed::Done {
                if layers.is_some() {
                    // A layer version that was deleted may have been in use here for the last time.
                    self.garbage.left();
                }
                return Ok(configuration::show(self, &new, None));
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }
}

impl Control {
    /// `None` where the list stays as it is.
    async fn layers_of_update(
        &self,
        input: &UpdateFunctionConfigurationRequest,
    ) -> Result<Option<Chosen>, ServiceError> {
        match &input.layers {
            Some(arns) => self.choose_layers(arns).await.map(Some),
            None => Ok(None),
        }
    }

    /// What was sent takes the place of what was there; the rest stays.
    fn changed(
        &self,
        function: &FunctionRecord,
        input: &UpdateFunctionConfigurationRequest,
        layers: Option<&Chosen>,
    ) -> Result<VersionConfiguration, ServiceError> {
        let old = &function.configuration;
        let environment = input.environment.as_ref().map(|e| e.variables.clone().unwrap_or_default());
        environment.as_ref().map_or(Ok(()), variables::check)?;
        let storage = self.ephemeral_storage(input.ephemeral_storage.as_ref().map(|e| e.size))?;
        Ok(VersionConfiguration {
            runtime: input.runtime.as_ref().map_or(Ok(old.runtime.clone()), |name| self.installed(name))?,
            role: input.role.clone().unwrap_or_else(|| old.role.clone()),
            handler: create::without_nul(input.handler.as_ref().unwrap_or(&old.handler))?,
            description: input.description.clone().unwrap_or_else(|| old.description.clone()),
            timeout: create::timeout(input.timeout)?.unwrap_or(old.timeout),
            memory: create::memory(input.memory_size)?.unwrap_or(old.memory),
            ephemeral_storage_mb: storage.unwrap_or(old.ephemeral_storage_mb),
            variables: match environment {
                Some(variables) if variables.is_empty() => None,
                Some(variables) => Some(variables),
                None => old.variables.clone(),
            },
            layers: layers.map_or_else(|| old.layers.clone(), Chosen::uses),
            logging: logging::chosen(&old.logging, input.logging_config.as_ref(), &function.name)?,
        })
    }
}
