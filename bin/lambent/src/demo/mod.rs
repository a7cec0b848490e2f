//! `serve --demo`: deploys the sample functions as any client would, through the API, and calls one.

mod client;
mod samples;

use crate::first_key::FirstKey;
use crate::output::tell;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use client::{Client, Reply};
use samples::Sample;
use serde_json::{Value, json};
use std::time::Instant;
use types::RuntimeName;

const ROLE: &str = "lambent-demo";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
/// Calls after the first one: their fastest shows what a warm environment costs.
const WARM_CALLS: u32 = 20;

/// Why the demo could not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error("the connection to the platform failed: {0}")]
    Connection(String),
    #[error("a request could not be signed: {0}")]
    Signature(#[from] auth::sigv4::SignatureError),
    #[error("a sample could not be zipped: {0}")]
    Zip(#[from] package::PackageError),
    #[error("{what} was answered with {status}: {body}")]
    Refused { what: &'static str, status: u16, body: String },
}

/// Deploys and calls. Samples whose runtime is not installed are left out, and that is printed.
pub(crate) async fn run(key: &FirstKey, runtimes: &[RuntimeName]) -> Result<(), DemoError> {
    let mut client = Client::connect(key).await?;
    create_role(&mut client).await?;
    let mut called = false;
    for sample in samples::all(runtimes) {
        match sample {
            Ok(sample) => {
                deploy(&mut client, key, &sample).await?;
                if !called {
                    call(&mut client, &sample).await?;
                    called = true;
                }
            }
            Err(missing) => tell(format_args!("{missing}")),
        }
    }
    Ok(())
}

async fn create_role(client: &mut Client) -> Result<(), DemoError> {
    let form = [
        ("Action", "CreateRole"),
        ("Version", "2010-05-08"),
        ("RoleName", ROLE),
        ("AssumeRolePolicyDocument", TRUST),
    ];
    let reply = client.form("iam", &form).await?;
    accept("CreateRole", reply, "EntityAlreadyExists").map(|_| ())
}

async fn deploy(client: &mut Client, key: &FirstKey, sample: &Sample) -> Result<(), DemoError> {
    let body = json!({
        "FunctionName": sample.name,
        "Runtime": sample.runtime,
        "Role": format!("arn:aws:iam::{}:role/{ROLE}", key.account),
        "Handler": sample.handler,
        "Code": { "ZipFile": STANDARD.encode(sample.zip()?) },
    });
    let reply = client.json("POST", "/2015-03-31/functions", &body.to_string()).await?;
    let created = reply.status == 201;
    accept("CreateFunction", reply, "ResourceConflictException")?;
    if created {
        tell(format_args!("Deployed {} ({})", sample.name, sample.runtime));
    } else {
        tell(format_args!("Found {} ({})", sample.name, runtime_of(client, sample).await?));
    }
    Ok(())
}

/// What a function that was there before runs on: a newer runtime may have been installed since.
async fn runtime_of(client: &mut Client, sample: &Sample) -> Result<String, DemoError> {
    let path = format!("/2015-03-31/functions/{}/configuration", sample.name);
    let answer = accept("GetFunctionConfiguration", client.json("GET", &path, "").await?, "")?;
    let configuration: Value = serde_json::from_str(&answer).unwrap_or_default();
    Ok(configuration["Runtime"].as_str().unwrap_or("no runtime").to_owned())
}

async fn call(client: &mut Client, sample: &Sample) -> Result<(), DemoError> {
    let path = format!("/2015-03-31/functions/{}/invocations", sample.name);
    let start = Instant::now();
    let reply = client.json("POST", &path, sample.event).await?;
    let cold = start.elapsed();
    let answer = accept("Invoke", reply, "")?;
    let mut warm = cold;
    for _ in 0..WARM_CALLS {
        let start = Instant::now();
        accept("Invoke", client.json("POST", &path, sample.event).await?, "")?;
        warm = warm.min(start.elapsed());
    }
    tell(format_args!("\nCalled {} with {}\n  answer: {answer}", sample.name, sample.event));
    tell(format_args!("  first call, with a new environment: {:.1} ms", cold.as_secs_f64() * 1e3));
    tell(format_args!("  fastest of {WARM_CALLS} calls after it: {:.2} ms", warm.as_secs_f64() * 1e3));
    Ok(())
}

/// Success, or the one error that means that it was done before.
fn accept(what: &'static str, reply: Reply, done_before: &str) -> Result<String, DemoError> {
    let fine = reply.status < 300 || (!done_before.is_empty() && reply.names(done_before));
    if fine {
        Ok(reply.body)
    } else {
        Err(DemoError::Refused { what, status: reply.status, body: reply.body })
    }
}
