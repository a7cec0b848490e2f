//! One function and one invocation, for tests and for what is fuzzed.

use crate::{Code, CodeId, Egress, EnvironmentSpec, Invocation, LogTail, Logging};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use telemetry::LogStream;
use types::{AccountId, EnvironmentId, MemoryMb, Random, Region, RequestId, TimeoutSeconds, Version};

/// Ids that differ and mean nothing.
struct Counting;

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        static COUNT: AtomicU8 = AtomicU8::new(1);
        buffer.fill_with(|| COUNT.fetch_add(1, Ordering::Relaxed));
    }
}

/// A function of 128 MB and 3 s.
#[allow(clippy::unwrap_used, reason = "names that are valid")]
pub(crate) fn spec() -> EnvironmentSpec {
    let log = LogStream {
        account: AccountId::FIRST,
        region: Region::default(),
        group: "/aws/lambda/story".to_owned(),
        name: "2026/11/24/[$LATEST]0123456789abcdef0123456789abcdef".to_owned(),
    };
    EnvironmentSpec {
        id: EnvironmentId::generate(&Counting),
        account: AccountId::FIRST,
        region: Region::default(),
        function_arn: "arn:aws:lambda:us-east-1:000000000000:function:story".to_owned(),
        function_name: "story".parse().unwrap(),
        version: Version::Latest,
        runtime: "python3.11".parse().unwrap(),
        handler: "app.handler".to_owned(),
        memory: MemoryMb::default(),
        timeout: TimeoutSeconds::default(),
        ephemeral_storage_mb: 512,
        variables: Vec::new(),
        code: Code { id: CodeId::new([0; 32]), place: String::new() },
        layers: Vec::new(),
        egress: Egress::None,
        credentials: None,
        logging: Logging::default(),
        log: Arc::new(log),
    }
}

/// An invocation with this event.
pub(crate) fn event(payload: &str) -> Invocation {
    Invocation {
        request_id: RequestId::generate(&Counting),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        invoked_arn: "arn:aws:lambda:us-east-1:000000000000:function:story:live".to_owned(),
        trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned()),
        client_context: None,
        cognito_identity: None,
        log_tail: LogTail::Omitted,
    }
}
