//! Real python functions over the channel.

use crate::harness::{Bench, Verdict, event, text};
use crate::python::NO_PYTHON;
use serde_json::{Value, json};
use worker::{Environment, EnvironmentSpec, Fate, LogFormat, LogLevel, Logging};

async fn start(bench: &Bench, spec: EnvironmentSpec) -> Environment {
    bench.worker.start(spec).await.expect("an environment")
}

async fn answer(environment: &Environment, payload: &str) -> Value {
    serde_json::from_str(&text(&environment.invoke(event(payload)).await.answer)).expect("JSON")
}

pub(crate) fn spoken(bench: &Bench) -> Verdict {
    const CODE: &str = "import os, stat, subprocess, sys
def handler(event, context):
    if isinstance(event, int):
        return 'x' * event
    if isinstance(event, str):
        return len(event)
    child = \"import os\\nos.fstat(3)\"
    child = subprocess.run([sys.executable, '-c', child], close_fds=False, stderr=subprocess.DEVNULL)
    channel = stat.S_ISSOCK(os.fstat(3).st_mode)
    return [channel, '_lambent_http' in sys.modules, 'LAMBENT_CHANNEL' in os.environ, child.returncode]
";
    let Some(spec) = bench.python(CODE) else { return NO_PYTHON };
    let spec = EnvironmentSpec { memory: 1024.try_into().unwrap(), ..spec };
    bench.run(async {
        let environment = start(bench, spec).await;
        // It speaks over the channel, says so nowhere, and a process that it starts has none.
        assert_eq!(answer(&environment, "{}").await, json!([true, false, false, 1]));
        assert_eq!(answer(&environment, &json!("x".repeat(6_291_454)).to_string()).await, 6_291_454);
        for (size, fits) in [(6_291_554, true), (6_291_555, false), (80_000_000, false), (3, true)] {
            let answer = answer(&environment, &size.to_string()).await;
            if fits {
                assert_eq!(answer.as_str().map(str::len), Some(size));
            } else {
                assert_eq!(answer["errorType"], "Function.ResponseSizeTooLarge", "{size}");
            }
        }
        environment.shutdown().await;
    });
    Verdict::Passed
}

pub(crate) fn garbled(bench: &Bench) -> Verdict {
    const CODE: &str = "import os, time
def handler(event, context):
    os.write(3, bytes(event))
    time.sleep(100)
";
    let Some(spec) = bench.python(CODE) else { return NO_PYTHON };
    bench.run(async {
        for bytes in
            ["[0, 0, 0, 0, 0, 0, 0, 0]", "[3, 0, 0, 36, 255, 255, 255, 255]", "[2, 0, 0, 0, 0, 0, 0, 1]"]
        {
            let environment = start(bench, spec.clone()).await;
            let outcome = environment.invoke(event(bytes)).await;
            assert!(text(&outcome.answer).contains("Runtime.ProtocolViolation"), "{outcome:?}");
            assert_eq!(outcome.fate, Fate::Destroyed);
            environment.gone().await;
        }
    });
    Verdict::Passed
}

pub(crate) fn by_http_too(bench: &Bench) -> Verdict {
    const CODE: &str = "import http.client, os
def handler(event, context):
    api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
    def post(request_id):
        api.request('POST', '/2018-06-01/runtime/invocation/%s/response' % request_id, b'\"by http\"')
        answer = api.getresponse()
        answer.read()
        return answer.status
    wrong = post('00000000-0000-4000-8000-000000000000')
    if event == 'answer':
        post(context.aws_request_id)
    return wrong
";
    let Some(spec) = bench.python(CODE) else { return NO_PYTHON };
    bench.run(async {
        let environment = start(bench, spec).await;
        assert_eq!(answer(&environment, "{}").await, 400);
        // The function answered for its runtime, whose own answer is the second: it gives up.
        assert_eq!(answer(&environment, "\"answer\"").await, "by http");
        environment.gone().await;
    });
    Verdict::Passed
}

pub(crate) fn logs_in_json(bench: &Bench) -> Verdict {
    const CODE: &str = "import logging
print('loading')
def handler(event, context):
    logging.getLogger().debug('not this')
    logging.info('hello %s', 'there', extra={'order': 7})
    print('as it is')
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception('two\\nlines')
";
    let Some(spec) = bench.python(CODE) else { return NO_PYTHON };
    let logging =
        Logging { format: LogFormat::Json, application_level: None, system_level: Some(LogLevel::Debug) };
    bench.sink.take();
    bench.run(async {
        let environment = start(bench, EnvironmentSpec { logging, ..spec }).await;
        environment.invoke(event("1")).await;
        environment.shutdown().await;
    });
    let log = bench.sink.take();
    let records: Vec<Value> =
        log.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| json!(line))).collect();
    let name = |record: &Value| {
        record["type"].as_str().or(record["level"].as_str()).or(record.as_str()).map(str::to_owned)
    };
    let names: Vec<_> = records.iter().filter_map(name).map(|name| name.replace("platform.", "")).collect();
    let expected =
        ["initStart", "loading", "initRuntimeDone", "initReport", "start", "INFO", "as it is", "ERROR"];
    assert_eq!(names, [&expected[..], &["runtimeDone", "report"]].concat(), "{log:?}");
    let (id, info, error) = (&records[4]["record"]["requestId"], &records[5], &records[7]);
    assert_eq!(
        (&info["message"], &info["order"], &info["requestId"]),
        (&json!("hello there"), &json!(7), id)
    );
    assert_eq!((&error["message"], &error["errorType"]), (&json!("two\nlines"), &json!("ZeroDivisionError")));
    assert!(records[9]["record"]["metrics"]["initDurationMs"].is_f64(), "{log:?}");
    Verdict::Passed
}
