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

/// Forks until it is refused, or `most` children live.
pub(crate) fn fork_bomb(most: usize) {
    let mut born = 0;
    let ending = loop {
        if born == most {
            break "unbounded".to_owned();
        }
        // SAFETY: this process has a single thread; the child only sleeps.
        match unsafe { libc::fork() } {
            0 => loop {
                std::thread::sleep(Duration::from_secs(600));
            },
            -1 => break errno_name(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)),
            _ => born += 1,
        }
    };
    println!("born {born}");
    println!("ending {ending}");
}

/// Takes memory and uses it.
pub(crate) fn memory_bomb(mebibytes: usize) {
    let mut held: Vec<Vec<u8>> = Vec::new();
    for _ in 0..mebibytes {
        held.push(vec![1; 1 << 20]);
    }
    println!("held {}", held.len());
}

/// The same with threads.
pub(crate) fn thread_bomb(most: usize) {
    let mut born = 0;
    let ending = loop {
        if born == most {
            break "unbounded".to_owned();
        }
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        match thread.spawn(|| std::thread::sleep(Duration::from_secs(600))) {
            Ok(_) => born += 1,
            Err(error) => break errno_name(error.raw_os_error().unwrap_or(0)),
        }
    };
    println!("born {born}");
    println!("ending {ending}");
}

/// Opens until it is refused.
pub(crate) fn descriptor_bomb(most: usize) {
    let mut open = Vec::new();
    let ending = loop {
        if open.len() == most {
            break "unbounded".to_owned();
        }
        match rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), 0) {
            Ok(fd) => open.push(fd),
            Err(errno) => break errno_name(errno.raw_os_error()),
        }
    };
    println!("opened {}", open.len());
    println!("ending {ending}");
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

/// Fills the buffers of sockets, which are the kernel's memory.
pub(crate) fn socket_bomb(most: usize) {
    use std::os::unix::net::UnixStream;
    let bytes = vec![1; 64 << 10];
    let mut pairs = Vec::new();
    let mut held = 0;
    for _ in 0..most {
        let (one, other) = UnixStream::pair().expect("a pair");
        one.set_nonblocking(true).expect("a flag");
        while let Ok(count) = (&one).write(&bytes) {
            held += count;
        }
        pairs.push((one, other));
    }
    println!("held {}", held >> 20);
}

/// Writes to a file that has no name.
pub(crate) fn memory_file_bomb(mebibytes: usize) {
    let memory = rustix::fs::memfd_create("bomb", rustix::fs::MemfdFlags::CLOEXEC).expect("a memory file");
    write_to(File::from(memory), mebibytes);
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

/// Makes files until there can be no more.
pub(crate) fn fill_inodes(most: usize) {
    let result = (0..most).try_for_each(|n| File::create(format!("/tmp/{n}")).map(|_| ()));
    super::say("files", result);
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
