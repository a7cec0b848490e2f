//! Puts the measured functions into a running platform, through its API.

use std::net::SocketAddr;
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
const ACCOUNT: &str = "123456789012";
const FUNCTIONS: &str = "/2015-03-31/functions";
const ROLE: &str = "arn:aws:iam::123456789012:role/bench";
const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";

/// One vCPU, so that the platform's own limit on a function's CPU doesn't count.
const MEMORY_MB: u32 = 1769;

/// An invocation of the function of that name.
pub(super) fn invocation(name: &str, body: &'static str) -> Call {
    call("POST", format!("{FUNCTIONS}/{name}/invocations"), Bytes::from_static(body.as_bytes()))
}

/// The same without the function being run.
pub(super) fn dry_run(name: &str) -> Call {
    Call { header: Some(("x-amz-invocation-type", "DryRun")), ..invocation(name, "{}") }
}

/// GetFunction.
pub(super) fn get(name: &str) -> Call {
    call("GET", format!("{FUNCTIONS}/{name}"), Bytes::new())
}

/// GetFunctionConfiguration.
pub(super) fn configuration(name: &str) -> Call {
    call("GET", format!("{FUNCTIONS}/{name}/configuration"), Bytes::new())
}

/// ListFunctions: a page of that many, the first one or the one that a marker tells.
pub(super) fn list(count: usize, marker: Option<&str>) -> Call {
    let marker = marker.map(|marker| format!("Marker={}&", percent_encoded(marker))).unwrap_or_default();
    call("GET", format!("{FUNCTIONS}?{marker}MaxItems={count}"), Bytes::new())
}

/// ListFunctions: the first page of that many, with the published versions of each function.
pub(super) fn list_with_versions(count: usize) -> Call {
    call("GET", format!("{FUNCTIONS}?FunctionVersion=ALL&MaxItems={count}"), Bytes::new())
}

/// DeleteFunction.
pub(super) fn deletion(name: &str) -> Call {
    call("DELETE", format!("{FUNCTIONS}/{name}"), Bytes::new())
}

/// CreateFunction, with its code as a zip file in base64.
pub(super) fn creation(name: &str, runtime: &str, handler: &str, zip: &str, memory_mb: u32) -> Call {
    let request = json!({
        "FunctionName": name, "Runtime": runtime, "Handler": handler, "Role": ROLE, "MemorySize": memory_mb,
        "Timeout": 30, "Code": {"ZipFile": zip},
    });
    call("POST", FUNCTIONS.to_owned(), Bytes::from(request.to_string()))
}

/// Everything but letters, digits and `-._~` as `%XX`, as signatures want it.
fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

fn call(method: &'static str, path: String, body: Bytes) -> Call {
    let (service, content_type) = ("lambda", "application/json");
    Call { method, path, body, service, content_type, header: None, key: Some(KEY) }
}

/// A platform that keeps its data there and accepts the key, begun by `command`.
pub(super) fn serve(mut command: Command, data: &Path, address: SocketAddr) -> Command {
    command.arg("serve").arg("--data-dir").arg(data);
    command.args(["--listen", &address.to_string(), "--accept-weak-isolation"]);
    command.args(["--bootstrap-account", ACCOUNT, "--bootstrap-access-key"]);
    command.arg(format!("{}:{}", KEY.id, KEY.secret));
    command
}

/// Sends once; the answer is JSON.
pub(super) async fn ask(connection: &mut Connection, call: Call) -> Result<Value, String> {
    let body = connection.send(&call).await?;
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}

/// The role that the functions get.
pub(super) async fn role(connection: &mut Connection) -> Result<(), String> {
    let form =
        format!("Action=CreateRole&Version=2010-05-08&RoleName=bench&AssumeRolePolicyDocument={TRUST}");
    let content_type = "application/x-www-form-urlencoded";
    let (path, body) = ("/".to_owned(), Bytes::from(form));
    let made = connection
        .send(&Call {
            method: "POST",
            path,
            body,
            service: "iam",
            content_type,
            header: None,
            key: Some(KEY),
        })
        .await;
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
    ask(connection, creation(name, runtime, handler, zip, MEMORY_MB)).await?;
    settled(connection, name).await
}

/// Makes every environment of the function obsolete, so that the next invocation is a cold one.
pub(super) async fn renew(connection: &mut Connection, name: &str, turn: u32) -> Result<(), String> {
    let path = format!("{FUNCTIONS}/{name}/configuration");
    let request = json!({"Environment": {"Variables": {"TURN": turn.to_string()}}});
    ask(connection, call("PUT", path, Bytes::from(request.to_string()))).await?;
    settled(connection, name).await
}

async fn settled(connection: &mut Connection, name: &str) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        let now = ask(connection, configuration(name)).await?;
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
