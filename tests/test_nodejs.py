"""Node.js functions through the API: what they get, what becomes of what they return, and what their log says."""

import json

import pytest

from harness.clients import eventually, unique
from harness.packages import package

HELLO = "exports.handler = async (event, context) => ({ echo: event, id: context.awsRequestId });\n"


def test_a_node_function(tenant):
    function = tenant.deploy_node(HELLO)
    answer = function.invoke({"a": [1, "\u00e4\U0001f980"]})
    assert answer.error is None, answer.raw
    assert answer.value == {"echo": {"a": [1, "\u00e4\U0001f980"]}, "id": answer.request_id}
    assert function({"again": True})["echo"] == {"again": True}


def test_an_es_module_with_top_level_await(tenant):
    code = {
        "src/index.mjs": "import data from './data.json' with { type: 'json' };\nconst value = await Promise.resolve(2);\n"
        "export const handler = async () => [data.a, value, typeof require];\n",
        "src/data.json": '{"a": 1}',
    }
    function = tenant.deploy_node(code, Handler="src/index.handler")
    assert function() == [1, 2, "undefined"]


def test_a_package_of_modules(tenant):
    code = {
        "package.json": '{"type": "module"}',
        "index.js": "import { greet } from 'greeter';\nexport const api = { hello: async (event) => greet(event.name) };\n",
        "node_modules/greeter/package.json": '{"name": "greeter", "exports": "./main.cjs"}',
        "node_modules/greeter/main.cjs": "exports.greet = (name) => `Hello, ${name}!`;\n",
    }
    assert tenant.deploy_node(code, Handler="index.api.hello")({"name": "you"}) == "Hello, you!"


def test_modules_of_a_layer(tenant):
    major = tenant.node.removeprefix("nodejs").removesuffix(".x")
    files = {
        "nodejs/node_modules/general/index.js": "module.exports = 'general';\n",
        "nodejs/node_modules/both/index.js": "module.exports = 'general';\n",
        f"nodejs/node{major}/node_modules/both/index.js": "module.exports = 'for this version';\n",
        "nodejs/node_modules/wrapper/index.js": "exports.handler = async () => require(process.env.LAMBDA_TASK_ROOT + '/app.js');\n",
    }
    layer = tenant.functions.publish_layer_version(LayerName=unique(), Content={"ZipFile": package(files)})
    code = "module.exports = [require('general'), require('both')];\nmodule.exports.handler = async () => module.exports;\n"
    layers = [layer["LayerVersionArn"]]
    assert tenant.deploy_node(code, Layers=layers)() == ["general", "for this version"]
    assert tenant.deploy_node(code, Layers=layers, Handler="wrapper.handler")() == ["general", "for this version"]


def test_the_context_of_a_node_function(tenant):
    function = tenant.deploy_node(
        "exports.handler = async (event, c) => [c.functionName, c.functionVersion, c.invokedFunctionArn, c.memoryLimitInMB,\n"
        "  c.logGroupName, c.logStreamName, c.getRemainingTimeInMillis() > 9000, process.env.AWS_EXECUTION_ENV, process.cwd()];\n",
        MemorySize=256,
    )
    *known, stream, left, runtime, cwd = function()
    assert known == [function.name, "$LATEST", function.arn, "256", function.group]
    assert "/[$LATEST]" in stream and left is True
    assert (runtime, cwd) == (f"AWS_Lambda_{tenant.node}", "/var/task")


def test_node_errors_as_callers_see_them(tenant):
    function = tenant.deploy_node("exports.handler = async () => { throw new TypeError('asked to fail'); };\n")
    answer = function.invoke({})
    assert answer.error == "Unhandled"
    assert (answer.value["errorType"], answer.value["errorMessage"]) == ("TypeError", "asked to fail")
    assert answer.value["trace"][0] == "TypeError: asked to fail" and "/var/task/app.js:1" in answer.value["trace"][1]


