//! The runtime inside: speaks the Runtime API over one connection and does what its handler's name says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

struct Api {
    stream: BufReader<TcpStream>,
}

impl Api {
    fn connect() -> Self {
        let stream = TcpStream::connect(variable("AWS_LAMBDA_RUNTIME_API")).expect("the Runtime API listens");
        stream.set_nodelay(true).expect("no delay");
        Self { stream: BufReader::new(stream) }
    }

    fn send(&mut self, request: &[u8]) {
        self.stream.get_mut().write_all(request).expect("send");
    }

    /// Reads one answer of our own server, which always sends a length: its id, where it has one, and its body.
    fn receive(&mut self) -> (String, Vec<u8>) {
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a line");
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line == "\r\n" {
                    break;
                }
                continue;
            };
            match name {
                "Lambda-Runtime-Aws-Request-Id" => value.clone_into(&mut id),
                "Content-Length" => length = value.parse().expect("a length"),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("the body");
        (id, body)
    }
}

fn variable(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a runtime is told everything by its variables")]
    std::env::var(name).unwrap_or_default()
}

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n";

pub(crate) fn run() -> ExitCode {
    let handler = variable("_HANDLER");
    let mut api = Api::connect();
    api.send(NEXT.as_bytes());
    loop {
        let (id, event) = api.receive();
        let answer = handle(&handler, &event);
        let head = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        api.send(&[head.as_bytes(), &answer, NEXT.as_bytes()].concat());
        api.receive();
    }
}

fn handle(handler: &str, event: &[u8]) -> Vec<u8> {
    match handler {
        "print" => println!("event {}", String::from_utf8_lossy(event)),
        "sleep" => {
            println!("going to sleep");
            std::thread::sleep(std::time::Duration::from_secs(1000));
        }
        "exit" => std::process::exit(7),
        "abort" => std::process::abort(),
        "allocate" => {
            // Touches more than the function has, and holds it until it is killed.
            let mut blocks = Vec::new();
            for _ in 0..400 {
                blocks.push(std::hint::black_box(vec![1u8; 1 << 20]));
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
        "fill" => {
            let mut file = std::fs::File::create("/tmp/large").expect("a file in /tmp");
            (0..400).for_each(|_| file.write_all(&[1; 1 << 20]).expect("room in /tmp"));
        }
        "flood" => {
            let line = "x".repeat(1023) + "\n";
            let mut out = std::io::stdout().lock();
            (0..100 << 10).for_each(|_| out.write_all(line.as_bytes()).expect("print"));
        }
        "platform" => {
            let mut answer = Vec::new();
            let mut stream = TcpStream::connect("127.0.0.1:9002").expect("the platform's API listens");
            stream.read_to_end(&mut answer).expect("its answer");
            return answer;
        }
        "layers" => {
            return ["one", "both"]
                .map(|name| std::fs::read(format!("/opt/{name}")).expect("a layer"))
                .concat();
        }
        "code" => return std::fs::read("/var/task/app.py").expect("the code"),
        _ => {}
    }
    event.to_vec()
}
