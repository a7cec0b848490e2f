//! From a version's record to what the worker is told.

use crate::messages;
use crate::plane::Settings;
use crate::targets::target::Target;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use std::sync::Arc;
use store::records::{CodeRecord, LogFormat, LogLevel, LoggingRecord};
use telemetry::LogStream;
use types::{Arn, EnvironmentId, Random, ServiceError, Timestamp, Version};
use worker::{Code, CodeId, EnvironmentSpec, Logging, RoleCredentials};

/// A fresh environment for this version.
pub(crate) fn environment(
    target: &Target,
    credentials: RoleCredentials,
    settings: &Settings,
    random: &dyn Random,
    now: Timestamp,
) -> Result<EnvironmentSpec, ServiceError> {
    let id = EnvironmentId::generate(random);
    let configuration = &target.configuration;
    let region = &settings.region;
    let resource = format!("function:{}", target.name);
    let function_arn = Arn::regional("lambda", region, target.account, resource).to_string();
    let egress = settings.egress.of(&function_arn, target.account, target.name.as_str());
    Ok(EnvironmentSpec {
        id,
        account: target.account,
        region: region.clone(),
        function_arn,
        function_name: target.name.clone(),
        version: target.version,
        runtime: configuration.runtime.clone(),
        handler: configuration.handler.clone(),
        memory: configuration.memory,
        timeout: configuration.timeout,
        ephemeral_storage_mb: configuration.ephemeral_storage_mb,
        variables: configuration.variables.iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect(),
        code: code(&target.code)?,
        layers: configuration.layers.iter().map(|layer| code(&layer.code)).collect::<Result<_, _>>()?,
        egress,
        credentials: Some(credentials),
        logging: logging(&configuration.logging),
        log: Arc::new(LogStream {
            account: target.account,
            region: region.clone(),
            group: configuration.logging.group.clone().unwrap_or_else(|| target.name.log_group()),
            name: stream_name(target.version, id, now),
        }),
    })
}

/// `YYYY/MM/DD/[VERSION]ID32`
fn stream_name(version: Version, id: EnvironmentId, now: Timestamp) -> String {
    let day = DateTime::from_timestamp_millis(now.millis()).unwrap_or_default().format("%Y/%m/%d");
    format!("{day}/[{version}]{id}")
}

fn code(record: &CodeRecord) -> Result<Code, ServiceError> {
    let digest = STANDARD.decode(&record.sha256).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let id = digest.map(CodeId::new).ok_or_else(|| messages::failed("a record holds no SHA-256"))?;
    Ok(Code { id, place: record.blob.to_string() })
}

fn logging(record: &LoggingRecord) -> Logging {
    let format = match record.format {
        LogFormat::Text => worker::LogFormat::Text,
        LogFormat::Json => worker::LogFormat::Json,
    };
    Logging {
        format,
        application_level: record.application_level.map(level),
        system_level: record.system_level.map(level),
    }
}

fn level(level: LogLevel) -> worker::LogLevel {
    match level {
        LogLevel::Trace => worker::LogLevel::Trace,
        LogLevel::Debug => worker::LogLevel::Debug,
        LogLevel::Info => worker::LogLevel::Info,
        LogLevel::Warn => worker::LogLevel::Warn,
        LogLevel::Error => worker::LogLevel::Error,
        LogLevel::Fatal => worker::LogLevel::Fatal,
    }
}
