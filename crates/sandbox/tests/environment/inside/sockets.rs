//! The network, and the platform's ends of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::{errno_name, say};

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

/// Descriptor 3, whose other end is the sandbox's `channel`. To be asked for once.
pub(super) fn guest_channel() -> UnixStream {
    // SAFETY: the platform gave this process that number, and nothing else here uses it.
    unsafe { UnixStream::from_raw_fd(3) }
}

/// Reads the channel to its end, answers, closes it, and lives on.
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

/// Tries TCP and UDP to each address, which is also the result's name.
pub(crate) fn reach(addresses: &[&str]) {
    for name in addresses {
        let address: SocketAddr = name.parse().expect("an address");
        println!("{name} {}", told(ask_tcp(address)));
        println!("udp-{name} {}", told(ask_udp(address)));
    }
}

fn told(answer: std::io::Result<String>) -> String {
    match answer {
        Ok(peer) => format!("ok {peer}"),
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => "TIMEOUT".to_owned(),
        Err(error) => errno_name(error.raw_os_error().unwrap_or(0)),
    }
}

/// The other side says who asks, as it sees it.
fn ask_tcp(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    let mut peer = String::new();
    stream.read_to_string(&mut peer)?;
    Ok(peer)
}

fn ask_udp(address: SocketAddr) -> std::io::Result<String> {
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    ask(&socket)
}

fn ask(socket: &UdpSocket) -> std::io::Result<String> {
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    socket.send(b"who am I")?;
    let mut peer = [0; 64];
    match socket.recv(&mut peer) {
        Ok(length) => Ok(String::from_utf8_lossy(&peer[..length]).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            Err(std::io::ErrorKind::TimedOut.into())
        }
        Err(error) => Err(error),
    }
}

/// Says where it is, and answers there for whoever gets through.
pub(crate) fn serve(port: u16) {
    let listener = TcpListener::bind(("0.0.0.0", port)).expect("a listener");
    let own = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    own.connect("198.51.100.7:9").expect("a route");
    println!("at {}", own.local_addr().expect("its address").ip());
    for stream in listener.incoming().flatten() {
        println!("reached by {:?}", stream.peer_addr());
    }
}

/// Goes on sending a little for ever.
pub(crate) fn hold_connection(address: &str) {
    let mut stream = TcpStream::connect(address).expect("connect");
    println!("connected");
    loop {
        stream.write_all(b"more").expect("write");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sends to that many ports of an address, each of which is a connection for a firewall, and asks for an answer after that.
pub(crate) fn crowd(address: &str, ports: u16) {
    let address: SocketAddr = address.parse().expect("an address");
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    for port in 0..ports {
        // Nobody is there, of which the kernel may tell.
        let _ = socket.send_to(b"x", (address.ip(), 20_000 + port));
    }
    println!("after {}", told(ask_udp(address)));
}

/// Sends that much, as fast as it can, and says how long it took.
pub(crate) fn send(address: &str, mebibytes: usize) {
    let begin = std::time::Instant::now();
    let mut stream = TcpStream::connect(address).expect("connect");
    for _ in 0..mebibytes {
        stream.write_all(&vec![b'x'; 1 << 20]).expect("write");
    }
    stream.shutdown(std::net::Shutdown::Write).expect("the end");
    stream.read_to_end(&mut Vec::new()).expect("the other side's end");
    println!("milliseconds {}", begin.elapsed().as_millis());
}

/// Sends a datagram from an address that is not its own, first as everybody may, then as a router may.
pub(crate) fn spoof(source: &str, to: &str) {
    for (name, level, option) in [
        ("free", libc::IPPROTO_IP, libc::IP_FREEBIND),
        ("transparent", libc::IPPROTO_IP, libc::IP_TRANSPARENT),
    ] {
        say(name, spoof_by(source, to, level, option));
    }
}

/// Asks over UDP with an option in each packet's header: one without meaning, for which nobody needs a privilege, and a route that
/// leads to `to` by way of `via`.
pub(crate) fn options(via: &str, to: &str) {
    let hop = via.parse::<std::net::Ipv4Addr>().expect("an address").octets();
    // Loose source routing, and an option of no meaning, which fills up the word.
    let route = [&[131, 7, 4][..], &hop, &[1]].concat();
    let via: SocketAddr = (hop, to.parse::<SocketAddr>().expect("an address").port()).into();
    println!("without {}", told(ask_with(&[], via)));
    println!("idle {}", told(ask_with(&[1; 4], via)));
    println!("routed {}", told(ask_with(&route, to.parse().expect("an address"))));
}

fn ask_with(options: &[u8], address: SocketAddr) -> std::io::Result<String> {
    use std::os::fd::AsRawFd;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let (fd, length) = (socket.as_raw_fd(), options.len() as libc::socklen_t);
    // SAFETY: the kernel reads that many bytes, which live until the call returns.
    let set =
        unsafe { libc::setsockopt(fd, libc::IPPROTO_IP, libc::IP_OPTIONS, options.as_ptr().cast(), length) };
    if set != 0 {
        return Err(std::io::Error::last_os_error());
    }
    socket.connect(address)?;
    ask(&socket)
}

fn spoof_by(source: &str, to: &str, level: i32, option: i32) -> std::io::Result<()> {
    use std::os::fd::AsRawFd;
    let domain = rustix::net::AddressFamily::INET;
    let socket = rustix::net::socket(domain, rustix::net::SocketType::DGRAM, None)?;
    let on: i32 = 1;
    let length = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the kernel reads an int of that length.
    if unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const on).cast(), length) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    let source: SocketAddr = format!("{source}:0").parse().expect("an address");
    rustix::net::bind(&socket, &source)?;
    UdpSocket::from(socket).send_to(b"who am I", to).map(|_| ())
}
