"""Limits of the installation and of the account, set by configuration: what happens at them, and after."""

import concurrent.futures
import os
import time

import pytest
from botocore.exceptions import ClientError

from harness.clients import Tenant, error_of, unique
from harness.packages import ECHO, python
from harness.platform import FIRST

IDENTITY = """
import time, uuid
ME = uuid.uuid4().hex
def handler(event, context):
    time.sleep(event.get('sleep', 0))
    if event.get('fail'):
        raise ValueError('asked to')
    return ME
"""


@pytest.fixture(scope="module")
def small(start, tmp_path_factory):
    """An account of three concurrent invocations, whose unused environments end after a second."""
    config = tmp_path_factory.mktemp("config") / "lambent.toml"
    config.write_text("[account]\nconcurrency = 3\n[worker]\nidle_seconds = 3\nmax_ephemeral_storage = 1024\n")
    return Tenant(start("--config", str(config)), FIRST)


def test_over_the_accounts_concurrency_calls_are_throttled_and_then_it_clears(small):
    function = small.deploy(IDENTITY)

    def attempt(_):
        try:
            return function({"sleep": 3})
        except ClientError as error:
            return error.response

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))
    served = [answer for answer in answers if isinstance(answer, str)]
    throttled = [answer for answer in answers if not isinstance(answer, str)]
    assert len(served) == 3 and len(set(served)) == 3
    for response in throttled:
        assert response["Error"]["Code"] == "TooManyRequestsException"
        assert response["Error"]["Message"] == "Rate Exceeded."
        assert response["Reason"] == "ConcurrentInvocationLimitExceeded"
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert "retry-after" in response["ResponseMetadata"]["HTTPHeaders"]
    assert function({}) in served


def test_the_limit_is_the_accounts_own(small):
    assert small.functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 3


def test_an_unused_environment_ends(small):
    function = small.deploy(IDENTITY)
    first = function({})
    assert function({}) == first
    time.sleep(7)
    assert function({}) != first


def test_more_temporary_storage_than_the_installation_gives(small):
    code, message, status = error_of(
        small.functions.create_function, FunctionName=unique(), Runtime=small.runtime, Handler="app.handler",
        Role=small.role, Code={"ZipFile": python(ECHO)}, EphemeralStorage={"Size": 2000},
    )
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert "worker.max_ephemeral_storage" in message


def test_temporary_storage_has_the_size_that_was_asked_for(small):
    function = small.deploy(
        "import os\ndef handler(event, context):\n    s = os.statvfs('/tmp')\n    return s.f_blocks * s.f_frsize >> 20\n",
        EphemeralStorage={"Size": 1024},
    )
    assert function() == 1024


def test_an_environment_survives_an_exception_but_not_a_time_out(tenant):
    function = tenant.deploy(IDENTITY, Timeout=1)
    first = function({})
    assert function.invoke({"fail": True}).value["errorType"] == "ValueError"
    assert function({}) == first
    assert function.invoke({"sleep": 5}).value["errorType"] == "Sandbox.Timedout"
    assert function({}) != first


OFF = {
    "Layers": [],
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    "TracingConfig": {"Mode": "PassThrough"},
    "PackageType": "Zip",
    "Publish": False,
    "EphemeralStorage": {"Size": 512},
    "SnapStart": {"ApplyOn": "None"},
    "LoggingConfig": {"LogFormat": "Text"},
}


def test_what_tools_send_as_a_matter_of_course_is_taken(tenant):
    assert tenant.deploy(**OFF)({"a": 1}) == {"a": 1}


NOT_BUILT = {
    "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    "TracingConfig": {"Mode": "Active"},
    "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:q"},
    "KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
    "SnapStart": {"ApplyOn": "PublishedVersions"},
    "FileSystemConfigs": [
        {"Arn": "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0",
         "LocalMountPath": "/mnt/x"}
    ],
}


@pytest.mark.parametrize("parameter", NOT_BUILT)
def test_what_has_no_effect_yet_is_refused_by_name(tenant, parameter):
    name = unique()
    code, message, status = error_of(
        tenant.functions.create_function, FunctionName=name, Runtime=tenant.runtime, Handler="app.handler",
        Role=tenant.role, Code={"ZipFile": python(ECHO)}, **{parameter: NOT_BUILT[parameter]},
    )
    assert (code, status) == ("InvalidParameterValueException", 400), message
    assert parameter.lower() in message.lower()
    assert error_of(tenant.functions.get_function, FunctionName=name)[0] == "ResourceNotFoundException"


SEEN = """
import os, re
def handler(event, context):
    read = lambda path: open(path).read()
    return {
        'memory_kb': int(re.search(r'MemTotal: *(\\d+) kB', read('/proc/meminfo'))[1]),
        'processors': [os.cpu_count(), read('/proc/cpuinfo').count('processor\\t')],
        'load': read('/proc/loadavg').split()[:3],
        'root_mb': os.statvfs('/').f_blocks * os.statvfs('/').f_frsize >> 20,
    }
"""


@pytest.mark.parametrize("memory", [128, 1769, 3538])
def test_a_function_sees_what_it_has(tenant, memory):
    seen = tenant.deploy(SEEN, MemorySize=memory)({})
    processors = min(-(-(memory * 1000 // 1769) // 1000), os.cpu_count())
    assert seen == {
        "memory_kb": memory << 10,
        "processors": [processors, processors],
        "load": ["0.00"] * 3,
        "root_mb": 256,
    }
