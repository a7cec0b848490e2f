//! The same with node functions.

use crate::harness::{Bench, Verdict, event, text};
use std::time::{Duration, Instant};
use worker::{Answer, EnvironmentSpec, Fate, Outcome};

const NO_NODE: Verdict = Verdict::Skipped("no node on this machine");

/// One invocation of a function with this code, and its log.
fn once(bench: &Bench, code: &str, timeout: u32) -> Option<(Outcome, Vec<String>)> {
    bench.sink.take();
    let spec = EnvironmentSpec { timeout: timeout.try_into().unwrap(), ..bench.node(code)? };
    Some(bench.run(async {
        let environment = bench.worker.start(spec).await.expect("an environment");
        let outcome = environment.invoke(event(r#"{"name":"Wörld"}"#)).await;
        environment.shutdown().await;
        (outcome, bench.sink.take())
    }))
}

pub(crate) fn hello(bench: &Bench) -> Verdict {
    const CODE: &str = "exports.handler = async (event, context) => {
    console.log('greeting\\n%s', event.name);
    return { hello: event.name, left: context.getRemainingTimeInMillis() > 0 };
};
";
    let Some((outcome, log)) = once(bench, CODE, 3) else { return NO_NODE };
    let answer: serde_json::Value = serde_json::from_str(&text(&outcome.answer)).unwrap();
    assert_eq!(answer, serde_json::json!({ "hello": "Wörld", "left": true }), "{log:?}");
    assert_eq!(outcome.fate, Fate::Reusable);
    let kinds: Vec<_> = log.iter().map(|line| line.split([' ', '\t']).next().unwrap()).collect();
    let [started, "START", stamp, "END", "REPORT"] = kinds[..] else { panic!("{log:?}") };
    assert_eq!(started, "INIT_START");
    assert!(stamp.ends_with('Z') && log[2].ends_with("\tINFO\tgreeting\nWörld"), "{log:?}");
    Verdict::Passed
}

pub(crate) fn deadline(bench: &Bench) -> Verdict {
    const CODE: &str = "const { spawn } = require('node:child_process');
exports.handler = async () => {
    spawn('/bin/sh', ['-c', 'trap \"\" TERM HUP; sleep 1000'], { detached: true });
    console.log('asleep');
    await new Promise((done) => setTimeout(done, 1000000));
};
";
    let before = Instant::now();
    let Some((outcome, log)) = once(bench, CODE, 1) else { return NO_NODE };
    assert!(before.elapsed() < Duration::from_secs(20), "nothing is waited for: {:?}", before.elapsed());
    assert!(text(&outcome.answer).contains("Sandbox.Timedout"), "{outcome:?}");
    assert_eq!(outcome.fate, Fate::Destroyed);
    assert!(log.iter().any(|line| line.ends_with("\tasleep")), "{log:?}");
    Verdict::Passed
}

pub(crate) fn exit(bench: &Bench) -> Verdict {
    const CODE: &str = "exports.handler = async () => { console.log('leaving'); process.exit(3); };\n";
    let Some((outcome, log)) = once(bench, CODE, 3) else { return NO_NODE };
    assert!(text(&outcome.answer).contains("Runtime exited with error: exit status 3"), "{outcome:?}");
    assert!(log.iter().any(|line| line.ends_with("\tleaving")), "{log:?}");
    Verdict::Passed
}

pub(crate) fn not_importable(bench: &Bench) -> Verdict {
    let Some((outcome, log)) = once(bench, "require('nothing-of-that-name');\n", 3) else { return NO_NODE };
    let Answer::FunctionError { error_type, .. } = &outcome.answer else { panic!("{outcome:?}") };
    assert_eq!(error_type, "Runtime.ImportModuleError", "{log:?}");
    assert!(text(&outcome.answer).contains("Cannot find module 'nothing-of-that-name'"), "{outcome:?}");
    assert_eq!(log.iter().filter(|line| line.starts_with("INIT_REPORT ")).count(), 2, "{log:?}");
    Verdict::Passed
}

pub(crate) fn rejection(bench: &Bench) -> Verdict {
    const CODE: &str = "exports.handler = async () => {
    Promise.reject(new RangeError('nobody looks'));
    await new Promise((done) => setTimeout(done, 1000));
};
";
    let Some((outcome, log)) = once(bench, CODE, 3) else { return NO_NODE };
    let Answer::FunctionError { error_type, .. } = &outcome.answer else { panic!("{outcome:?}") };
    assert_eq!(error_type, "Runtime.UnhandledPromiseRejection", "{log:?}");
    assert!(text(&outcome.answer).contains("RangeError: nobody looks"), "{outcome:?}");
    Verdict::Passed
}

