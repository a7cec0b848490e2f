//! Packets with descriptors over a SOCK_SEQPACKET pair, and bodies in sealed memfds.
//!
//! Invariant: a packet is taken whole or not at all: a truncated one, or one whose descriptors were cut off, is an error, and
//! every descriptor that arrived is owned (and so closed) from the first moment.

use std::io::{IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use zeroize::Zeroizing;

/// Most descriptors in one packet: two listeners, the names' socket, output, pidfd, status, channel, five gauges, freezer.
const MAX_DESCRIPTORS: usize = 13;

/// A packet that arrived.
pub(crate) struct Packet {
    pub(crate) bytes: Vec<u8>,
    pub(crate) descriptors: Vec<OwnedFd>,
}

/// A connected pair of packet sockets, closed on exec.
pub(crate) fn socket_pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

/// Sends one packet. A peer that is gone is EPIPE, never a signal.
pub(crate) fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::TOOBIG);
    }
    let slices = [IoSlice::new(bytes)];
    loop {
        match rustix::net::sendmsg(&socket, &slices, &mut control, SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            result => return result.map(|_| ()),
        }
    }
}

/// Receives one packet of at most `limit` bytes; `None` at the end of file.
pub(crate) fn receive(socket: impl AsFd, limit: usize) -> Result<Option<Packet>, Errno> {
    let mut bytes = vec![0; limit];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut slices = [IoSliceMut::new(&mut bytes)];
        match rustix::net::recvmsg(&socket, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            result => break result?,
        }
    };
    let descriptors = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(Errno::MSGSIZE);
    }
    if received.bytes == 0 {
        return Ok(None);
    }
    bytes.truncate(received.bytes);
    Ok(Some(Packet { bytes, descriptors }))
}

const SEALS: SealFlags =
    SealFlags::SEAL.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::WRITE);

/// Puts a body into a memfd that nobody can change any more.
pub(crate) fn seal_body(body: &[u8]) -> std::io::Result<OwnedFd> {
    let memfd = rustix::fs::memfd_create("lambent-request", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut file = std::fs::File::from(memfd);
    file.write_all(body)?;
    rustix::fs::fcntl_add_seals(&file, SEALS)?;
    Ok(file.into())
}

/// Reads a body back. An unsealed one is refused: its sender could change it between check and use.
///
/// It is wiped after use, as everything in the spawner that holds variables: an environment's first process begins as a copy of
/// the spawner's memory, in which nothing of its neighbours may be left.
pub(crate) fn read_body(memfd: OwnedFd, length: usize) -> Result<Zeroizing<Vec<u8>>, Errno> {
    if !rustix::fs::fcntl_get_seals(&memfd)?.contains(SEALS) {
        return Err(Errno::PERM);
    }
    let file = std::fs::File::from(memfd);
    let mut body = Zeroizing::new(vec![0; length]);
    file.read_exact_at(&mut body, 0).map_err(|_| Errno::MSGSIZE)?;
    Ok(body)
}
