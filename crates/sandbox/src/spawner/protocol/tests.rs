//! What goes in comes out, and nothing else comes in.

use proptest::prelude::*;

use super::*;
use crate::protections::{Mode, Protection};
use crate::spec::SpecError;

fn limits() -> impl Strategy<Value = Limits> {
    let sizes = (8u64 << 20..1 << 40, 1u64 << 20..1 << 40, 16u64..1 << 32);
    let counts = (4u32..32_768, 10u32..1_000_000, 16u32..1 << 20);
    (sizes, counts).prop_map(|((memory_bytes, tmp_bytes, tmp_inodes), (pids, cpu_millis, open_files))| {
        let init_cpu_millis = cpu_millis.max(1000);
        Limits { memory_bytes, tmp_bytes, tmp_inodes, pids, cpu_millis, init_cpu_millis, open_files }
    })
}

fn egress() -> impl Strategy<Value = Egress> {
    let one =
        (any::<u32>(), any::<Option<std::num::NonZeroU16>>()).prop_filter_map("one", |(address, port)| {
            let address = std::net::Ipv4Addr::from_bits(address);
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{address}{port}").parse::<Destination>().ok()
        });
    prop_oneof![
        Just(Egress::None),
        Just(Egress::Internet),
        prop::collection::vec(one, 1..=64).prop_map(Egress::Allow)
    ]
}

fn spec() -> impl Strategy<Value = SandboxSpec> {
    let names = (
        ("[0-9a-f]{32}", "[0-9]{12}"),
        "(/[a-z.]{1,8}){1,4}",
        "[0-9a-f]{64}",
        "(/[a-z]{1,8}){1,3}",
        "[a-zA-Z0-9][a-z-]{0,20}",
    );
    let more = (prop::collection::vec("[0-9a-f]{64}", 0..=5), any::<bool>());
    let lists = (
        ("/[a-z/]{0,20}", prop::collection::vec("[^\0]{0,40}", 0..8)),
        prop::collection::vec(("[^\0=]{1,20}", "[^\0]{0,40}"), 0..8),
    );
    (names, more, lists, limits(), egress()).prop_filter_map(
        "a valid request",
        |(((id, tenant), root, code, cwd, hostname), (layers, channel), lists, limits, egress)| {
            let ((program, arguments), env) = lists;
            let spec = SandboxSpec {
                id,
                tenant,
                root: root.into(),
                code: TreeName::parse(&code).ok()?,
                layers: layers.iter().map(|name| TreeName::parse(name)).collect::<Result<_, _>>().ok()?,
                channel,
                argv: std::iter::once(program).chain(arguments).collect(),
                env,
                cwd,
                hostname,
                limits,
                egress,
            };
            spec.check().is_ok().then_some(spec)
        },
    )
}

