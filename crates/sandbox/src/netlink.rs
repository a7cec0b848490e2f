//! Messages to the kernel's routing socket: written here, never read but for the kernel's yes or no.
//!
//! A message is a header, a fixed part, and attributes, which may hold attributes. Everything is in the machine's byte order
//! but addresses. Source: netlink(7), rtnetlink(7). Invariant: what is sent at once is answered for each message, and an
//! error is the first refusal.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// Bytes of nlmsghdr.
const HEADER: usize = 16;
const ACK: u16 = (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
/// Nothing of the same key may exist.
const NEW: u16 = (libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16;

/// Messages that are sent together.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    count: u32,
}

/// The place where a message or an attribute began, for its length.
pub(crate) struct Begun(usize);

impl Batch {
    /// Begins a message that makes something new.
    pub(crate) fn make(&mut self, kind: u16, fixed: &[u8]) -> Begun {
        self.begin(kind, ACK | NEW, fixed)
    }

    /// Begins a message that changes something.
    pub(crate) fn change(&mut self, kind: u16, fixed: &[u8]) -> Begun {
        self.begin(kind, ACK, fixed)
    }

    fn begin(&mut self, kind: u16, flags: u16, fixed: &[u8]) -> Begun {
        let begun = Begun(self.bytes.len());
        self.count += 1;
        self.bytes.extend_from_slice(&0u32.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        self.bytes.extend_from_slice(&self.count.to_ne_bytes());
        self.bytes.extend_from_slice(&0u32.to_ne_bytes());
        self.fixed(fixed);
        begun
    }

    /// Ends a message.
    pub(crate) fn end(&mut self, begun: &Begun) {
        let length = (self.bytes.len() - begun.0) as u32;
        self.bytes[begun.0..begun.0 + 4].copy_from_slice(&length.to_ne_bytes());
    }

    /// A fixed part, padded.
    pub(crate) fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.pad();
    }

    /// An attribute.
    pub(crate) fn attribute(&mut self, kind: u16, value: &[u8]) {
        let begun = self.open(kind);
        self.bytes.extend_from_slice(value);
        self.close(&begun);
    }

    /// Begins an attribute that holds others.
    pub(crate) fn open(&mut self, kind: u16) -> Begun {
        let begun = Begun(self.bytes.len());
        self.bytes.extend_from_slice(&0u16.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        begun
    }

    /// Ends it.
    pub(crate) fn close(&mut self, begun: &Begun) {
        let length = (self.bytes.len() - begun.0) as u16;
        self.bytes[begun.0..begun.0 + 2].copy_from_slice(&length.to_ne_bytes());
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    /// Sends everything and waits for every answer. Those errors are no refusals of which `pass` says so.
    pub(crate) fn send(self, socket: &OwnedFd, pass: impl Fn(Errno) -> bool) -> Result<(), Errno> {
        rustix::net::send(socket, &self.bytes, SendFlags::empty())?;
        let mut answered = 0;
        let mut outcome = Ok(());
        let mut buffer = vec![0; 16 << 10];
        while answered < self.count {
            let (length, _) = rustix::net::recv(socket, &mut buffer, RecvFlags::empty())?;
            for errno in answers(&buffer[..length])? {
                answered += 1;
                if let Some(errno) = errno.filter(|errno| !pass(*errno)) {
                    outcome = outcome.and(Err(errno));
                }
            }
        }
        outcome
    }
}

/// A socket of the network namespace that this process is in.
pub(crate) fn socket() -> Result<OwnedFd, Errno> {
    // Without a protocol it is the routing one.
    rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)
}

/// The errors of the acknowledgements in a datagram; none where one says yes.
fn answers(mut bytes: &[u8]) -> Result<Vec<Option<Errno>>, Errno> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let word =
            |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_ne_bytes);
        let length = word(0).ok_or(Errno::BADMSG)? as usize;
        let kind = bytes.get(4..6).map(|two| u16::from_ne_bytes([two[0], two[1]]));
        let error = word(HEADER).filter(|_| kind == Some(libc::NLMSG_ERROR as u16)).ok_or(Errno::BADMSG)?;
        found.push((error != 0).then(|| Errno::from_raw_os_error((error as i32).wrapping_neg())));
        bytes = bytes.get(length.max(HEADER).next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_those_of_what_was_written() {
        let mut batch = Batch::default();
        let message = batch.make(libc::RTM_NEWLINK, &[0; 16]);
        let outer = batch.open(18);
        batch.attribute(1, b"veth");
        batch.attribute(3, b"x");
        batch.close(&outer);
        batch.end(&message);
        let lengths = |at: usize| u16::from_ne_bytes([batch.bytes[at], batch.bytes[at + 1]]);
        assert_eq!(u32::from_ne_bytes([batch.bytes[0], batch.bytes[1], batch.bytes[2], batch.bytes[3]]), 52);
        // The last attribute's padding counts for what holds it, not for itself.
        assert_eq!((batch.bytes.len(), lengths(32), lengths(36), lengths(44)), (52, 20, 8, 5));
    }

    #[test]
    fn the_kernel_answers_each_message() {
        let socket = socket().expect("a socket");
        let mut batch = Batch::default();
        for name in [b"no-such-device\0", b"nor-is-this-on\0"] {
            let message = batch.change(libc::RTM_SETLINK, &[0; 16]);
            batch.attribute(libc::IFLA_IFNAME, name);
            batch.end(&message);
        }
        let refused = batch.send(&socket, |_| false).expect_err("there is none");
        assert!([Errno::NODEV, Errno::PERM].contains(&refused), "{refused}");
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = answers(&bytes);
        }
    }
}
