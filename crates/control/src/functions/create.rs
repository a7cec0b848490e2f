//! CreateFunction.

use super::edit::Publish;
use super::package::{Checked, CodeSource};
use super::{configuration, edit, logging, package, refused, variables};
use crate::commit::{Committed, TRIES};
use crate::layers::{self, Chosen};
use crate::usage::AccountUsage;
use crate::{Control, messages, tags};
use api::lambda::{CreateFunction, CreateFunctionRequest, FunctionConfiguration};
use api::{AuditEntry, Handle, Request};
use store::records::{
    CodeRecord, FunctionRecord, FunctionState, LoggingRecord, ReleasesRecord, TagsRecord, UpdateStatus,
    VersionConfiguration,
};
use store::{Record, StoreError, Transaction};
use types::{
    FunctionName, FunctionRef, MemoryMb, RevisionId, RuntimeName, ServiceError, TimeoutSeconds, limits,
};

impl Handle<CreateFunction> for Control {
    /// Reads every entry of the package and applies every limit before it answers; the package is durable before the
    /// record that refers to it.
    async fn handle(
        &self,
        request: Request<CreateFunctionRequest>,
    ) -> Result<FunctionConfiguration, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = edit::to_change(&input.function_name, &context)?;
        refused::in_create(&input)?;
        self.refuse_existing(&function).await?;
        let layers = self.choose_layers(input.layers.as_deref().unwrap_or_default()).await?;
        let configuration = self.configuration_of(&input, &function.name, &layers)?;
        let tags = TagsRecord { tags: input.tags.clone().unwrap_or_default() };
        tags::check_new(&tags.tags)?;
        self.check_role(&configuration.role).await?;
        let code = &input.code;
        let zip = package::zip(&CodeSource {
            zip: code.zip_file.as_ref(),
            s3_bucket: code.s3_bucket.is_some()
                || code.s3_key.is_some()
                || code.s3_object_version.is_some()
                || code.s3_object_storage_mode.is_some(),
            image: code.image_uri.is_some(),
            source_key: code.source_kms_key_arn.as_ref().is_some_and(|k| !k.is_empty()),
        })?;
        let checked = self.check_package(zip).await?;
        layers::fits(checked.unzipped, &configuration.layers)?;
        let publish = Publish::asked(input.publish);
        let new = New { function, configuration, layers, tags, publish };
        let control = self.clone();
        edit::to_the_end(async move {
            let created = control.create(new, checked, audit).await;
            created.inspect_err(|_| control.garbage.left())
        })
        .await
    }
}

/// A function that is about to be there.
struct New {
    function: FunctionRef,
    configuration: VersionConfiguration,
    layers: Chosen,
    tags: TagsRecord,
    publish: Publish,
}

impl Control {
    /// Stores the package, the function and what the account uses.
    async fn create(
        &self,
        new: New,
        checked: Checked,
        audit: AuditEntry,
    ) -> Result<FunctionConfiguration, ServiceError> {
        let reserved = AccountUsage { functions: 1, code_bytes: checked.size() };
        let reservation =
            self.usage.reserve(new.function.account, reserved).ok_or_else(messages::code_storage_exceeded)?;
        for _ in 0..TRIES {
            let (code, package) = self.keep(&checked).await?;
            let record = self.record(&new.function, new.configuration.clone(), code);
            let mut transaction = Transaction::new();
            transaction.hold(package);
            let publication = match new.publish {
                Publish::Yes => Some(self.publish_in(&new.function, &record, &mut transaction).await?),
                Publish::No => None,
            };
            if self.insert(&record, &new, transaction, &audit).await? == Committed::Done {
                reservation.keep();
                let mut shown = configuration::show(self, &record, None);
                if let Some(publication) = publication {
                    // Source: recorded on CreateFunction with Publish: the number, and the ARN without it.
                    shown.version = Some(publication.keep().number.to_string());
                }
                return Ok(shown);
            }
        }
        Err(messages::update_in_progress(&new.function.unqualified_arn()))
    }

    /// Finds out early, so that a large package is not checked for nothing; the transaction decides.
    async fn refuse_existing(&self, function: &FunctionRef) -> Result<(), ServiceError> {
        let key = edit::place(function.account, &function.name)?;
        let found = self.parts.store.get::<FunctionRecord>(&key).await.map_err(messages::failed)?;
        found.map_or(Ok(()), |_| Err(messages::function_exists(function.name.as_str())))
    }

