//! A stored function, as the API shows it.

use crate::account::signed;
use crate::{Control, lambda_time, messages};
use api::lambda::{
    EnvironmentResponse, EphemeralStorage, FunctionConfiguration, Layer, LoggingConfig, RuntimeVersionConfig,
    SnapStartResponse, TracingConfigResponse,
};
use store::records::{FunctionRecord, FunctionState, LayerUse, UpdateStatus};
use types::FunctionRef;

/// The names that identify a function in answers: the ARN carries the qualifier only where the caller sent one.
pub(super) fn arn(control: &Control, record: &FunctionRecord, asked: Option<&FunctionRef>) -> String {
    let function = FunctionRef {
        account: record.account,
        region: control.parts.region.clone(),
        name: record.name.clone(),
        qualifier: asked.and_then(|f| f.qualifier.clone()),
    };
    function.arn()
}

/// The configuration of `$LATEST`.
pub(super) fn show(
    control: &Control,
    record: &FunctionRecord,
    asked: Option<&FunctionRef>,
) -> FunctionConfiguration {
    let configuration = &record.configuration;
    let pending = record.state == FunctionState::Pending;
    let updating = record.last_update == UpdateStatus::InProgress;
    // Source: recorded on CreateFunction: null until the function is active.
    let last_update = match record.last_update {
        _ if pending => None,
        UpdateStatus::InProgress => Some("InProgress"),
        UpdateStatus::Successful => Some("Successful"),
    };
    FunctionConfiguration {
        function_name: Some(record.name.to_string()),
        function_arn: Some(arn(control, record, asked)),
        runtime: Some(configuration.runtime.to_string()),
        role: Some(configuration.role.clone()),
        handler: Some(configuration.handler.clone()),
        code_size: Some(signed(record.code.size)),
        description: Some(configuration.description.clone()),
        timeout: Some(i64::from(configuration.timeout.get())),
        memory_size: Some(i64::from(configuration.memory.get())),
        last_modified: Some(lambda_time::format(record.modified)),
        code_sha256: Some(record.code.sha256.clone()),
        version: Some("$LATEST".to_owned()),
        environment: configuration
            .variables
            .clone()
            .map(|variables| EnvironmentResponse { variables: Some(variables), error: None }),
        revision_id: Some(record.revision.to_string()),
        state: Some(if pending { "Pending" } else { "Active" }.to_owned()),
        state_reason: pending.then(|| "The function is being created.".to_owned()),
        state_reason_code: pending.then(|| "Creating".to_owned()),
        last_update_status: last_update.map(str::to_owned),
        last_update_status_reason: updating.then(|| "The function is being created.".to_owned()),
        last_update_status_reason_code: updating.then(|| "Creating".to_owned()),
        runtime_version_config: Some(RuntimeVersionConfig {
            runtime_version_arn: Some(configuration.runtime.version_arn(&control.parts.region)),
            error: None,
        }),
        layers: layers(&configuration.layers),
        ephemeral_storage: Some(EphemeralStorage { size: i64::from(configuration.ephemeral_storage_mb) }),
        logging_config: Some(LoggingConfig {
            log_format: Some("Text".to_owned()),
            log_group: Some(record.name.log_group()),
            ..LoggingConfig::default()
        }),
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
