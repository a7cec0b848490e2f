//! What runs inside an environment: it tries one thing and says, in lines of `name result`, what came of it.
//!
//! A result is `ok` or the name of an errno, or a number where one is asked for.

mod files;
mod limits;
mod resources;
mod restless;
mod sockets;

use std::process::ExitCode;
use std::time::Duration;

pub(crate) fn run(words: &[String]) -> ExitCode {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["hello"] => hello(),
        ["status"] => print!("{}", read("/proc/self/status")),
        ["limits"] => print!("{}", read("/proc/self/limits")),
        ["mounts"] => print!("{}", read("/proc/self/mountinfo")),
        ["read", path] => print!("{}", read(path)),
        ["passwd"] => print!("{}", read("/etc/passwd")),
        ["exit", code] => return ExitCode::from(code.parse::<u8>().expect("a code")),
        ["abort"] => std::process::abort(),
        ["sleep", ..] => std::thread::sleep(Duration::from_secs(600)),
        ["awake"] => {
            println!("awake");
            std::thread::sleep(Duration::from_secs(600));
        }
        ["stubborn", ..] => stubborn(),
        ["restless", ..] => restless::run(),
        ["sleeper"] => restless::sleep(),
        ["threads"] => threads(),
        ["daemon", ..] => resources::daemonise(),
        ["change-limits"] => limits::change(),
        ["descriptors-in-flight"] => resources::descriptors_in_flight(),
        ["hold-memory", mebibytes] => resources::hold(mebibytes.parse().expect("a number")),
        ["fork", most] => resources::fork(most.parse().expect("a number")),
        ["fill-tmp", mebibytes] => resources::fill("/tmp/big", mebibytes.parse().expect("a number")),
        ["keep-memory", mebibytes] => resources::keep(mebibytes.parse().expect("a number")),
        ["spin-at", at, milliseconds, threads] => {
            resources::wait_for(at.parse().expect("a number"));
            resources::spin(milliseconds.parse().expect("a number"), threads.parse().expect("a number"));
        }
        ["spin", milliseconds, threads] => {
            resources::spin(milliseconds.parse().expect("a number"), threads.parse().expect("a number"))
        }
        ["descriptors"] => files::descriptors(),
        ["writable"] => files::writable(),
        ["devices"] => files::devices(),
        ["layers"] => files::layers(),
        ["write-layers"] => files::write_layers(),
        ["runtime-api"] => sockets::talk(9001),
        ["platform-api"] => sockets::talk(9002),
        ["reach", rest @ ..] => sockets::reach(rest),
        ["serve", port] => sockets::serve(port.parse().expect("a port")),
        ["send", address, mebibytes] => sockets::send(address, mebibytes.parse().expect("a number")),
        ["spoof", source, to] => sockets::spoof(source, to),
        ["hold-connection", address] => sockets::hold_connection(address),
        ["crowd", address, ports] => sockets::crowd(address, ports.parse().expect("a number")),
        ["options", via, to] => sockets::options(via, to),
        ["names"] => sockets::names(),
        ["channel"] => sockets::channel(),
        _ => return ExitCode::from(64),
    }
    ExitCode::SUCCESS
}

fn hello() {
    println!("arguments {}", std::env::args().collect::<Vec<_>>().join(" "));
    let variables: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
    println!("variables {}", variables.join(" "));
    println!("cwd {}", std::env::current_dir().expect("a working directory").display());
    println!("code {}", read("/var/task/handler"));
    println!("host {}", rustix::system::uname().nodename().to_string_lossy());
    eprintln!("to standard error");
    say("stdin-is-empty", std::io::read_to_string(std::io::stdin()).map(|text| assert!(text.is_empty())));
}

/// Will not end when asked, and then stops itself.
fn stubborn() {
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
    println!("ready ok");
    // SAFETY: raise touches no memory.
    unsafe { libc::raise(libc::SIGSTOP) };
    std::thread::sleep(Duration::from_secs(600));
}

/// Threads work although clone3 is refused.
fn threads() {
    let threads: Vec<_> = (0..8u64).map(|n| std::thread::spawn(move || n * n)).collect();
    let sum: u64 = threads.into_iter().map(|thread| thread.join().expect("a thread's result")).sum();
    println!("sum {sum}");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| format!("{error}\n"))
}

/// One line: what was tried, and how it went.
fn say(what: &str, result: std::io::Result<()>) {
    match result {
        Ok(()) => println!("{what} ok"),
        Err(error) => println!("{what} {}", errno_name(error.raw_os_error().unwrap_or(0))),
    }
}

fn errno_name(errno: i32) -> String {
    let names = [
        (libc::EPERM, "EPERM"),
        (libc::ENOSYS, "ENOSYS"),
        (libc::EACCES, "EACCES"),
        (libc::EROFS, "EROFS"),
        (libc::ENOENT, "ENOENT"),
        (libc::EINVAL, "EINVAL"),
        (libc::ENOSPC, "ENOSPC"),
        (libc::EAGAIN, "EAGAIN"),
        (libc::ENOMEM, "ENOMEM"),
        (libc::ENETUNREACH, "ENETUNREACH"),
        (libc::EHOSTUNREACH, "EHOSTUNREACH"),
        (libc::ECONNREFUSED, "ECONNREFUSED"),
        (libc::ETOOMANYREFS, "ETOOMANYREFS"),
        (libc::EXDEV, "EXDEV"),
        (libc::ENXIO, "ENXIO"),
        (libc::EBUSY, "EBUSY"),
        (libc::EMFILE, "EMFILE"),
        (libc::ETXTBSY, "ETXTBSY"),
    ];
    names
        .iter()
        .find(|(number, _)| *number == errno)
        .map_or(errno.to_string(), |(_, name)| (*name).to_owned())
}