@pytest.mark.parametrize(
    "code, handler, kind",
    [
        ("require('absent-module');", "app.handler", "Runtime.ImportModuleError"),
        ("exports.handler = {{;", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("exports.other = 1;", "app.handler", "Runtime.HandlerNotFound"),
        ("", "app", "Runtime.MalformedHandlerName"),
    ],
)
def test_node_functions_that_cannot_start(tenant, code, handler, kind):
    answer = tenant.deploy_node(code, Handler=handler).invoke({})
    assert answer.error == "Unhandled"
    assert answer.value["errorType"] == kind, answer.raw


def test_a_rejection_that_nobody_handles_costs_the_environment_and_nothing_else(tenant):
    function = tenant.deploy_node(
        "let calls = 0;\nexports.handler = async (event) => { calls += 1; if (event.fail) {\n"
        "  Promise.reject(new Error('nobody looks')); await new Promise((done) => setTimeout(done, 5000)); } return calls; };\n"
    )
    assert function({}) == 1
    failed = function.invoke({"fail": True})
    assert failed.value["errorType"] == "Runtime.UnhandledPromiseRejection", failed.raw
    assert function({}) == 1


def test_a_callback_waits_for_the_event_loop(tenant):
    if int(tenant.node.removeprefix("nodejs").removesuffix(".x")) >= 24:
        pytest.skip("callbacks ended with Node.js 22")
    function = tenant.deploy_node(
        "exports.handler = (event, context, callback) => {\n  const result = { done: false };\n"
        "  setTimeout(() => { result.done = true; }, 50);\n  callback(null, result);\n};\n"
    )
    assert function() == {"done": True}


def test_node_log_lines_carry_the_request_and_the_level(tenant):
    function = tenant.deploy_node(
        "exports.handler = async () => { console.log('first\\nsecond %d', 2); console.error('careful'); return 1; };\n"
    )
    answer = function.invoke({}, LogType="Tail")
    assert f"\t{answer.request_id}\tINFO\tfirst\nsecond 2\n" in answer.tail
    assert f"\t{answer.request_id}\tERROR\tcareful\n" in answer.tail
    assert eventually(lambda: any(line.endswith("first\nsecond 2") for line in function.log()))


def test_a_streaming_handler_answers_a_buffered_invocation(tenant):
    function = tenant.deploy_node(
        "exports.handler = awslambda.streamifyResponse(async (event, stream) => {\n"
        "  for (const part of event.parts) { stream.write(part); await null; }\n"
        "  if (event.fail) throw new Error('half way');\n  stream.end();\n});\n"
    )
    assert function.invoke({"parts": ["{", '"a": 1', "}"]}).raw == b'{"a": 1}'
    failed = function.invoke({"parts": ["x"], "fail": True})
    assert failed.error == "Unhandled" and failed.value["errorMessage"] == "half way"
    assert function.invoke({"parts": ["y"]}).raw == b"y"


def test_the_heap_follows_the_memory(tenant):
    code = "const v8 = require('node:v8');\nexports.handler = async () => v8.getHeapStatistics().heap_size_limit / 1048576;\n"
    limits = [tenant.deploy_node(code, MemorySize=size)() for size in (128, 1024)]
    assert 110 < limits[0] < 160 and 900 < limits[1] < 1200, limits


def test_node_threads_subprocesses_and_its_own_loopback(tenant):
    function = tenant.deploy_node(
        """
const { Worker } = require('node:worker_threads'), { execFileSync } = require('node:child_process'), http = require('node:http');
exports.handler = async () => {
  const thread = new Worker("require('node:worker_threads').parentPort.postMessage(6 * 7)", { eval: true });
  const number = await new Promise((done) => thread.once('message', done));
  const server = http.createServer((_, answer) => answer.end('served')).listen(8080, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const page = await (await fetch('http://127.0.0.1:8080')).text();
  server.close();
  return [number, execFileSync('/bin/echo', ['from', 'echo']).toString(), page];
};
""",
        MemorySize=512,
    )
    assert function() == [42, "from echo\n", "served"]


def test_large_node_events_and_answers(tenant):
    function = tenant.deploy_node("exports.handler = async (event) => ({ n: event.text.length, text: event.text });\n", MemorySize=512)
    text = "\u00e4" * 400_000
    assert function({"text": text}) == {"n": len(text), "text": text}


def test_a_node_answer_that_is_too_large(tenant):
    function = tenant.deploy_node("exports.handler = async (event) => 'x'.repeat(event.n);\n", MemorySize=512)
    answer = function.invoke({"n": 7 << 20})
    assert answer.value["errorType"] == "Function.ResponseSizeTooLarge"
    assert json.loads(function.invoke({"n": 10}).raw) == "x" * 10
