//! The same with python functions.

use crate::harness::{Bench, Verdict, event, text};
use std::time::{Duration, Instant};
use worker::{Answer, EnvironmentSpec, Fate, Outcome};

pub(crate) const NO_PYTHON: Verdict = Verdict::Skipped("no python3.N on this machine");

/// One invocation of a function with this code, and its log.
fn once(bench: &Bench, code: &str, timeout: u32) -> Option<(Outcome, Vec<String>)> {
    bench.sink.take();
    let spec = EnvironmentSpec { timeout: timeout.try_into().unwrap(), ..bench.python(code)? };
    Some(bench.run(async {
        let environment = bench.worker.start(spec).await.expect("an environment");
        let outcome = environment.invoke(event(r#"{"name":"Wörld"}"#)).await;
        environment.shutdown().await;
        (outcome, bench.sink.take())
    }))
}

pub(crate) fn hello(bench: &Bench) -> Verdict {
    const CODE: &str = "def handler(event, context):
    print('greeting', event['name'])
    return {'hello': event['name'], 'left': context.get_remaining_time_in_millis() > 0}
";
    let Some((outcome, log)) = once(bench, CODE, 3) else { return NO_PYTHON };
    let answer: serde_json::Value = serde_json::from_str(&text(&outcome.answer)).unwrap();
    assert_eq!(answer, serde_json::json!({ "hello": "Wörld", "left": true }), "{log:?}");
    assert_eq!(outcome.fate, Fate::Reusable);
    let kinds: Vec<_> = log.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(kinds, ["INIT_START", "START", "greeting", "END", "REPORT"], "{log:?}");
    Verdict::Passed
}

pub(crate) fn deadline(bench: &Bench) -> Verdict {
    const CODE: &str = "import subprocess, time
def handler(event, context):
    subprocess.Popen(['/bin/sh', '-c', 'trap \"\" TERM HUP; sleep 1000'], start_new_session=True)
    print('asleep')
    time.sleep(1000)
";
    let before = Instant::now();
    let Some((outcome, log)) = once(bench, CODE, 1) else { return NO_PYTHON };
    assert!(before.elapsed() < Duration::from_secs(20), "nothing is waited for: {:?}", before.elapsed());
    assert!(text(&outcome.answer).contains("Sandbox.Timedout"), "{outcome:?}");
    assert_eq!(outcome.fate, Fate::Destroyed);
    assert!(log.contains(&"asleep".to_owned()), "{log:?}");
    Verdict::Passed
}

pub(crate) fn out_of_memory(bench: &Bench) -> Verdict {
    const CODE: &str = "import time
def handler(event, context):
    held = []
    while True:
        held.append(bytearray(b'x' * (1 << 20)))
        time.sleep(0.001)
";
    let Some((outcome, log)) = once(bench, CODE, 30) else { return NO_PYTHON };
    assert!(text(&outcome.answer).contains("Runtime.OutOfMemory"), "{outcome:?}");
    assert!(log.last().unwrap().contains("Max Memory Used: 128 MB"), "{log:?}");
    Verdict::Passed
}

pub(crate) fn exit(bench: &Bench) -> Verdict {
    const CODE: &str = "import os
def handler(event, context):
    print('leaving')
    os._exit(3)
";
    let Some((outcome, log)) = once(bench, CODE, 3) else { return NO_PYTHON };
    assert!(text(&outcome.answer).contains("Runtime exited with error: exit status 3"), "{outcome:?}");
    assert!(log.contains(&"leaving".to_owned()), "{log:?}");
    Verdict::Passed
}

pub(crate) fn flood(bench: &Bench) -> Verdict {
    const CODE: &str = "def handler(event, context):
    for _ in range(100 << 10):
        print('x' * 1023)
    return 'done'
";
    let Some((outcome, log)) = once(bench, CODE, 60) else { return NO_PYTHON };
    assert_eq!(text(&outcome.answer), "\"done\"");
    assert_eq!(log.iter().filter(|line| line.len() == 1023).count(), 100 << 10);
    assert!(log.last().unwrap().starts_with("REPORT "));
    Verdict::Passed
}

pub(crate) fn not_importable(bench: &Bench) -> Verdict {
    let Some((outcome, log)) = once(bench, "import nothing_of_that_name\n", 3) else { return NO_PYTHON };
    let Answer::FunctionError { error_type, .. } = &outcome.answer else { panic!("{outcome:?}") };
    assert_eq!(error_type, "Runtime.ImportModuleError", "{log:?}");
    assert!(text(&outcome.answer).contains("No module named 'nothing_of_that_name'"), "{outcome:?}");
    assert_eq!(log.iter().filter(|line| line.starts_with("INIT_REPORT ")).count(), 2, "{log:?}");
    Verdict::Passed
}

pub(crate) fn variables(bench: &Bench) -> Verdict {
    const CODE: &str = "import os
def handler(event, context):
    names = ['AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_VERSION', 'AWS_REGION', '_HANDLER', 'TZ', 'LANG', 'PATH']
    return [os.environ.get(name) for name in names] + [os.getcwd(), open('/var/task/app.py').readline()]
";
    let Some((outcome, log)) = once(bench, CODE, 3) else { return NO_PYTHON };
    let answer: Vec<String> =
        serde_json::from_str(&text(&outcome.answer)).unwrap_or_else(|_| panic!("{outcome:?} {log:?}"));
    assert_eq!(answer[..4], ["f", "$LATEST", "us-east-1", "app.handler"]);
    assert_eq!(answer[4..6], [":UTC", "en_US.UTF-8"]);
    assert!(answer[6].contains("/opt/bin"), "{answer:?}");
    assert_eq!(answer[7..], ["/var/task", "import os\n"]);
    Verdict::Passed
}

pub(crate) fn layers(bench: &Bench) -> Verdict {
    const CODE: &str = "import sys, plain, packaged, own
def handler(event, context):
    return [module.__file__ for module in (plain, packaged, own)] + [plain.WHO, sys.path[0]]
";
    let Some(spec) = bench.python(CODE) else { return NO_PYTHON };
    let packages = format!("python/lib/{}/site-packages/packaged.py", spec.runtime);
    let lower = bench.layer(&[("python/plain.py", "WHO = 'lower'"), ("python/own.py", "")]);
    let upper = bench.layer(&[("python/plain.py", "WHO = 'upper'"), (&packages, "")]);
    let spec = EnvironmentSpec { layers: vec![lower, upper], ..spec };
    let outcome = bench.run(async {
        let environment = bench.worker.start(spec).await.expect("an environment");
        let outcome = environment.invoke(event("{}")).await;
        environment.shutdown().await;
        outcome
    });
    let log = bench.sink.take();
    let answer: Vec<String> =
        serde_json::from_str(&text(&outcome.answer)).unwrap_or_else(|_| panic!("{outcome:?} {log:?}"));
    let packages = format!("/opt/{packages}");
    assert_eq!(answer, ["/opt/python/plain.py", &packages, "/opt/python/own.py", "upper", "/var/task"]);
    Verdict::Passed
}

/// Without egress no name leads anywhere, and nothing waits for one.
pub(crate) fn names(bench: &Bench) -> Verdict {
    const CODE: &str = "import socket, time
def handler(event, context):
    took = []
    for name in ['lambda.us-east-1.amazonaws.com', 'a', 'b.c']:
        begin = time.monotonic()
        try:
            return socket.getaddrinfo(name, 443)
        except socket.gaierror as error:
            took.append(time.monotonic() - begin)
            assert error.errno == socket.EAI_NONAME, error
    return {'seconds': min(took), 'resolv.conf': open('/etc/resolv.conf').read()}
";
    let Some((outcome, log)) = once(bench, CODE, 30) else { return NO_PYTHON };
    let answer: serde_json::Value = serde_json::from_str(&text(&outcome.answer)).unwrap();
    // A millisecond, on a machine that has nothing else to do.
    assert!(answer["seconds"].as_f64().expect("a number") < 0.5, "{answer} {log:?}");
    assert_eq!(answer["resolv.conf"], "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    Verdict::Passed
}
