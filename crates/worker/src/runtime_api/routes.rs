//! The calls of the Runtime API.

use super::answers::{self, Answered};
use super::body::{Received, receive};
use super::holding::Waiting;
use super::meaning::{self, INIT_ERROR_BYTES, Objection, Unbroken, function_error};
use crate::Answer;
use crate::environment::desk::{Desk, Work};
use crate::environment::state::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Request, StatusCode};
use hyper::body::Incoming;
use std::sync::Arc;
use types::RequestId;
use types::limits::SYNC_RESPONSE_BYTES;

const BASE: &str = "/2018-06-01/runtime/";
/// An error's type, as the runtime names it.
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
/// In the trailers of a streamed response: the error that ended it, base64.
const ERROR_BODY: &str = "lambda-runtime-function-error-body";

/// A call, by its path.
enum Call<'a> {
    Next,
    Response(&'a str),
    Error(&'a str),
    InitError,
    Restore,
}

fn call(path: &str) -> Option<Call<'_>> {
    match path.strip_prefix(BASE)? {
        "invocation/next" => Some(Call::Next),
        "init/error" => Some(Call::InitError),
        "restore/next" | "restore/error" => Some(Call::Restore),
        rest => {
            let (id, what) = rest.strip_prefix("invocation/")?.split_once('/')?;
            match what {
                "response" => Some(Call::Response(id)),
                "error" => Some(Call::Error(id)),
                _ => None,
            }
        }
    }
}

/// Who calls: a connection of the runtime of start number `epoch`.
pub(crate) struct Caller {
    pub(crate) desk: Arc<Desk>,
    pub(crate) epoch: u32,
    /// Set while it waits in `next`.
    pub(crate) waiting: Waiting,
}

/// Answers one request.
pub(crate) async fn respond(request: Request<Incoming>, caller: &Caller) -> Answered {
    let (desk, epoch) = (&*caller.desk, caller.epoch);
    let (head, body) = request.into_parts();
    let Some(call) = call(head.uri.path()) else {
        return answers::unknown(StatusCode::NOT_FOUND, "No such call in the Runtime API 2018-06-01");
    };
    let method = if matches!(call, Call::Next) { Method::GET } else { Method::POST };
    match call {
        Call::Restore => {
            answers::unknown(StatusCode::NOT_IMPLEMENTED, "Environments are not restored from snapshots here")
        }
        _ if head.method != method => {
            answers::unknown(StatusCode::METHOD_NOT_ALLOWED, "The call exists with another method")
        }
        Call::Next => next(caller).await,
        Call::Response(id) => finish(desk, epoch, id, &head.headers, body, Kind::Response).await,
        Call::Error(id) => finish(desk, epoch, id, &head.headers, body, Kind::Error).await,
        Call::InitError => init_error(desk, epoch, &head.headers, body).await,
    }
}

async fn next(caller: &Caller) -> Answered {
    let ended = match caller.desk.next(caller.epoch) {
        Ok(Work::Now(delivery)) => return answers::invocation(delivery),
        Ok(Work::Later(later)) => {
            let _held = caller.waiting.hold();
            later.await.map(answers::invocation).ok()
        }
        Err(Refusal::Ended) => None,
        Err(refusal) => return answers::refused(refusal),
    };
    match ended {
        Some(invocation) => invocation,
        // The runtime is about to be killed. An answer would only make it print that something is wrong.
        None => std::future::pending().await,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Response,
    Error,
}

async fn finish(
    desk: &Desk,
    epoch: u32,
    id: &str,
    headers: &HeaderMap,
    body: Incoming,
    kind: Kind,
) -> Answered {
    let Ok(id) = id.parse::<RequestId>() else {
        return answers::not_taken(Refusal::InvalidRequestId);
    };
    if let Err(refusal) = desk.answer_starts(epoch, id) {
        return answers::not_taken(refusal);
    }
    let unbroken = Unbroken::begin(desk, epoch);
    let received = receive(body, SYNC_RESPONSE_BYTES).await;
    let (answer, reply) = match received {
        Received::Truncated => return answers::refused(Refusal::InvalidRequestId),
        Received::TooLarge => (meaning::too_large(), answers::objected(&Objection::too_large())),
        Received::Whole(body, trailers) => {
            (answer(kind, headers, body, trailers.as_ref()), answers::accepted())
        }
    };
    unbroken.end();
    if !desk.answer_ends(epoch, id, answer) {
        return answers::refused(Refusal::Ended);
    }
    reply
}

fn answer(kind: Kind, headers: &HeaderMap, body: Bytes, trailers: Option<&HeaderMap>) -> Answer {
    if kind == Kind::Error {
        let (payload, error_type) = error(headers, body);
        return Answer::FunctionError { payload, error_type };
    }
    if let Some(late) = trailers.filter(|trailers| trailers.contains_key(ERROR_TYPE)) {
        let body = late.get(ERROR_BODY).and_then(|body| STANDARD.decode(body.as_bytes()).ok());
        let (payload, error_type) = error(late, Bytes::from(body.unwrap_or_default()));
        return Answer::FunctionError { payload, error_type };
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Answer::Success { payload: body, content_type }
}

fn error(headers: &HeaderMap, body: Bytes) -> (Bytes, String) {
    function_error(headers.get(ERROR_TYPE).and_then(|value| value.to_str().ok()), body)
}

async fn init_error(desk: &Desk, epoch: u32, headers: &HeaderMap, body: Incoming) -> Answered {
    let body = match receive(body, INIT_ERROR_BYTES).await {
        Received::Whole(body, _) => body,
        // Too large or broken off: that the initialisation failed is known all the same.
        Received::TooLarge | Received::Truncated => Bytes::new(),
    };
    let (payload, error_type) = error(headers, body);
    match desk.init_error(epoch, payload, error_type) {
        Ok(()) => answers::accepted(),
        Err(refusal) => answers::refused(refusal),
    }
}
