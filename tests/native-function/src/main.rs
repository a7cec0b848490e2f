//! Answers with its event and with what its context says about the invocation.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if event.payload["fail"] == true {
        return Err("asked to fail".into());
    }
    Ok(json!({
        "echo": event.payload,
        "requestId": event.context.request_id,
        "function": event.context.env_config.function_name,
        "arn": event.context.invoked_function_arn,
    }))
}