pub(crate) fn flood(bench: &Bench) -> Verdict {
    const CODE: &str = "exports.handler = async () => {
    const text = 'x'.repeat(960);
    for (let line = 0; line < 20000; line++) console.log(text);
    process.stdout.write('raw\\n');
    return 'done';
};
";
    let Some((outcome, log)) = once(bench, CODE, 60) else { return NO_NODE };
    assert_eq!(text(&outcome.answer), "\"done\"");
    assert_eq!(log.iter().filter(|line| line.ends_with("xxxx")).count(), 20_000);
    assert!(log.contains(&"raw".to_owned()));
    assert!(log.last().unwrap().starts_with("REPORT "));
    Verdict::Passed
}

pub(crate) fn streaming(bench: &Bench) -> Verdict {
    const CODE: &str = "exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    stream.setContentType('text/plain');
    for (let part = 0; part < 3; part++) {
        stream.write(`part ${part};`);
        await new Promise((done) => setTimeout(done, 5));
    }
    if (event.name !== 'Wörld') throw new Error('late');
    stream.end();
});
";
    let Some((outcome, log)) = once(bench, CODE, 3) else { return NO_NODE };
    assert_eq!(text(&outcome.answer), "part 0;part 1;part 2;", "{log:?}");
    let Answer::Success { content_type, .. } = &outcome.answer else { panic!("{outcome:?}") };
    assert_eq!(content_type.as_deref(), Some("text/plain"));
    let late = CODE.replace("!==", "===");
    let Some((outcome, log)) = once(bench, &late, 3) else { return NO_NODE };
    let Answer::FunctionError { error_type, .. } = &outcome.answer else { panic!("{outcome:?} {log:?}") };
    assert_eq!(error_type, "Error");
    assert!(text(&outcome.answer).contains("\"errorMessage\":\"late\""), "{outcome:?}");
    Verdict::Passed
}

pub(crate) fn channel(bench: &Bench) -> Verdict {
    const CODE: &str = "const { execFileSync } = require('node:child_process'), fs = require('node:fs');
exports.handler = async (event) => {
    if (typeof event === 'number') return 'x'.repeat(event);
    if (typeof event === 'string') return event.length;
    const child = execFileSync('/bin/sh', ['-c', 'test -e /proc/self/fd/3 && echo open || echo closed']).toString();
    return [fs.fstatSync(3).isSocket(), 'LAMBENT_CHANNEL' in process.env, child];
};
";
    let Some(spec) = bench.node(CODE) else { return NO_NODE };
    let spec = EnvironmentSpec { memory: 1024.try_into().unwrap(), ..spec };
    bench.run(async {
        let environment = bench.worker.start(spec).await.expect("an environment");
        let answer = async |payload: &str| {
            let answer = text(&environment.invoke(event(payload)).await.answer);
            serde_json::from_str::<serde_json::Value>(&answer).expect("JSON")
        };
        assert_eq!(answer("{}").await, serde_json::json!([true, false, "closed\n"]));
        assert_eq!(answer(&format!("{:?}", "x".repeat(6_291_454))).await, 6_291_454);
        for (size, fits) in [(6_291_554, true), (6_291_555, false), (80_000_000, false), (3, true)] {
            let answer = answer(&size.to_string()).await;
            match fits {
                true => assert_eq!(answer.as_str().map(str::len), Some(size)),
                false => assert_eq!(answer["errorType"], "Function.ResponseSizeTooLarge", "{size}"),
            }
        }
        environment.shutdown().await;
    });
    Verdict::Passed
}

