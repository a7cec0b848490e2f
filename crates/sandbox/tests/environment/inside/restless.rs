//! A program that does not rest: it counts in a thread and in a daemon, and answers on its channel.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A number that both processes see.
fn shared() -> &'static AtomicU64 {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping of a page of its own, at a place that the kernel chooses, and never unmapped.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) };
    assert_ne!(page, libc::MAP_FAILED);
    // SAFETY: the page is zeroed, aligned and lives to the end of the process.
    unsafe { &*page.cast::<AtomicU64>() }
}

fn count(counter: &AtomicU64) -> ! {
    loop {
        counter.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Each byte that comes is answered by both counts.
pub(crate) fn run() {
    let (daemons, threads) = (shared(), shared());
    // SAFETY: this process has a single thread; the child only counts.
    if unsafe { libc::fork() } == 0 {
        rustix::process::setsid().expect("a session");
        // SAFETY: as above.
        if unsafe { libc::fork() } == 0 {
            count(daemons);
        }
        // SAFETY: _exit ends the middle process at once.
        unsafe { libc::_exit(0) };
    }
    std::thread::spawn(|| count(threads));
    let mut channel = super::sockets::guest_channel();
    println!("ready ok");
    let mut byte = [0];
    while channel.read_exact(&mut byte).is_ok() {
        let (daemons, threads) = (daemons.load(Ordering::Relaxed), threads.load(Ordering::Relaxed));
        answer(&mut channel, &format!("{daemons} {threads}\n"));
    }
}

/// How long sleeping for 200 ms took, for each byte that comes.
pub(crate) fn sleep() {
    let mut channel = super::sockets::guest_channel();
    println!("ready ok");
    let mut byte = [0];
    while channel.read_exact(&mut byte).is_ok() {
        let before = Instant::now();
        answer(&mut channel, "asleep\n");
        std::thread::sleep(Duration::from_millis(200));
        answer(&mut channel, &format!("{}\n", before.elapsed().as_millis()));
    }
}

fn answer(channel: &mut UnixStream, line: &str) {
    channel.write_all(line.as_bytes()).expect("an answer");
}
