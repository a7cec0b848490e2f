//! The scenarios. Who answers says who it thinks has asked: the host, whose address the environment's becomes on the way.

use std::path::Path;
use std::time::{Duration, Instant};

use sandbox::{CreateError, Egress, EgressOptions, SandboxSpec};

use super::world::{self, PORT, SINK};
use crate::harness::{Bench, Ended, finish};
use crate::host::{eventually, kill};

const NETWORK: &str = "198.19.0.0/16";
const INTERNET: &str = "198.51.100.7";
/// Of nobody but the operator's lists.
const PRIVATE: [&str; 3] = ["10.77.0.1", "10.9.0.2", "192.0.2.1"];
/// Of nobody.
const NEVER: [&str; 8] = [
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    // The host, in all its networks.
    "192.0.2.2",
    "10.9.0.1",
    "224.0.0.251",
    "255.255.255.255",
];

pub(super) fn options(bytes_per_second: u64) -> Option<EgressOptions> {
    Some(EgressOptions { network: NETWORK.parse().expect("a network"), bytes_per_second })
}

fn bench(root: &Path) -> Bench {
    bench_of(root, "egress", 1 << 30)
}

pub(super) fn bench_of(root: &Path, name: &str, bytes_per_second: u64) -> Bench {
    let name = format!("lambent-test-{name}-{}", std::process::id());
    let bench = Bench::with_egress(&name, root, options(bytes_per_second));
    let why = bench.spawner.protections().missing().find(|missing| missing.name == "egress");
    assert!(bench.spawner.protections().has("egress"), "{why:?}");
    bench
}

pub(super) fn allow(list: &[&str]) -> Egress {
    Egress::Allow(list.iter().map(|one| one.parse().expect("a destination")).collect())
}

pub(super) fn spec(bench: &Bench, words: &[&str], egress: &Egress) -> SandboxSpec {
    SandboxSpec { egress: egress.clone(), ..bench.spec(words) }
}

fn run(bench: &Bench, words: &[&str], egress: &Egress) -> Ended {
    finish(&bench.spawner.create(&spec(bench, words, egress)).expect("an environment"))
}

/// What came of each address: TCP's answer and UDP's.
fn reach(ended: &Ended, address: &str) -> [String; 2] {
    [format!("{address}:{PORT}"), format!("udp-{address}:{PORT}")].map(|name| {
        let line = ended.output.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {ended:?}")).to_owned()
    })
}

fn words(addresses: &[&str]) -> Vec<String> {
    std::iter::once("reach".to_owned()).chain(addresses.iter().map(|one| format!("{one}:{PORT}"))).collect()
}

pub(super) fn try_all(bench: &Bench, addresses: &[&str], egress: &Egress) -> Ended {
    let words = words(addresses);
    run(bench, &words.iter().map(String::as_str).collect::<Vec<_>>(), egress)
}

pub(super) fn assert_reached(ended: &Ended, address: &str) {
    for answer in reach(ended, address) {
        assert!(["ok 192.0.2.2", "ok 10.9.0.1"].contains(&answer.as_str()), "{address}: {answer}");
    }
}

pub(super) fn assert_refused(ended: &Ended, address: &str, refusals: &[&str]) {
    for answer in reach(ended, address) {
        assert!(refusals.contains(&answer.as_str()), "{address}: {answer}");
    }
}

/// The public world and nothing else; whoever has no egress still has none.
pub(super) fn internet(root: &Path) {
    let _world = world::make();
    let bench = bench(root);
    let all: Vec<&str> = [INTERNET].iter().chain(&PRIVATE).chain(&NEVER).copied().collect();
    let open = try_all(&bench, &all, &Egress::Internet);
    assert_reached(&open, INTERNET);
    for address in PRIVATE.iter().chain(&NEVER) {
        // The routes inside say so, at once.
        assert_refused(&open, address, &["EACCES", "TIMEOUT", "ENETUNREACH"]);
    }
    assert_refused(&open, "10.77.0.1", &["EACCES"]);
    assert_refused(&open, "169.254.169.254", &["EACCES"]);
    let closed = try_all(&bench, &all, &Egress::None);
    all.iter().for_each(|address| assert_refused(&closed, address, &["ENETUNREACH", "EACCES"]));
    let mapped =
        run(&bench, &["reach", "[::ffff:169.254.169.254]:80", "[fd00:ec2::254]:80"], &Egress::Internet);
    assert!(!mapped.output.contains(" ok"), "{mapped:?}");
    let inside = run(&bench, &["read", "/proc/net/if_inet6"], &Egress::Internet);
    assert!(!inside.output.contains("eth0"), "{inside:?}");
    // Nobody who advertises himself as a router is heard.
    for (setting, value) in [("disable_ipv6", "1\n"), ("accept_ra", "0\n")] {
        let path = format!("/proc/sys/net/ipv6/conf/eth0/{setting}");
        assert_eq!(run(&bench, &["read", &path], &Egress::Internet).output, value, "{setting}");
    }
}

