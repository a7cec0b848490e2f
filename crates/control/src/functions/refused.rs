//! Parameters whose effect is not built. They are refused by name, unless the value is the one that turns them off or is
//! the service's default: tools send those as a matter of course.

use crate::messages;
use api::lambda::{
    CreateFunctionRequest, ImageConfig, SnapStart, TracingConfig, UpdateFunctionCodeRequest,
    UpdateFunctionConfigurationRequest, VpcConfig,
};
use types::ServiceError;

/// One parameter and whether its value would need something that is not built.
type Need = (&'static str, bool);

pub(super) fn in_create(input: &CreateFunctionRequest) -> Result<(), ServiceError> {
    architectures(input.architectures.as_deref())?;
    first_needed(&[
        ("PublishTo", input.publish_to.is_some()),
        ("VpcConfig", input.vpc_config.as_ref().is_some_and(vpc)),
        ("PackageType", input.package_type.as_deref().is_some_and(|p| p != "Zip")),
        (
            "DeadLetterConfig",
            input.dead_letter_config.as_ref().is_some_and(|d| filled(d.target_arn.as_deref())),
        ),
        ("KMSKeyArn", filled(input.kms_key_arn.as_deref())),
        ("TracingConfig", input.tracing_config.as_ref().is_some_and(tracing)),
        ("FileSystemConfigs", input.file_system_configs.as_ref().is_some_and(|f| !f.is_empty())),
        ("CodeSigningConfigArn", filled(input.code_signing_config_arn.as_deref())),
        ("ImageConfig", input.image_config.as_ref().is_some_and(image)),
        ("SnapStart", input.snap_start.as_ref().is_some_and(snap_start)),
        ("TenancyConfig", input.tenancy_config.is_some()),
        ("CapacityProviderConfig", input.capacity_provider_config.is_some()),
        ("DurableConfig", input.durable_config.is_some()),
        ("RuntimeConfig", input.runtime_config.is_some()),
        ("AcceleratorConfig", input.accelerator_config.is_some()),
    ])
}

pub(super) fn in_configuration_update(
    input: &UpdateFunctionConfigurationRequest,
) -> Result<(), ServiceError> {
    first_needed(&[
        ("VpcConfig", input.vpc_config.as_ref().is_some_and(vpc)),
        (
            "DeadLetterConfig",
            input.dead_letter_config.as_ref().is_some_and(|d| filled(d.target_arn.as_deref())),
        ),
        ("KMSKeyArn", filled(input.kms_key_arn.as_deref())),
        ("TracingConfig", input.tracing_config.as_ref().is_some_and(tracing)),
        ("FileSystemConfigs", input.file_system_configs.as_ref().is_some_and(|f| !f.is_empty())),
        ("ImageConfig", input.image_config.as_ref().is_some_and(image)),
        ("SnapStart", input.snap_start.as_ref().is_some_and(snap_start)),
        ("CapacityProviderConfig", input.capacity_provider_config.is_some()),
        ("DurableConfig", input.durable_config.is_some()),
        ("RuntimeConfig", input.runtime_config.is_some()),
        ("AcceleratorConfig", input.accelerator_config.is_some()),
    ])
}

pub(super) fn in_code_update(input: &UpdateFunctionCodeRequest) -> Result<(), ServiceError> {
    architectures(input.architectures.as_deref())?;
    first_needed(&[("PublishTo", input.publish_to.is_some())])
}

fn first_needed(needs: &[Need]) -> Result<(), ServiceError> {
    match needs.iter().find(|(_, needed)| *needed) {
        Some((parameter, _)) => Err(messages::not_built(parameter)),
        None => Ok(()),
    }
}

fn architectures(asked: Option<&[String]>) -> Result<(), ServiceError> {
    let other = asked.unwrap_or_default().iter().find(|a| *a != messages::host_architecture());
    other.map_or(Ok(()), |other| Err(messages::other_architecture(other)))
}

fn filled(text: Option<&str>) -> bool {
    text.is_some_and(|t| !t.is_empty())
}

/// An empty VpcConfig means "not in a network of the customer's".
fn vpc(config: &VpcConfig) -> bool {
    config.subnet_ids.as_ref().is_some_and(|s| !s.is_empty())
        || config.security_group_ids.as_ref().is_some_and(|s| !s.is_empty())
        || config.ipv6_allowed_for_dual_stack == Some(true)
}

/// An empty ImageConfig overrides nothing of an image.
fn image(config: &ImageConfig) -> bool {
    config.entry_point.as_ref().is_some_and(|e| !e.is_empty())
        || config.command.as_ref().is_some_and(|c| !c.is_empty())
        || filled(config.working_directory.as_deref())
}

fn tracing(config: &TracingConfig) -> bool {
    config.mode.as_deref().is_some_and(|mode| mode != "PassThrough")
}

fn snap_start(config: &SnapStart) -> bool {
    config.apply_on.as_deref().is_some_and(|on| on != "None")
}
