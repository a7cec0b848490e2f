//! A small world in network namespaces: a host, and everything else.
//!
//! ```text
//! host: up0 192.0.2.2/24 ──── 192.0.2.1 world: 198.51.100.7 (the internet), 10.77.0.1 (somebody's private network),
//!       lan0 10.9.0.1/24 ──── 10.9.0.2         and metadata addresses; all of them answer on every port that is asked here
//! ```
//! Invariant: nothing of the machine's own network is touched, and all of it goes with the processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, ExitCode, Stdio};

/// Where the world answers.
pub(super) const PORT: u16 = 8080;
/// Where it takes what is sent, and says nothing until the end.
pub(super) const SINK: u16 = 8081;

/// The world, which ends with this.
pub(super) struct World(Child);

impl Drop for World {
    fn drop(&mut self) {
        self.0.kill().expect("end the world");
        self.0.wait().expect("its end");
    }
}

/// Makes this process's network namespace the host, and a process beside it the world.
#[expect(clippy::disallowed_methods, reason = "the test starts itself again, as everything outside")]
pub(super) fn make() -> World {
    leave_network();
    let mut child =
        Command::new("/proc/self/exe").arg("world").stdout(Stdio::piped()).spawn().expect("start it");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert_eq!(lines.next().expect("a line").expect("a line"), "alone");
    let pid = child.id();
    ip(&format!(
        "link set lo up
         link add up0 type veth peer name up1 netns {pid}
         link add lan0 type veth peer name lan1 netns {pid}
         addr add 192.0.2.2/24 dev up0
         addr add 10.9.0.1/24 dev lan0
         link set up0 up
         link set lan0 up
         route add default via 192.0.2.1"
    ));
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("forward");
    assert_eq!(lines.next().expect("a line").expect("a line"), "ready");
    // Nobody else reads what it may say.
    std::mem::forget(lines);
    serve(&["192.0.2.2", "10.9.0.1"]);
    World(child)
}

/// The world's side.
pub(crate) fn be() -> ExitCode {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).expect("die along");
    leave_network();
    println!("alone");
    while !std::path::Path::new("/proc/sys/net/ipv4/conf/lan1").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let alone =
        ["198.51.100.7", "10.77.0.1", "169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200"];
    let addresses: String = alone.map(|address| format!("addr add {address}/32 dev lo\n")).concat();
    ip(&format!(
        "link set lo up
         addr add 192.0.2.1/24 dev up1
         addr add 10.9.0.2/24 dev lan1
         link set up1 up
         link set lan1 up
         {addresses}"
    ));
    serve(&[&alone[..], &["192.0.2.1", "10.9.0.2"]].concat());
    println!("ready");
    loop {
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}

fn leave_network() {
    // SAFETY: only unsharing the descriptor table could break the ownership of descriptors.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNET) }
        .expect("a network of its own");
}

#[expect(clippy::disallowed_methods, reason = "the test's own namespaces are made as an operator would")]
pub(super) fn ip(commands: &str) -> String {
    let mut child = Command::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program ip");
    child.stdin.take().expect("its input").write_all(commands.as_bytes()).expect("write");
    let ended = child.wait_with_output().expect("its end");
    assert!(ended.status.success(), "{commands}");
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// Answers everybody with their address, as processes of their own: the spawner's parent may have no threads.
fn serve(addresses: &[&str]) {
    let tcp = TcpListener::bind(("0.0.0.0", PORT)).expect("a listener");
    let sink = TcpListener::bind(("0.0.0.0", SINK)).expect("a listener");
    beside(move || {
        loop {
            let (mut stream, peer) = tcp.accept().expect("a connection");
            // Whoever asked may have gone.
            let _ = stream.write_all(peer.ip().to_string().as_bytes());
        }
    });
    beside(move || {
        loop {
            let (mut stream, _) = sink.accept().expect("a connection");
            let mut buffer = vec![0; 1 << 16];
            while stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
        }
    });
    // An answer has to come from where the question went.
    for address in addresses {
        let udp = UdpSocket::bind((*address, PORT)).expect("a socket");
        beside(move || {
            answer(&udp);
        });
    }
}

fn answer(udp: &UdpSocket) -> ! {
    loop {
        let (_, peer) = udp.recv_from(&mut [0; 64]).expect("a datagram");
        // Whoever asked may have gone.
        let _ = udp.send_to(peer.ip().to_string().as_bytes(), peer);
    }
}

fn beside(work: impl Fn()) {
    // SAFETY: this process has one thread.
    match unsafe { libc::fork() } {
        0 => {
            let signal = Some(rustix::process::Signal::KILL);
            rustix::process::set_parent_process_death_signal(signal).expect("die along");
            work();
            std::process::exit(0);
        }
        pid => assert!(pid > 0),
    }
}
