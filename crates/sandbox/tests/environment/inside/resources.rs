//! Taking more than was given.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use super::errno_name;

/// A process that left its parent, its session and its standard streams, and stays.
pub(crate) fn daemonise() {
    let nap = || std::thread::sleep(Duration::from_secs(600));
    // SAFETY: this process has a single thread; both children only sleep.
    if unsafe { libc::fork() } == 0 {
        rustix::process::setsid().expect("a session");
        // SAFETY: as above.
        if unsafe { libc::fork() } == 0 {
            (0..=2).for_each(|number| {
                // SAFETY: nothing is printed after this.
                unsafe { libc::close(number) };
            });
            nap();
        }
        // SAFETY: _exit ends the middle process at once.
        unsafe { libc::_exit(0) };
    }
    std::thread::sleep(Duration::from_millis(100));
    println!("daemon ok");
    nap();
}

/// Takes memory and uses it.
pub(crate) fn hold(mebibytes: usize) {
    let held: Vec<Vec<u8>> = (0..mebibytes).map(|_| vec![1; 1 << 20]).collect();
    println!("held {}", held.len());
}

/// Takes memory, uses it, and stays.
pub(crate) fn keep(mebibytes: usize) {
    let held: Vec<Vec<u8>> = (0..mebibytes).map(|_| vec![1; 1 << 20]).collect();
    println!("kept {}", held.len());
    std::thread::sleep(Duration::from_secs(600));
    drop(held);
}

/// Sleeps until so many milliseconds after the beginning of 1970.
pub(crate) fn wait_for(milliseconds: u64) {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let now = Duration::new(now.tv_sec as u64, now.tv_nsec as u32);
    std::thread::sleep(Duration::from_millis(milliseconds).saturating_sub(now));
}

/// Forks until it is refused, and ends; the children stay.
pub(crate) fn fork(most: usize) {
    // SAFETY: this process has a single thread; the child only sleeps.
    let is_born = |_: &usize| match unsafe { libc::fork() } {
        0 => loop {
            std::thread::sleep(Duration::from_secs(600));
        },
        number => number > 0,
    };
    println!("born {}", (0..most).take_while(is_born).count());
    std::thread::sleep(Duration::from_secs(600));
}

/// Sends descriptors to itself, which nobody takes, until it is refused; and stays.
pub(crate) fn descriptors_in_flight() {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
    use std::os::fd::AsFd;
    /// The most that one message carries.
    const MOST: usize = 253;
    let stdin = std::io::stdin();
    let descriptors = [stdin.as_fd(); MOST];
    let mut pairs = Vec::new();
    let ending = loop {
        let (one, other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let mut space = vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
        let slices = [std::io::IoSlice::new(b"x")];
        if let Err(errno) = rustix::net::sendmsg(&one, &slices, &mut control, SendFlags::NOSIGNAL) {
            break errno_name(errno.raw_os_error());
        }
        pairs.push((one, other));
    };
    println!("in-flight {} {ending}", pairs.len() * MOST);
    std::thread::sleep(Duration::from_secs(600));
}

/// Writes to a file until its file system is full.
pub(crate) fn fill(path: &str, mebibytes: usize) {
    write_to(File::create(path).expect("a file"), mebibytes);
}

fn write_to(mut file: File, mebibytes: usize) {
    let mut written = 0;
    let ending = loop {
        if written == mebibytes {
            break "unbounded".to_owned();
        }
        match file.write_all(&vec![1; 1 << 20]) {
            Ok(()) => written += 1,
            Err(error) => break errno_name(error.raw_os_error().unwrap_or(0)),
        }
    };
    println!("mebibytes {written}");
    println!("ending {ending}");
}

/// Uses as many processors as there are threads for that long, after it was told to begin, and says how much of it there was.
pub(crate) fn spin(milliseconds: u64, threads: usize) {
    println!("ready ok");
    let spin = move || {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(milliseconds) {
            std::hint::spin_loop();
        }
    };
    let others: Vec<_> = (1..threads).map(|_| std::thread::spawn(spin)).collect();
    spin();
    others.into_iter().for_each(|thread| thread.join().expect("it only spins"));
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    println!("used-ms {}", used.tv_sec * 1000 + used.tv_nsec / 1_000_000);
}
