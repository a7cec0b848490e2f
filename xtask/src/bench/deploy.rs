//! Puts the measured functions into a running platform, through its API.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use super::connection::{Call, Connection, Key};
use crate::program;

/// The key that the platform is started with.
pub(super) const KEY: Key =
    Key { id: "AKIABENCHBENCHBENCHB", secret: "bench/bench/bench/bench/bench/bench/bench" };
pub(super) const ACCOUNT: &str = "123456789012";
const ROLE: &str = "arn:aws:iam::123456789012:role/bench";
const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";

/// One vCPU, so that the platform's own limit on a function's CPU doesn't count.
const MEMORY_MB: u32 = 1769;

/// An invocation of the function of that name.
pub(super) fn invocation(name: &str, body: &'static str) -> Call {
    call("POST", format!("/2015-03-31/functions/{name}/invocations"), Bytes::from_static(body.as_bytes()))
}

fn call(method: &'static str, path: String, body: Bytes) -> Call {
    Call { method, path, body, service: "lambda", content_type: "application/json", key: Some(KEY) }
}

async fn ask(connection: &mut Connection, call: Call) -> Result<Value, String> {
    connection.forget();
    let body = connection.send(&call).await;
    connection.forget();
    serde_json::from_slice(&body?).map_err(|error| error.to_string())
}

/// The role that the functions get.
pub(super) async fn role(connection: &mut Connection) -> Result<(), String> {
    let form =
        format!("Action=CreateRole&Version=2010-05-08&RoleName=bench&AssumeRolePolicyDocument={TRUST}");
    connection.forget();
    let content_type = "application/x-www-form-urlencoded";
    let (path, body) = ("/".to_owned(), Bytes::from(form));
    let made = connection
        .send(&Call { method: "POST", path, body, service: "iam", content_type, key: Some(KEY) })
        .await;
    connection.forget();
    made.map(drop)
}

/// Creates a function and waits until it is active.
pub(super) async fn function(
    connection: &mut Connection,
    name: &str,
    runtime: &str,
    handler: &str,
    zip: &str,
) -> Result<(), String> {
    let request = json!({
        "FunctionName": name, "Runtime": runtime, "Handler": handler, "Role": ROLE, "MemorySize": MEMORY_MB,
        "Timeout": 30, "Code": {"ZipFile": zip},
    });
    let path = "/2015-03-31/functions".to_owned();
    ask(connection, call("POST", path, Bytes::from(request.to_string()))).await?;
    settled(connection, name).await
}

/// Makes every environment of the function obsolete, so that the next invocation is a cold one.
pub(super) async fn renew(connection: &mut Connection, name: &str, turn: u32) -> Result<(), String> {
    let path = format!("/2015-03-31/functions/{name}/configuration");
    let request = json!({"Environment": {"Variables": {"TURN": turn.to_string()}}});
    ask(connection, call("PUT", path, Bytes::from(request.to_string()))).await?;
    settled(connection, name).await
}

async fn settled(connection: &mut Connection, name: &str) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let now = ask(connection, call("GET", path, Bytes::new())).await?;
        if now["State"] == "Active" && now["LastUpdateStatus"] == "Successful" {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("{name} did not become active"))
}

/// A zip of one file, in base64; python writes it, so that this tool needs no zip writer.
pub(super) fn zip(python: &Path, file: &Path, name: &str) -> Result<String, String> {
    const SCRIPT: &str = "import base64, io, sys, zipfile\n\
        data, info = io.BytesIO(), zipfile.ZipInfo(sys.argv[2])\n\
        info.external_attr, info.compress_type = 0o100755 << 16, zipfile.ZIP_DEFLATED\n\
        with zipfile.ZipFile(data, 'w') as z: z.writestr(info, open(sys.argv[1], 'rb').read())\n\
        print(base64.b64encode(data.getvalue()).decode())\n";
    let mut command = Command::new(python);
    Ok(program::answer(command.arg("-c").arg(SCRIPT).arg(file).arg(name))?.trim().to_owned())
}