/// What is listed and nothing else, private or not, by port where one is given.
pub(super) fn list(root: &Path) {
    let _world = world::make();
    let bench = bench(root);
    let all: Vec<&str> = [INTERNET].iter().chain(&PRIVATE).chain(&NEVER).copied().collect();
    let one = try_all(&bench, &all, &allow(&["10.77.0.0/24"]));
    assert_reached(&one, "10.77.0.1");
    for address in all.iter().filter(|address| **address != "10.77.0.1") {
        assert_refused(&one, address, &["ENETUNREACH", "EACCES", "TIMEOUT"]);
    }
    let port = format!("198.51.100.7:{PORT}");
    let by_port = run(&bench, &["reach", &port, "198.51.100.7:8081"], &allow(&[&port]));
    assert!(by_port.output.contains(&format!("{port} ok 192.0.2.2")), "{by_port:?}");
    let refused = |line: &str| line == "198.51.100.7:8081 EHOSTUNREACH";
    assert!(by_port.output.lines().any(refused), "{by_port:?}");
    // Everything that is listed at all, but never what is nobody's.
    let everything = try_all(&bench, &all, &allow(&["0.0.0.0/0"]));
    assert_reached(&everything, INTERNET);
    PRIVATE.iter().for_each(|address| assert_reached(&everything, address));
    NEVER
        .iter()
        .for_each(|address| assert_refused(&everything, address, &["EACCES", "TIMEOUT", "ENETUNREACH"]));
}

/// Neither another environment nor the host nor the world opens a connection to one.
pub(super) fn neighbours(root: &Path) {
    let _world = world::make();
    let bench = bench(root);
    let everything = allow(&["0.0.0.0/0"]);
    let server =
        bench.spawner.create(&spec(&bench, &["serve", "8080"], &everything)).expect("an environment");
    let first = crate::cases::first_line(&server);
    let at = first.trim().strip_prefix("at ").expect("its address").to_owned();
    let ended = try_all(&bench, &[&at], &everything);
    assert_refused(&ended, &at, &["EACCES", "TIMEOUT"]);
    // From the host itself, and from the network that it is on.
    let address = format!("{at}:8080").parse().expect("an address");
    let from_host = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(500));
    assert!(from_host.is_err(), "the host reached {at}");
    // Its address was given out, and is not again while others are free.
    let next = bench.spawner.create(&spec(&bench, &["serve", "8080"], &everything)).expect("an environment");
    assert_ne!(crate::cases::first_line(&next), first);
}

/// What is sent takes as long as the limit says, and without one it does not.
pub(super) fn rate(root: &Path) {
    let _world = world::make();
    let bench = bench_of(root, "rate", 4 << 20);
    let sink = format!("{INTERNET}:{SINK}");
    let ended = run(&bench, &["send", &sink, "16"], &Egress::Internet);
    let took: u64 = milliseconds(&ended);
    // The first second's may go at once.
    assert!(took > 2400, "16 MiB at 4 MiB/s took {took} ms");
    drop(bench);
    let fast = bench_of(root, "fast", 10_000_000_000);
    let took = milliseconds(&run(&fast, &["send", &sink, "16"], &Egress::Internet));
    println!("COST 16 MiB out of an environment without a limit that counts: {took} ms");
    assert!(took < 2400, "{took} ms");
}

fn milliseconds(ended: &Ended) -> u64 {
    let text = ended.output.lines().find_map(|line| line.strip_prefix("milliseconds "));
    text.unwrap_or_else(|| panic!("{ended:?}")).parse().expect("a number")
}

/// A source address of somebody else's is refused by the kernel, as nobody has the privilege that it takes.
pub(super) fn spoof(root: &Path) {
    let _world = world::make();
    let bench = bench(root);
    let to = format!("{INTERNET}:{PORT}");
    let ended = run(&bench, &["spoof", "203.0.113.9", &to], &Egress::Internet);
    assert!(!ended.output.contains("ok") && ended.output.contains("transparent EPERM"), "{ended:?}");
}

