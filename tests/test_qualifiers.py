"""Versions, aliases and reserved concurrency as clients invoke them."""

import concurrent.futures
import json

import pytest
from botocore.exceptions import ClientError

from harness.clients import error_of, eventually
from harness.packages import python

TELL = """
import time
def handler(event, context):
    time.sleep(event.get('sleep', 0))
    return [%r, context.function_version, context.invoked_function_arn, context.log_stream_name]
"""


@pytest.fixture
def released(tenant):
    """A function with version 1, whose $LATEST is another code."""
    function = tenant.deploy(TELL % "old")
    assert tenant.functions.publish_version(FunctionName=function.name)["Version"] == "1"
    tenant.functions.update_function_code(FunctionName=function.name, ZipFile=python(TELL % "new"))
    tenant.wait_updated(function.name)
    return function


def told(function, **options):
    answer = function.invoke({}, **options)
    assert answer.error is None, answer.raw
    code, version, arn, stream = answer.value
    assert answer.response["ExecutedVersion"] == version and f"/[{version}]" in stream
    return code, version, arn


def test_each_qualifier_runs_its_code(tenant, released):
    tenant.functions.create_alias(FunctionName=released.name, Name="live", FunctionVersion="1")
    assert told(released) == ("new", "$LATEST", released.arn)
    for qualifier, code, version in [("$LATEST", "new", "$LATEST"), ("1", "old", "1"), ("live", "old", "1")]:
        assert told(released, Qualifier=qualifier) == (code, version, f"{released.arn}:{qualifier}")
    in_the_name = tenant.functions.invoke(FunctionName=f"{released.arn}:live", Payload="{}")
    assert json.loads(in_the_name["Payload"].read())[0] == "old"
    tenant.functions.update_alias(FunctionName=released.name, Name="live", FunctionVersion="$LATEST")
    assert told(released, Qualifier="live")[:2] == ("new", "$LATEST")


def test_what_is_not_there(tenant, released):
    for qualifier in ("2", "nobody"):
        code, message, status = error_of(released.invoke, event={}, Qualifier=qualifier)
        assert (code, status) == ("ResourceNotFoundException", 404)
        assert message == f"Function not found: {released.arn}:{qualifier}"
    told(released, Qualifier="1")
    tenant.functions.delete_function(FunctionName=released.name, Qualifier="1")
    assert error_of(released.invoke, event={}, Qualifier="1")[0] == "ResourceNotFoundException"


def test_an_alias_shares_its_invocations_out(tenant, released):
    tenant.functions.publish_version(FunctionName=released.name)
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    tenant.functions.create_alias(
        FunctionName=released.name, Name="live", FunctionVersion="1", RoutingConfig=routing
    )
    seen = [told(released, Qualifier="live")[1] for _ in range(60)]
    assert 10 < seen.count("1") < 50, seen


def test_a_reservation_bounds_its_function_and_nothing_stops_it(tenant, released):
    reserve = lambda count: tenant.functions.put_function_concurrency(
        FunctionName=released.name, ReservedConcurrentExecutions=count
    )
    reserve(2)

    def attempt(_):
        try:
            return released({"sleep": 2})
        except ClientError as error:
            return error.response

    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(attempt, range(5)))
    refused = [answer for answer in answers if isinstance(answer, dict)]
    assert len(refused) == 3
    for response in refused:
        assert response["Error"]["Code"] == "TooManyRequestsException"
        assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    reserve(0)
    for qualifier in ("$LATEST", "1"):
        assert error_of(released.invoke, event={}, Qualifier=qualifier)[::2] == ("TooManyRequestsException", 429)
    tenant.functions.delete_function_concurrency(FunctionName=released.name)
    assert told(released)[0] == "new"


def test_lines_of_every_version_are_in_one_group(tenant, released):
    told(released)
    told(released, Qualifier="1")
    starts = lambda: {line.rsplit("Version: ", 1)[1] for line in released.log() if line.startswith("START ")}
    assert eventually(lambda: starts() == {"$LATEST", "1"}), released.log()
