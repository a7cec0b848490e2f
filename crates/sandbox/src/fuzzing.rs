//! What a fuzzer feeds: everything that the spawner and the platform decode of each other.
//!
//! Invariant: what is decoded is what encodes to the same again, so that nothing has two readings.

use crate::egress::Egress;
use crate::spawner::SpawnerOptions;
use crate::spawner::protocol::{
    Answer, Refusal, RequestHeader, RequestKind, decode_options, decode_spec, encode_options, encode_spec,
};
use crate::spec::{Limits, SandboxSpec, TreeName};
use crate::weaken::Weakened;

/// One packet or body of any bytes; the first byte chooses whose.
pub fn spawner_protocol(input: &[u8]) {
    let Some((which, input)) = input.split_first() else { return };
    match which % 4 {
        0 => {
            if let Ok(header) = RequestHeader::decode(input) {
                assert_eq!(header.encode(), input);
            }
        }
        1 => {
            if let Ok((spec, weakened)) = decode_spec(input) {
                assert_eq!(encode_spec(&spec, weakened), input);
            }
        }
        2 => {
            if let Ok(options) = decode_options(input) {
                assert_eq!(encode_options(&options), input);
            }
        }
        _ => {
            if let Ok(answer) = Answer::decode(input) {
                assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
            }
        }
    }
}

/// One valid input of each kind, for a fuzzer to begin with.
pub fn spawner_protocol_seeds() -> Vec<Vec<u8>> {
    let header = RequestHeader { kind: RequestKind::Create, body_length: 300 }.encode().to_vec();
    let options = SpawnerOptions {
        name: "lambent-0123456789ab".to_owned(),
        staging_bytes: 1 << 30,
        memory_bytes: 8 << 30,
        uid_base: 2_000_000_000,
        uid_count: 1200,
        egress: None,
    };
    let bodies = spec().map(|spec| encode_spec(&spec, Weakened::none()));
    let answers = [
        Answer::Created { gauges: 15, channel: true, freezer: None },
        Answer::Unprotected("the kernel has no Landlock".to_owned()),
        Answer::Refused(Refusal::Full),
    ];
    let kinds = [(0, Some(header)), (1, bodies), (2, Some(encode_options(&options)))];
    let kinds = kinds.into_iter().filter_map(|(which, bytes)| Some((which, bytes?)));
    let all = kinds.chain(answers.iter().map(|answer| (3, answer.encode())));
    all.map(|(which, bytes)| [&[which], bytes.as_slice()].concat()).collect()
}

fn spec() -> Option<SandboxSpec> {
    Some(SandboxSpec {
        id: "0123456789abcdef".repeat(2),
        tenant: "123456789012".to_owned(),
        root: "/var/lib/lambent/runtimes/python3.11".into(),
        code: TreeName::parse(&"a".repeat(64)).ok()?,
        layers: vec![TreeName::parse(&"b".repeat(64)).ok()?],
        channel: true,
        argv: vec!["/var/runtime/bootstrap".to_owned(), "app.handler".to_owned()],
        env: vec![("TZ".to_owned(), ":UTC".to_owned()), ("EMPTY".to_owned(), String::new())],
        cwd: "/var/task".to_owned(),
        hostname: "lambda".to_owned(),
        egress: Egress::Allow("203.0.113.0/24:443".parse().into_iter().collect()),
        limits: Limits {
            memory_bytes: 128 << 20,
            tmp_bytes: 512 << 20,
            tmp_inodes: 32_768,
            pids: 1025,
            cpu_millis: 72,
            init_cpu_millis: 1000,
            open_files: 1024,
        },
    })
}