pub(crate) fn surroundings(bench: &Bench) -> Verdict {
    const CODE: &str = "const os = require('node:os'), fs = require('node:fs');
exports.handler = async () => ({
    names: ['AWS_LAMBDA_FUNCTION_NAME', 'AWS_EXECUTION_ENV', '_HANDLER', 'TZ', 'NODE_PATH'].map((n) => process.env[n]),
    at: [process.cwd(), fs.readFileSync('/var/task/app.js', 'utf8').length > 0, process.execPath],
    user: os.userInfo().uid === process.getuid(),
    zone: new Intl.DateTimeFormat('de-DE', { timeZone: 'Europe/Berlin', timeStyle: 'short' }).format(0),
});
";
    let Some((outcome, log)) = once(bench, CODE, 3) else { return NO_NODE };
    let answer: serde_json::Value =
        serde_json::from_str(&text(&outcome.answer)).unwrap_or_else(|_| panic!("{outcome:?} {log:?}"));
    let runtime = bench.node("").unwrap().runtime;
    let major = runtime.as_str().trim_start_matches("nodejs").trim_end_matches(".x");
    let path = format!(
        "/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
    );
    let expected = serde_json::json!({
        "names": ["f", format!("AWS_Lambda_{runtime}"), "app.handler", ":UTC", path],
        "at": ["/var/task", true, "/var/lang/bin/node"],
        "user": true,
        "zone": "01:00",
    });
    assert_eq!(answer, expected, "{log:?}");
    Verdict::Passed
}

pub(crate) fn garbage(bench: &Bench) -> Verdict {
    // Several times the memory, of which little is held at a time, as objects and as buffers.
    const CODE: &str = "exports.handler = async () => {
    let held = [], count = 0;
    for (let round = 0; round < 200; round++) {
        held.push(Array.from({ length: 20000 }, (_, n) => ({ n, round })));
        if (held.length > 10) held.shift();
        count += Buffer.alloc(1 << 20, round & 255)[0] >= 0;
        await null;
    }
    return count;
};
";
    let Some((outcome, log)) = once(bench, CODE, 60) else { return NO_NODE };
    assert_eq!(text(&outcome.answer), "200", "{log:?}");
    Verdict::Passed
}

pub(crate) fn out_of_memory(bench: &Bench) -> Verdict {
    const CODE: &str = "exports.handler = async () => {
    const held = [];
    for (;;) {
        held.push(Buffer.alloc(1 << 20, 1));
        await new Promise((done) => setTimeout(done, 1));
    }
};
";
    let Some((outcome, log)) = once(bench, CODE, 30) else { return NO_NODE };
    assert!(text(&outcome.answer).contains("Runtime.OutOfMemory"), "{outcome:?} {log:?}");
    Verdict::Passed
}

/// By the C library, and by the resolver that node brings along.
pub(crate) fn names(bench: &Bench) -> Verdict {
    const CODE: &str = "const dns = require('node:dns').promises;
exports.handler = async () => {
    const answers = {};
    for (const ask of ['lookup', 'resolve4']) {
        const begin = performance.now();
        const code = await dns[ask]('lambda.us-east-1.amazonaws.com').catch((error) => error.code);
        answers[ask] = [code, performance.now() - begin < 500];
    }
    return answers;
};
";
    let Some((outcome, log)) = once(bench, CODE, 30) else { return NO_NODE };
    let answer: serde_json::Value = serde_json::from_str(&text(&outcome.answer)).unwrap();
    let soon = serde_json::json!(["ENOTFOUND", true]);
    assert_eq!(answer, serde_json::json!({ "lookup": soon, "resolve4": soon }), "{log:?}");
    Verdict::Passed
}
