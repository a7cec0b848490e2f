"""What functions print, read back through the logs service."""

import re
import time

import pytest

from harness.clients import error_of, eventually

CODE = """
def handler(event, context):
    for line in event.get('lines', []):
        print(line)
    if event.get('fail'):
        raise ValueError('broken')
    return 1
"""


@pytest.fixture(scope="module")
def function(tenant):
    return tenant.deploy(CODE)


def test_the_lines_around_an_invocation(tenant, function):
    answer = function.invoke({"lines": ["first line", "second line"]})
    written = lambda: any(m.startswith(f"REPORT RequestId: {answer.request_id}") for m in function.log())
    assert eventually(written)
    lines = function.log()
    start = lines.index(f"START RequestId: {answer.request_id} Version: $LATEST")
    assert lines[start - 1].startswith("INIT_START Runtime Version: ")
    assert "Runtime Version ARN: " in lines[start - 1]
    assert lines[start + 1 : start + 4] == ["first line", "second line", f"END RequestId: {answer.request_id}"]
    assert lines[start + 4].startswith(f"REPORT RequestId: {answer.request_id}\tDuration: ")


def test_an_error_is_logged_with_its_status(tenant, function):
    answer = function.invoke({"fail": True})
    report = lambda: [m for m in function.log() if m.startswith(f"REPORT RequestId: {answer.request_id}")]
    assert eventually(report)
    assert any("[ERROR] ValueError: broken" in m for m in function.log())


def test_a_time_out_is_logged(tenant):
    slow = tenant.deploy("import time\ndef handler(event, context):\n    time.sleep(9)\n", Timeout=1)
    answer = slow.invoke({})
    assert answer.value["errorType"] == "Sandbox.Timedout"
    report = lambda: [m for m in slow.log() if m.startswith("REPORT RequestId: " + answer.request_id)]
    assert "Status: timeout" in eventually(report)[0]


def test_groups_and_streams(tenant, function):
    answer = function.invoke({"lines": ["for the stream"]})
    reported = lambda: any(m.startswith(f"REPORT RequestId: {answer.request_id}") for m in function.log())
    assert eventually(reported)
    found = lambda: tenant.logs.describe_log_groups(logGroupNamePrefix=function.group)["logGroups"]
    (described,) = eventually(found)
    assert described["logGroupName"] == function.group
    assert described["arn"] == f"arn:aws:logs:us-east-1:123456789012:log-group:{function.group}:*"
    streams = tenant.logs.describe_log_streams(logGroupName=function.group)["logStreams"]
    assert streams and all(re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", s["logStreamName"]) for s in streams)
    name = streams[-1]["logStreamName"]
    events = tenant.logs.get_log_events(logGroupName=function.group, logStreamName=name, startFromHead=True)
    times = [event["timestamp"] for event in events["events"]]
    assert times == sorted(times) and abs(times[-1] / 1000 - time.time()) < 120
    assert events["nextForwardToken"].startswith("f/") and events["nextBackwardToken"].startswith("b/")
    more = tenant.logs.get_log_events(
        logGroupName=function.group, logStreamName=name, nextToken=events["nextForwardToken"]
    )
    assert more["events"] == [] and more["nextForwardToken"] == events["nextForwardToken"]


def test_patterns(tenant):
    function = tenant.deploy(CODE)
    function({"lines": ["alpha beta", "alpha gamma", "delta", "Alpha upper", 'say "hi there" now']})
    assert eventually(lambda: "delta" in function.log())
    find = lambda pattern: [m for m in function.log(filterPattern=pattern)]
    assert find("alpha") == ["alpha beta", "alpha gamma"]
    assert find("alpha gamma") == ["alpha gamma"]
    assert find("?beta ?delta") == ["alpha beta", "delta"]
    assert find("alpha -gamma") == ["alpha beta"]
    assert find('"hi there"') == ['say "hi there" now']


def test_pages_of_events(tenant):
    function = tenant.deploy(CODE)
    function({"lines": [f"line {number}" for number in range(25)]})
    assert eventually(lambda: "line 24" in function.log())
    seen, token = [], {}
    while True:
        page = tenant.logs.filter_log_events(logGroupName=function.group, limit=10, **token)
        assert len(page["events"]) <= 10
        seen += [event["message"].rstrip("\n") for event in page["events"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert [line for line in seen if line.startswith("line ")] == [f"line {number}" for number in range(25)]


def test_times_bound_the_search(tenant, function):
    function({"lines": ["bounded"]})
    assert eventually(lambda: "bounded" in function.log())
    assert function.log(startTime=int((time.time() + 60) * 1000)) == []
    assert function.log(endTime=int((time.time() - 3600) * 1000)) == []


def test_unknown_groups_and_streams(tenant, function):
    code, message, status = error_of(tenant.logs.filter_log_events, logGroupName="/aws/lambda/nobody")
    assert (code, status) == ("ResourceNotFoundException", 400)
    assert message == "The specified log group does not exist."
    function({})
    code, message, _ = error_of(tenant.logs.get_log_events, logGroupName=function.group, logStreamName="none")
    assert (code, message) == ("ResourceNotFoundException", "The specified log stream does not exist.")


def test_accounts_read_their_own_logs_only(tenant, neighbour, function):
    function({"lines": ["mine alone"]})
    assert eventually(lambda: "mine alone" in function.log())
    assert error_of(neighbour.logs.filter_log_events, logGroupName=function.group)[0] == "ResourceNotFoundException"