/// Packets with options in their header go nowhere: no router that may be reached is asked to pass them on to where nobody may go.
pub(super) fn source_routes(root: &Path) {
    let _world = world::make();
    let bench = bench(root);
    let private = format!("{}:{PORT}", PRIVATE[0]);
    let words = ["options", INTERNET, &private];
    let ended = run(&bench, &words, &Egress::Internet);
    let told = |ended: &Ended, name: &str| {
        ended.output.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).expect(name)
    };
    assert_eq!(told(&ended, "without"), "ok 192.0.2.2");
    assert_eq!(told(&ended, "idle"), "TIMEOUT");
    // The routes inside would see the first hop only.
    assert_eq!(told(&ended, "routed"), "EPERM");
    #[cfg(feature = "weaken")]
    {
        let weak = bench
            .run_spec_weakened(&spec(&bench, &words, &Egress::Internet), &[sandbox::Layer::EgressFilter]);
        assert_eq!(told(&weak, "idle"), "ok 192.0.2.2");
    }
}

/// What a killed spawner leaves is gone after the next start, and after an end nothing is left.
pub(super) fn leftovers(root: &Path) {
    let _world = world::make();
    let name = format!("lambent-test-left-{}", std::process::id());
    let links = || {
        world::ip("link show\n").lines().filter(|line| line.contains(": l") && line.contains("p0")).count()
    };
    let first = Bench::with_egress(&name, root, options(1 << 30));
    let held = first.spawner.create(&spec(&first, &["sleep"], &Egress::Internet)).expect("an environment");
    // That of the trial goes a moment later.
    assert!(eventually(|| links() == 1));
    assert_eq!(tables(), 1);
    kill(crate::cases::pid_in(&first.spawner.process()));
    drop(held);
    drop(first);
    assert!(eventually(|| links() == 0));
    assert_eq!(tables(), 1);
    // Also where there is to be no egress any more.
    drop(Bench::with_egress(&name, root, None));
    assert_eq!(tables(), 0);
    let again = Bench::with_egress(&name, root, options(1 << 30));
    assert_eq!(tables(), 1);
    drop(again);
    assert!(eventually(|| tables() == 0 && links() == 0));
}

#[expect(clippy::disallowed_methods, reason = "the test looks at what is left")]
pub(super) fn tables() -> usize {
    let listed = std::process::Command::new("nft").args(["list", "tables"]).output().expect("nft");
    String::from_utf8_lossy(&listed.stdout).lines().count()
}

/// One environment's connections are bounded, and those of all others are not fewer for it.
pub(super) fn connections(root: &Path) {
    let _world = world::make();
    let bench = bench(root);
    let text = std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_max")
        .expect("what the host can follow");
    let most: u16 = (text.trim().parse::<u32>().expect("a number") / 256).min(4096) as u16;
    let to = format!("{INTERNET}:{PORT}");
    let after = |ports: u16| run(&bench, &["crowd", &to, &ports.to_string()], &Egress::Internet).output;
    assert_eq!(after(most + 100).trim(), "after TIMEOUT");
    assert_eq!(after(most / 2).trim(), "after ok 192.0.2.2");
}

