//! From a function's record to what the worker is told.

use crate::messages;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use std::sync::Arc;
use store::records::FunctionRecord;
use telemetry::LogStream;
use types::{Arn, EnvironmentId, Random, Region, ServiceError, Timestamp, Version};
use worker::{Code, CodeId, EnvironmentSpec, Logging};

/// A fresh environment for this version.
pub(crate) fn environment(
    record: &FunctionRecord,
    region: &Region,
    random: &dyn Random,
    now: Timestamp,
) -> Result<EnvironmentSpec, ServiceError> {
    let id = EnvironmentId::generate(random);
    let configuration = &record.configuration;
    let resource = format!("function:{}", record.name);
    Ok(EnvironmentSpec {
        id,
        account: record.account,
        region: region.clone(),
        function_arn: Arn::regional("lambda", region, record.account, resource).to_string(),
        function_name: record.name.clone(),
        version: Version::Latest,
        runtime: configuration.runtime.clone(),
        handler: configuration.handler.clone(),
        memory: configuration.memory,
        timeout: configuration.timeout,
        ephemeral_storage_mb: configuration.ephemeral_storage_mb,
        variables: configuration.variables.iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect(),
        code: Code { id: code_id(&record.code.sha256)?, place: record.code.blob.to_string() },
        layers: Vec::new(),
        credentials: None,
        logging: Logging::default(),
        log: Arc::new(LogStream {
            account: record.account,
            region: region.clone(),
            group: record.name.log_group(),
            name: stream_name(Version::Latest, id, now),
        }),
    })
}

/// `YYYY/MM/DD/[VERSION]ID32`
fn stream_name(version: Version, id: EnvironmentId, now: Timestamp) -> String {
    let day = DateTime::from_timestamp_millis(now.millis()).unwrap_or_default().format("%Y/%m/%d");
    format!("{day}/[{version}]{id}")
}

fn code_id(sha256_base64: &str) -> Result<CodeId, ServiceError> {
    let digest = STANDARD.decode(sha256_base64).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    digest.map(CodeId::new).ok_or_else(|| messages::failed("a function's record holds no SHA-256"))
}
