//! Answers, at once or at a time that its event names, with its event and with what its context says about the invocation.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if event.payload["fail"] == true {
        return Err("asked to fail".into());
    }
    if let Some(until) = event.payload["until"].as_u64() {
        sleep_until(Duration::from_millis(until)).await;
    }
    Ok(json!({
        "echo": event.payload,
        "requestId": event.context.request_id,
        "function": event.context.env_config.function_name,
        "arn": event.context.invoked_function_arn,
    }))
}

/// Until so long after 1970.
async fn sleep_until(end: Duration) {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    tokio::time::sleep(end.saturating_sub(now)).await;
}