    fn configuration_of(
        &self,
        input: &CreateFunctionRequest,
        name: &FunctionName,
        layers: &Chosen,
    ) -> Result<VersionConfiguration, ServiceError> {
        let (Some(runtime), Some(handler)) = (&input.runtime, &input.handler) else {
            return Err(messages::missing_for_zip());
        };
        let environment = input.environment.as_ref().and_then(|e| e.variables.clone());
        environment.as_ref().map_or(Ok(()), variables::check)?;
        Ok(VersionConfiguration {
            runtime: self.installed(runtime)?,
            role: input.role.clone(),
            handler: without_nul(handler)?,
            description: input.description.clone().unwrap_or_default(),
            timeout: timeout(input.timeout)?.unwrap_or_default(),
            memory: memory(input.memory_size)?.unwrap_or_default(),
            ephemeral_storage_mb: self
                .ephemeral_storage(input.ephemeral_storage.as_ref().map(|e| e.size))?
                .unwrap_or(*limits::EPHEMERAL_STORAGE_MB.start()),
            variables: environment,
            layers: layers.uses(),
            logging: logging::chosen(&LoggingRecord::default(), input.logging_config.as_ref(), name)?,
        })
    }

    /// The runtime of that name, if this installation has it.
    pub(super) fn installed(&self, name: &str) -> Result<RuntimeName, ServiceError> {
        let found = self.parts.runtimes.iter().find(|runtime| runtime.as_str() == name);
        found.cloned().ok_or_else(|| messages::unknown_runtime(name, &self.parts.runtimes))
    }

    pub(super) fn ephemeral_storage(&self, size_mb: Option<i64>) -> Result<Option<u32>, ServiceError> {
        let limit = self.parts.max_ephemeral_storage_mb;
        match size_mb.map(u32::try_from) {
            None => Ok(None),
            Some(Ok(mb)) if mb <= limit => Ok(Some(mb)),
            Some(_) => Err(messages::ephemeral_storage_above(limit)),
        }
    }

    fn record(
        &self,
        function: &FunctionRef,
        configuration: VersionConfiguration,
        code: CodeRecord,
    ) -> FunctionRecord {
        FunctionRecord {
            account: function.account,
            name: function.name.clone(),
            configuration,
            code,
            revision: RevisionId::generate(&*self.parts.random),
            modified: self.parts.clock.now(),
            state: FunctionState::Pending,
            last_update: UpdateStatus::Successful,
        }
    }

    async fn insert(
        &self,
        record: &FunctionRecord,
        new: &New,
        mut transaction: Transaction,
        audit: &AuditEntry,
    ) -> Result<Committed, ServiceError> {
        let key = edit::place(record.account, &record.name)?;
        transaction.insert(&key, record);
        new.layers.require_in(&mut transaction);
        if !new.tags.tags.is_empty() {
            let place = TagsRecord::place(record.account, &record.name).map_err(messages::failed)?;
            transaction.put(&place, &new.tags);
        }
        audit.succeed_in(&mut transaction);
        match self.parts.store.commit(transaction).await {
            Ok(_) => Ok(Committed::Done),
            Err(StoreError::Conflict { table: ReleasesRecord::TABLE, .. }) => {
                Ok(Committed::SomebodyWasFaster)
            }
            Err(StoreError::Conflict { table: FunctionRecord::TABLE, .. }) => {
                Err(messages::function_exists(record.name.as_str()))
            }
            Err(error) => Err(new.layers.gone(error)),
        }
    }
}

/// The handler, which becomes a variable of the runtime's process: the model's pattern lets a NUL pass, no process does.
pub(super) fn without_nul(handler: &str) -> Result<String, ServiceError> {
    if handler.contains('\0') { Err(messages::handler_with_nul()) } else { Ok(handler.to_owned()) }
}

/// Timeout, whose range the constraints of the API have checked.
pub(super) fn timeout(seconds: Option<i64>) -> Result<Option<TimeoutSeconds>, ServiceError> {
    let range = |s: i64| u32::try_from(s).ok().and_then(|s| TimeoutSeconds::try_from(s).ok());
    seconds.map(|s| range(s).ok_or_else(|| messages::out_of_range("Timeout"))).transpose()
}

/// MemorySize, whose range the constraints of the API have checked.
pub(super) fn memory(mb: Option<i64>) -> Result<Option<MemoryMb>, ServiceError> {
    let range = |m: i64| u32::try_from(m).ok().and_then(|m| MemoryMb::try_from(m).ok());
    mb.map(|m| range(m).ok_or_else(|| messages::out_of_range("MemorySize"))).transpose()
}
