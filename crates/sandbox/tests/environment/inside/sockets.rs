//! The network, and the platform's ends of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::{read, say};

/// Interfaces, and connections to where they must not lead.
pub(crate) fn network(port: u16) {
    let interfaces: Vec<String> = read("/proc/net/dev")
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim().to_owned())
        .collect();
    println!("interfaces {}", interfaces.join(" "));
    let targets = [
        ("host-loopback", format!("127.0.0.1:{port}")),
        ("host-loopback6", format!("[::1]:{port}")),
        ("host-mapped", format!("[::ffff:127.0.0.1]:{port}")),
        ("host-any", format!("0.0.0.0:{port}")),
        ("metadata", "169.254.169.254:80".to_owned()),
        ("credentials", "169.254.170.2:80".to_owned()),
        ("metadata6", "[fd00:ec2::254]:80".to_owned()),
        ("internet", "192.0.2.1:443".to_owned()),
    ];
    for (name, address) in targets {
        let address: SocketAddr = address.parse().expect("an address");
        say(name, TcpStream::connect_timeout(&address, Duration::from_secs(1)).map(|_| ()));
    }
    let datagram = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", "192.0.2.1:53"));
    say("datagram", datagram.map(|_| ()));
    say("own-listener", TcpListener::bind("127.0.0.1:0").map(|_| ()));
    say("low-port", TcpListener::bind("127.0.0.1:80").map(|_| ()));
}

/// A listener of the platform: says hello and prints the answer.
pub(crate) fn talk(port: u16) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connect to the platform");
    stream.write_all(b"hello from inside").expect("write");
    stream.shutdown(std::net::Shutdown::Write).expect("end of the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read");
    println!("answer {answer}");
}

/// Asks where names are asked for, tries to ask over TCP, and to take the place of who answers.
pub(crate) fn names() {
    let client = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    client.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    client.send_to(b"a question", "127.0.0.1:53").expect("send");
    let mut answer = [0; 64];
    let (length, from) = client.recv_from(&mut answer).expect("receive");
    println!("answer {} from {from}", String::from_utf8_lossy(&answer[..length]));
    say("over-tcp", TcpStream::connect("127.0.0.1:53").map(|_| ()));
    say("same-place", UdpSocket::bind("127.0.0.1:53").map(|_| ()));
    say("every-place", UdpSocket::bind("0.0.0.0:53").map(|_| ()));
    say("over-tcp-place", TcpListener::bind("127.0.0.1:53").map(|_| ()));
}

/// Descriptor 3: reads to its end, answers, closes it, and lives on.
/// The platform's end is the sandbox's `channel`. Once.
pub(super) fn guest_channel() -> UnixStream {
    // SAFETY: the platform gave this process that number, and nothing else here uses it.
    unsafe { UnixStream::from_raw_fd(3) }
}

pub(crate) fn channel() {
    let mut stream = guest_channel();
    let mut message = String::new();
    stream.read_to_string(&mut message).expect("read");
    // The platform may be gone.
    let _ = stream.write_all(format!("{message}, hello from inside").as_bytes());
    drop(stream);
    println!("closed ok");
    std::thread::sleep(Duration::from_secs(600));
}