/// A killed function's connection, of which nobody takes what it still has to send, does not keep its egress for long.
pub(super) fn orphans(root: &Path) {
    let _world = world::make();
    let bench = bench(root);
    let links = || {
        world::ip("link show\n").lines().filter(|line| line.contains(": l") && line.contains("p0")).count()
    };
    // That of the trial goes a moment later.
    assert!(eventually(|| links() == 0));
    let sink = format!("{INTERNET}:{SINK}");
    let held = bench.spawner.create(&spec(&bench, &["hold-connection", &sink], &Egress::Internet));
    let held = held.expect("an environment");
    assert_eq!(crate::cases::first_line(&held).trim(), "connected");
    assert_eq!(links(), 1);
    // The world falls silent, and the function has more to say.
    world::ip("route replace blackhole 198.51.100.7/32\n");
    std::thread::sleep(Duration::from_millis(300));
    drop(held);
    let begin = Instant::now();
    assert!(eventually(|| links() == 0), "it is still there");
    println!("COST the egress whose function left data goes after {:?}", begin.elapsed());
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

/// What can't be is said: forwarding that is off, a network that is taken, egress that nobody configured.
pub(super) fn refusals(root: &Path) {
    let _world = world::make();
    let why = |bench: &Bench| {
        let missing = bench.spawner.protections().missing().find(|missing| missing.name == "egress").cloned();
        missing.expect("it is missing").why
    };
    let name = |n: u32| format!("lambent-test-refused-{}-{n}", std::process::id());
    world::ip("route add 198.19.7.0/24 via 192.0.2.1\n");
    let taken = Bench::with_egress(&name(1), root, options(1 << 30));
    assert!(why(&taken).contains("198.19.7.0/24"), "{}", why(&taken));
    drop(taken);
    world::ip("route del 198.19.7.0/24\n");
    let first = Bench::with_egress(&name(4), root, options(1 << 30));
    let second = Bench::with_egress(&name(5), root, options(1 << 30));
    assert!(why(&second).contains("another Lambent on this host"), "{}", why(&second));
    assert_reached(&try_all(&first, &[INTERNET], &Egress::Internet), INTERNET);
    drop(first);
    let third = Bench::with_egress(&name(6), root, options(1 << 30));
    assert_reached(&try_all(&third, &[INTERNET], &Egress::Internet), INTERNET);
    drop((second, third));
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "0").expect("forward no more");
    let off = Bench::with_egress(&name(2), root, options(1 << 30));
    assert!(why(&off).contains("net.ipv4.ip_forward = 1"), "{}", why(&off));
    let refused = off.spawner.create(&spec(&off, &["hello"], &Egress::Internet));
    assert!(matches!(refused, Err(CreateError::NoEgress)));
    assert_eq!(std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").expect("read").trim(), "0");
    drop(off);
    let none = Bench::named(&name(3), root);
    assert!(!none.spawner.protections().list.iter().any(|one| one.name == "egress"));
    let refused = none.spawner.create(&spec(&none, &["hello"], &Egress::Internet));
    assert!(matches!(refused, Err(CreateError::NoEgress)));
    assert_eq!(tables(), 0);
}

/// What egress adds to a creation.
pub(super) fn cost(root: &Path) {
    let _world = world::make();
    let bench = bench(root);
    let time = |egress: &Egress| {
        let mut took: Vec<_> = (0..40)
            .map(|_| {
                let spec = spec(&bench, &["sleep"], egress);
                let begin = Instant::now();
                let made = bench.spawner.create(&spec).expect("an environment");
                let took = begin.elapsed();
                drop(made);
                // The kernel takes namespaces apart by and by, under the lock that making one takes.
                std::thread::sleep(Duration::from_millis(50));
                took
            })
            .collect();
        took.sort();
        took[took.len() / 2]
    };
    let list = allow(&["10.0.0.0/8:443", "203.0.113.0/24"]);
    println!(
        "COST creation, median of 40: without egress {:?}, with it {:?}, with a list {:?}",
        time(&Egress::None),
        time(&Egress::Internet),
        time(&list)
    );
}

/// Each of the two layers alone holds; without both, what they hold back is reached.
#[cfg(feature = "weaken")]
pub(super) fn weak(root: &Path) {
    use sandbox::Layer;
    let _world = world::make();
    let bench = bench(root);
    let guarded = ["10.77.0.1", "10.9.0.2", "169.254.169.254", "192.0.2.2"];
    let run = |without: &[Layer]| {
        let words = words(&guarded);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        bench.run_spec_weakened(&spec(&bench, &words, &Egress::Internet), without)
    };
    for alone in [Layer::EgressFilter, Layer::EgressRoutes] {
        let ended = run(&[alone]);
        // The routes inside know nothing of the host's own addresses in networks that it is on, but of those networks.
        guarded.iter().for_each(|address| assert_refused(&ended, address, &["EACCES", "TIMEOUT"]));
    }
    let neither = run(&[Layer::EgressFilter, Layer::EgressRoutes]);
    guarded.iter().for_each(|address| {
        let [tcp, _] = reach(&neither, address);
        assert!(tcp.starts_with("ok "), "{address}: {tcp}");
    });
    let to = format!("{INTERNET}:{PORT}");
    let words = ["spoof", "203.0.113.9", to.as_str()];
    let spoofer = spec(&bench, &words, &Egress::Internet);
    let ended = bench.run_spec_weakened(&spoofer, &[Layer::Capabilities, Layer::Identity, Layer::Seccomp]);
    assert!(ended.output.contains("transparent ok"), "{ended:?}");
}
