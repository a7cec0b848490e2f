//! A stored function, as the API shows it.

use super::logging;
use crate::account::signed;
use crate::{Control, lambda_time, messages};
use api::lambda::{
    EnvironmentResponse, EphemeralStorage, FunctionConfiguration, Layer, RuntimeVersionConfig,
    SnapStartResponse, TracingConfigResponse,
};
use store::records::{
    CodeRecord, FunctionRecord, FunctionState, LayerUse, UpdateStatus, VersionConfiguration, VersionRecord,
};
use types::{AccountId, FunctionName, FunctionRef, Qualifier, RevisionId, Timestamp, Version};

/// What there is to show of `$LATEST` or of a published version.
#[derive(Clone, Copy)]
pub(crate) struct View<'r> {
    account: AccountId,
    name: &'r FunctionName,
    version: Version,
    configuration: &'r VersionConfiguration,
    pub(crate) code: &'r CodeRecord,
    revision: RevisionId,
    modified: Timestamp,
    state: FunctionState,
    last_update: UpdateStatus,
}

impl<'r> From<&'r FunctionRecord> for View<'r> {
    fn from(record: &'r FunctionRecord) -> Self {
        Self {
            account: record.account,
            name: &record.name,
            version: Version::Latest,
            configuration: &record.configuration,
            code: &record.code,
            revision: record.revision,
            modified: record.modified,
            state: record.state,
            last_update: record.last_update,
        }
    }
}

impl<'r> From<&'r VersionRecord> for View<'r> {
    /// A version can be invoked as soon as it is there.
    fn from(record: &'r VersionRecord) -> Self {
        Self {
            account: record.account,
            name: &record.name,
            version: Version::Number(record.number),
            configuration: &record.configuration,
            code: &record.code,
            revision: record.revision,
            modified: record.modified,
            state: FunctionState::Active,
            last_update: UpdateStatus::Successful,
        }
    }
}

/// The ARN in answers: it carries a qualifier only where the caller sent one.
fn arn(control: &Control, record: View<'_>, qualifier: Option<Qualifier>) -> String {
    let function = FunctionRef {
        account: record.account,
        region: control.parts.region.clone(),
        name: record.name.clone(),
        qualifier,
    };
    function.arn()
}

/// The configuration of one version, as an entry of a list whose ARNs name their versions.
///
/// Source: "The ListFunctions operation returns a subset of the FunctionConfiguration fields. To get the additional
/// fields (State, StateReasonCode, StateReason, LastUpdateStatus, LastUpdateStatusReason, LastUpdateStatusReasonCode,
/// RuntimeVersionConfig) for a function or version, use GetFunction." ListVersionsByFunction is recorded to leave out
/// the same.
pub(crate) fn listed<'r>(
    control: &Control,
    record: impl Into<View<'r>>,
    qualified: Qualified,
) -> FunctionConfiguration {
    let record = record.into();
    let mut shown = show(control, record, None);
    if qualified == Qualified::Yes {
        shown.function_arn = Some(arn(control, record, Some(Qualifier::Version(record.version))));
    }
    shown.state = None;
    shown.state_reason = None;
    shown.state_reason_code = None;
    shown.last_update_status = None;
    shown.last_update_status_reason = None;
    shown.last_update_status_reason_code = None;
    shown.runtime_version_config = None;
    shown
}

/// Whether the ARNs of a list name the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Qualified {
    Yes,
    No,
}

/// A version that was just published.
pub(crate) fn published(control: &Control, record: &VersionRecord) -> FunctionConfiguration {
    let mut shown = show(control, record, None);
    let qualifier = Qualifier::Version(Version::Number(record.number));
    shown.function_arn = Some(arn(control, record.into(), Some(qualifier)));
    shown
}

/// The configuration of one version.
pub(crate) fn show<'r>(
    control: &Control,
    record: impl Into<View<'r>>,
    asked: Option<&FunctionRef>,
) -> FunctionConfiguration {
    let record = record.into();
    let configuration = record.configuration;
    FunctionConfiguration {
        function_name: Some(record.name.to_string()),
        function_arn: Some(arn(control, record, asked.and_then(|f| f.qualifier.clone()))),
        runtime: Some(configuration.runtime.to_string()),
        role: Some(configuration.role.clone()),
        handler: Some(configuration.handler.clone()),
        code_size: Some(signed(record.code.size)),
        description: Some(configuration.description.clone()),
        timeout: Some(i64::from(configuration.timeout.get())),
        memory_size: Some(i64::from(configuration.memory.get())),
        last_modified: Some(lambda_time::format(record.modified)),
        code_sha256: Some(record.code.sha256.clone()),
        version: Some(record.version.to_string()),
        environment: configuration
            .variables
            .clone()
            .map(|variables| EnvironmentResponse { variables: Some(variables), error: None }),
        revision_id: Some(record.revision.to_string()),
        runtime_version_config: Some(RuntimeVersionConfig {
            runtime_version_arn: Some(configuration.runtime.version_arn(&control.parts.region)),
            error: None,
        }),
        layers: layers(&configuration.layers),
        ephemeral_storage: Some(EphemeralStorage { size: i64::from(configuration.ephemeral_storage_mb) }),
        logging_config: Some(logging::show(&configuration.logging, record.name)),
        ..status(record)
    }
}

/// Whether the version can be invoked, and what became of the last change.
fn status(record: View<'_>) -> FunctionConfiguration {
    let pending = record.state == FunctionState::Pending;
    let updating = record.last_update == UpdateStatus::InProgress;
    // Source: recorded on CreateFunction: null until the function is active.
    let last_update = match record.last_update {
        _ if pending => None,
        UpdateStatus::InProgress => Some("InProgress"),
        UpdateStatus::Successful => Some("Successful"),
    };
    FunctionConfiguration {
        state: Some(if pending { "Pending" } else { "Active" }.to_owned()),
        state_reason: pending.then(|| "The function is being created.".to_owned()),
        state_reason_code: pending.then(|| "Creating".to_owned()),
        last_update_status: last_update.map(str::to_owned),
        last_update_status_reason: updating.then(|| "The function is being created.".to_owned()),
        last_update_status_reason_code: updating.then(|| "Creating".to_owned()),
        ..same_for_all()
    }
}

/// The layers in their order; a function without any has no such member.
fn layers(uses: &[LayerUse]) -> Option<Vec<Layer>> {
    let show = |layer: &LayerUse| Layer {
        arn: Some(layer.arn.clone()),
        code_size: Some(signed(layer.code.size)),
        ..Layer::default()
    };
    Some(uses.iter().map(show).collect()).filter(|shown: &Vec<Layer>| !shown.is_empty())
}

/// What can't be chosen yet, and so is the service's default for every function.
fn same_for_all() -> FunctionConfiguration {
    FunctionConfiguration {
        tracing_config: Some(TracingConfigResponse { mode: Some("PassThrough".to_owned()) }),
        package_type: Some("Zip".to_owned()),
        architectures: Some(vec![messages::host_architecture().to_owned()]),
        snap_start: Some(SnapStartResponse {
            apply_on: Some("None".to_owned()),
            optimization_status: Some("Off".to_owned()),
        }),
        ..FunctionConfiguration::default()
    }
}