proptest! {
    #[test]
    fn a_request_survives_the_way(spec in spec()) {
        let (decoded, weakened) = decode_spec(&encode_spec(&spec, Weakened::none())).expect("a valid request");
        prop_assert!(decoded == spec);
        prop_assert_eq!(weakened.bits(), 0);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = decode_spec(&bytes);
        let _ = decode_options(&bytes);
        let _ = RequestHeader::decode(&bytes);
        let _ = Answer::decode(&bytes);
    }

    /// Near misses get further into the parser than noise does.
    #[test]
    fn damaged_requests_never_panic_and_stay_within_bounds(
        spec in spec(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut body = encode_spec(&spec, Weakened::none());
        let position = at.index(body.len());
        body[position] = byte;
        if let Ok((decoded, _)) = decode_spec(&body) {
            prop_assert_eq!(decoded.check(), Ok(()));
        }
        let length = cut.index(body.len());
        prop_assert!(decode_spec(&body[..length]).is_err());
    }

    #[test]
    fn damaged_answers_never_panic(kind in 0u16..8, first in any::<u32>(), second in any::<u32>(),
        rest in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut packet = header(kind, first, second).to_vec();
        packet.extend(rest);
        let _ = Answer::decode(&packet);
    }
}

#[test]
fn answers_survive_the_way() {
    let protection = Protection { name: "seccomp".to_owned(), in_force: true, why: "it is".to_owned() };
    let failed = Failed { step: Step::ExecRuntime, errno: Errno::NOENT };
    let answers = [
        Answer::Ready(Protections { mode: Mode::Rootless, list: vec![protection] }),
        Answer::Created { gauges: 15, channel: false, freezer: Some(FreezerKind::V1) },
        Answer::Created { gauges: 0, channel: true, freezer: Some(FreezerKind::V2) },
        Answer::Created { gauges: 1, channel: true, freezer: None },
        Answer::Failed(failed),
        Answer::Unprotected("no Landlock".to_owned()),
        Answer::Refused(Refusal::Full),
        Answer::Refused(Refusal::Malformed),
        Answer::Refused(Refusal::Duplicate),
        Answer::Refused(Refusal::NoEgress),
    ];
    for answer in answers {
        assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
    }
}

#[test]
fn headers_survive_the_way_and_big_bodies_are_refused() {
    let header = RequestHeader { kind: RequestKind::Create, body_length: MAX_BODY };
    assert_eq!(RequestHeader::decode(&header.encode()), Ok(header));
    let header = RequestHeader { kind: RequestKind::Create, body_length: MAX_BODY + 1 };
    assert_eq!(RequestHeader::decode(&header.encode()), Err(Malformed));
}

#[test]
fn options_are_checked_on_arrival() {
    let options = SpawnerOptions {
        name: "lambent-1".to_owned(),
        staging_bytes: 1 << 30,
        memory_bytes: 1 << 30,
        uid_base: 1000,
        uid_count: 1,
        egress: None,
    };
    let egress = |network: &str, bytes_per_second| {
        Some(EgressOptions { network: network.parse().expect("a network"), bytes_per_second })
    };
    let open = SpawnerOptions { egress: egress("198.19.0.0/16", 1 << 20), ..options.clone() };
    for options in [&options, &open] {
        assert_eq!(decode_options(&encode_options(options)), Ok(options.clone()));
    }
    for change in [
        SpawnerOptions { name: "../up".to_owned(), ..options.clone() },
        SpawnerOptions { uid_base: 0, ..options.clone() },
        SpawnerOptions { uid_count: 0, ..options.clone() },
        SpawnerOptions { memory_bytes: 0, ..options.clone() },
        SpawnerOptions { staging_bytes: 0, ..options.clone() },
        SpawnerOptions { egress: egress("127.0.0.0/16", 1 << 20), ..options.clone() },
        SpawnerOptions { egress: egress("10.0.0.0/24", 1 << 20), ..options.clone() },
        SpawnerOptions { egress: egress("10.0.0.0/16", 1), ..options },
    ] {
        assert_eq!(decode_options(&encode_options(&change)), Err(Malformed));
    }
}

#[test]
fn the_largest_request_fits() {
    let mut spec = example();
    spec.env = (0..4).map(|n| (format!("V{n}"), "x".repeat(120 * 1024))).collect();
    assert_eq!(spec.check(), Ok(()));
    assert!(encode_spec(&spec, Weakened::none()).len() <= MAX_BODY);
    spec.env.push(("V4".to_owned(), "x".repeat(120 * 1024)));
    assert_eq!(spec.check(), Err(SpecError::Text));
}

#[test]
fn each_wrong_value_is_named() {
    let wrong = |change: &dyn Fn(&mut SandboxSpec)| {
        let mut spec = example();
        change(&mut spec);
        assert!(decode_spec(&encode_spec(&spec, Weakened::none())).is_err());
        spec.check().expect_err("refused")
    };
    assert_eq!(wrong(&|spec| spec.id = "A".repeat(32)), SpecError::Id);
    assert_eq!(wrong(&|spec| spec.tenant = "../../../etc".to_owned()), SpecError::Tenant);
    assert_eq!(wrong(&|spec| spec.tenant = "1".repeat(13)), SpecError::Tenant);
    assert_eq!(wrong(&|spec| spec.layers = vec![spec.code.clone(); 6]), SpecError::Layers);
    assert_eq!(wrong(&|spec| spec.root = "relative".into()), SpecError::Root);
    assert_eq!(wrong(&|spec| spec.root = "/a/../b".into()), SpecError::Root);
    assert_eq!(wrong(&|spec| spec.cwd = "/a/../..".to_owned()), SpecError::Cwd);
    assert_eq!(wrong(&|spec| spec.hostname = "a.b".to_owned()), SpecError::Hostname);
    assert_eq!(wrong(&|spec| spec.argv.clear()), SpecError::Argv);
    assert_eq!(wrong(&|spec| spec.argv[0] = "relative".to_owned()), SpecError::Argv);
    assert_eq!(wrong(&|spec| spec.argv.push("a\0b".to_owned())), SpecError::Text);
    assert_eq!(wrong(&|spec| spec.env.push(("A=B".to_owned(), String::new()))), SpecError::Env);
    assert_eq!(wrong(&|spec| spec.egress = Egress::Allow(Vec::new())), SpecError::Egress);
    let destination: Destination = "10.0.0.1".parse().expect("a destination");
    assert_eq!(wrong(&|spec| spec.egress = Egress::Allow(vec![destination; 65])), SpecError::Egress);
    assert_eq!(wrong(&|spec| spec.limits.pids = 1), SpecError::Limit("pids"));
    assert_eq!(wrong(&|spec| spec.limits.memory_bytes = 0), SpecError::Limit("memory_bytes"));
    assert_eq!(wrong(&|spec| spec.limits.tmp_bytes = u64::MAX), SpecError::Limit("tmp_bytes"));
}

fn example() -> SandboxSpec {
    SandboxSpec {
        id: "0".repeat(32),
        tenant: "1".repeat(12),
        root: "/root".into(),
        code: TreeName::parse(&"0".repeat(64)).expect("a name"),
        layers: Vec::new(),
        channel: false,
        argv: vec!["/bin/program".to_owned()],
        env: Vec::new(),
        cwd: "/".to_owned(),
        hostname: "host".to_owned(),
        egress: Egress::None,
        limits: Limits {
            memory_bytes: 128 << 20,
            tmp_bytes: 512 << 20,
            tmp_inodes: 1000,
            pids: 100,
            cpu_millis: 1000,
            init_cpu_millis: 1000,
            open_files: 1024,
        },
    }
}

/// The same destination, written otherwise than we write it.
#[test]
fn a_destination_has_one_form() {
    assert!(only_form::<Destination>("203.0.113.0/24:43").is_ok());
    for other in ["203.0.113.0/24:043", "203.0.113.1", "203.0.113.0/024"] {
        assert_eq!(only_form::<Destination>(other), Err(Malformed), "{other}");
    }
}
