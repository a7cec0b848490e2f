"""Request-response invocations: the context, payloads, the log tail, reuse of environments and concurrency."""

import base64
import concurrent.futures
import json
import re
import time

import pytest

from harness.clients import error_of, unique

IDENTITY = """
import time, uuid
ME = uuid.uuid4().hex
def handler(event, context):
    time.sleep((event or {}).get('sleep', 0))
    return ME
"""


def test_the_context_and_the_variables(tenant):
    function = tenant.deploy(
        """
import os
def handler(event, context):
    return {
        'name': context.function_name, 'version': context.function_version, 'arn': context.invoked_function_arn,
        'memory': context.memory_limit_in_mb, 'id': context.aws_request_id, 'group': context.log_group_name,
        'stream': context.log_stream_name, 'left': context.get_remaining_time_in_millis(),
        'env': dict(os.environ),
    }
""",
        MemorySize=256,
        Timeout=5,
        Environment={"Variables": {"COLOUR": "gr\u00fcn"}},
    )
    answer = function.invoke()
    value, env = answer.value, answer.value["env"]
    assert (value["name"], value["version"], value["arn"]) == (function.name, "$LATEST", function.arn)
    assert str(value["memory"]) == "256" and value["id"] == answer.request_id
    assert 3000 < value["left"] <= 5000
    assert value["group"] == f"/aws/lambda/{function.name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", value["stream"])
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": value["group"],
        "AWS_LAMBDA_LOG_STREAM_NAME": value["stream"],
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{tenant.runtime}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "_HANDLER": "app.handler",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "TZ": ":UTC",
        "COLOUR": "gr\u00fcn",
    }
    assert {name: env.get(name) for name in expected} == expected


def test_the_answers_headers(tenant):
    answer = tenant.deploy().invoke({"a": [1, 2.5, None, True, "\u00e4\U0001f980"]})
    assert answer.value == {"a": [1, 2.5, None, True, "\u00e4\U0001f980"]}
    assert answer.response["ExecutedVersion"] == "$LATEST"
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.request_id)


@pytest.mark.parametrize("payload", ["null", "1", '"text"', "[]", '{"a": {"b": []}}', '"\\ud83e\\udd80"'])
def test_any_json_is_an_event(tenant, payload, echo):
    assert echo.invoke(Payload=payload).value == json.loads(payload)


@pytest.fixture(scope="module")
def echo(tenant):
    return tenant.deploy(name=unique("echo"))


def test_an_empty_payload_is_an_empty_object(echo):
    assert echo.invoke().value == {}
    assert echo.invoke(Payload=b"").value == {}


@pytest.mark.parametrize("payload", [b"{", b"hello", b'{"a": }', b"\xff\xfe"])
def test_a_payload_that_is_not_json(echo, tenant, payload):
    code, message, status = error_of(tenant.functions.invoke, FunctionName=echo.name, Payload=payload)
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith("Could not parse request body into json: Could not parse payload into json: ")


def test_the_largest_payloads(tenant, echo):
    event = json.dumps("x" * (6_291_456 - 2)).encode()
    assert len(event) == 6_291_456
    assert echo.invoke(Payload=event).raw == event
    code, message, status = error_of(tenant.functions.invoke, FunctionName=echo.name, Payload=event + b" ")
    assert (code, status) == ("RequestEntityTooLargeException", 413)
    assert message == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"


def test_the_client_context(tenant):
    function = tenant.deploy("def handler(event, context):\n    return context.client_context.custom\n")
    context = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    assert function.invoke({}, ClientContext=context).value == {"k": "v"}
    code, _, status = error_of(
        tenant.functions.invoke, FunctionName=function.name, ClientContext=base64.b64encode(b"x" * 2688).decode()
    )
    assert status == 400, code


def test_the_log_tail(tenant):
    function = tenant.deploy("def handler(event, context):\n    print('line one\\nzwei \u00e4\u00f6\u00fc \U0001f980')\n    return 1\n")
    first = function.invoke({}, LogType="Tail")
    lines = first.tail.splitlines()
    assert f"START RequestId: {first.request_id} Version: $LATEST" in lines
    assert "line one" in lines and "zwei \u00e4\u00f6\u00fc \U0001f980" in lines
    assert f"END RequestId: {first.request_id}" in lines
    report = next(line for line in lines if line.startswith("REPORT"))
    assert re.match(
        rf"REPORT RequestId: {first.request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t?$",
        report,
    )
    second = function.invoke({}, LogType="Tail")
    assert "Init Duration" not in second.tail
    assert "LogResult" not in function.invoke({}).response


def test_the_log_tail_is_the_last_four_kilobytes(tenant):
    function = tenant.deploy(
        "def handler(event, context):\n    for n in range(400):\n        print(f'{n} ' + '\u00e4' * 20)\n"
    )
    answer = function.invoke({}, LogType="Tail")
    raw = base64.b64decode(answer.response["LogResult"])
    assert len(raw) <= 4096
    assert "399 " in raw.decode() and "\n17 " not in raw.decode()
    assert raw.decode().splitlines()[-1].startswith("REPORT")


def test_sequential_invocations_use_one_environment(tenant):
    function = tenant.deploy(IDENTITY)
    assert len({function() for _ in range(8)}) == 1


def test_concurrent_cold_invocations_make_no_surplus(tenant):
    function, count = tenant.deploy(IDENTITY), 6
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        seen = list(pool.map(lambda _: function({"sleep": 0.5}), range(count)))
        assert len(set(seen)) == count
        again = list(pool.map(lambda _: function({"sleep": 0.2}), range(count)))
    assert set(again) <= set(seen)
    assert function() in seen


def test_the_most_recently_used_environment_is_taken_first(tenant):
    function = tenant.deploy(IDENTITY)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        long = pool.submit(function, {"sleep": 2})
        short = pool.submit(function, {"sleep": 0.1})
        last = long.result()
    assert short.result() != last
    assert {function() for _ in range(4)} == {last}


def test_cold_starts_of_different_functions_do_not_wait_for_one_another(tenant):
    slow = tenant.deploy("import time\ntime.sleep(6)\ndef handler(event, context):\n    return 'slow'\n")
    quick = tenant.deploy()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow)
        time.sleep(0.2)
        assert quick({"a": 1}) == {"a": 1}
        assert not waiting.done()
        assert waiting.result() == "slow"


def test_a_new_version_of_the_code_gets_new_environments(tenant):
    function = tenant.deploy(IDENTITY)
    before = function()
    tenant.functions.update_function_configuration(FunctionName=function.name, MemorySize=192)
    tenant.wait_updated(function.name)
    assert function() != before


def test_state_of_a_failed_init_is_reported_and_heals(tenant):
    function = tenant.deploy(
        "import os\nif os.environ.get('BROKEN'):\n    raise RuntimeError('not today')\n"
        "def handler(event, context):\n    return 'well'\n",
        Environment={"Variables": {"BROKEN": "1"}},
    )
    answer = function.invoke({})
    assert answer.error == "Unhandled" and answer.status == 200
    assert answer.value["errorMessage"] == "not today" and answer.value["errorType"] == "RuntimeError"
    tenant.functions.update_function_configuration(FunctionName=function.name, Environment={"Variables": {}})
    tenant.wait_updated(function.name)
    assert function() == "well"


def test_event_invocations_are_refused_until_they_are_durable(tenant, echo):
    code, message, status = error_of(tenant.functions.invoke, FunctionName=echo.name, InvocationType="Event")
    assert status in (400, 501), (code, message)
    assert "Event" in message or "InvocationType" in message or "invocationType" in message
