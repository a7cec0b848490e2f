"""Inputs that must not work: each gets the service's own error, leaves nothing behind, and the next call works."""

import io
import json
import os
import zipfile

import pytest

from harness.clients import error_of, eventually, files_below, unique
from harness.packages import ECHO, package, python


def create(tenant, code, **options):
    name = unique()
    request = {
        "FunctionName": name,
        "Runtime": tenant.runtime,
        "Handler": "app.handler",
        "Role": tenant.role,
        "Code": {"ZipFile": code},
        **options,
    }
    return name, error_of(tenant.functions.create_function, **request)


def blobs(tenant):
    return {file.relative_to(tenant.platform.data) for file in files_below(tenant.platform.data / "blobs")}


@pytest.fixture
def nothing_left(tenant):
    """Neither a function nor a blob stays behind."""
    tenant.role, tenant.runtime
    before = blobs(tenant)
    yield
    assert eventually(lambda: blobs(tenant) <= before, 5), blobs(tenant) - before


def refused(tenant, code, expected="InvalidParameterValueException", status=400):
    name, (error, message, http) = create(tenant, code)
    assert (error, http) == (expected, status), message
    assert error_of(tenant.functions.get_function, FunctionName=name)[0] == "ResourceNotFoundException"
    return message


@pytest.mark.parametrize("code", [b"not a zip at all", b"PK\x03\x04" + b"\0" * 60, python(ECHO)[:-30]])
def test_a_broken_zip(tenant, nothing_left, code):
    message = refused(tenant, code)
    assert "Could not unzip uploaded file. Please check your file, then try to upload again." in message


def test_an_entry_with_a_wrong_checksum(tenant, nothing_left):
    good = package({"app.py": ECHO}, zipfile.ZIP_STORED)
    at = good.index(b"def handler")
    refused(tenant, good[:at] + b"DEF" + good[at + 3 :])


def test_an_empty_zip(tenant, nothing_left):
    message = refused(tenant, package({}))
    assert "empty" in message.lower() or "unzip" in message


def test_a_zip_bomb(tenant, nothing_left):
    message = refused(tenant, package({"app.py": ECHO, "zeros": b"\0" * 270_000_000}))
    assert "Unzipped size must be smaller than 262144000 bytes" in message


def test_a_zip_bomb_that_lies_about_its_size(tenant, nothing_left):
    size = 280_000_000
    bomb = bytearray(package({"zeros": b"\0" * size}))
    true, false = size.to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert bomb.count(true) == 2
    refused(tenant, bytes(bomb.replace(true, false)))


@pytest.mark.parametrize(
    "name", ["../escape.py", "a/../../escape.py", "/etc/escape", "..\\escape.py", "C:\\escape.py", "a/\0b", "x" * 300]
)
def test_a_zip_that_reaches_outside(tenant, nothing_left, name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", ECHO)
        entry = zipfile.ZipInfo("placeholder")
        entry.filename = name
        archive.writestr(entry, "x")
    refused(tenant, buffer.getvalue())
    assert not any(file.name.startswith("escape") for file in files_below(tenant.platform.data.parent))


def test_a_symbolic_link_that_leads_outside(tenant, nothing_left):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", ECHO)
        link = zipfile.ZipInfo("door")
        link.create_system, link.external_attr = 3, (0o120777 << 16)
        archive.writestr(link, "/etc")
        archive.writestr("door/passwd", "x")
    refused(tenant, buffer.getvalue())


def incompressible(size):
    return package({"app.py": ECHO, "noise": os.urandom(size)}, zipfile.ZIP_STORED)


@pytest.mark.limit(120)
def test_a_zip_over_fifty_megabytes(tenant, nothing_left):
    message = refused(tenant, incompressible(52_430_000), "RequestEntityTooLargeException", 413)
    assert "Zipped size must be smaller than 52428800 bytes" in message


@pytest.mark.limit(120)
def test_a_request_over_its_limit(tenant, nothing_left):
    message = refused(tenant, incompressible(51 * 1024 * 1024), "RequestEntityTooLargeException", 413)
    assert message == "Request must be smaller than 70167211 bytes for the CreateFunction operation"


FAILURES = {
    "wrong handler": (ECHO, "app.nope", "Runtime.HandlerNotFound", "Handler 'nope' missing on module 'app'"),
    "no module": (ECHO, "gone.handler", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'"),
    "no import": ("import nothing_there\n", "app.handler", "Runtime.ImportModuleError",
                  "Unable to import module 'app': No module named 'nothing_there'"),
    "syntax": ("def handler(:\n", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
    "bad name": (ECHO, "nodot", "Runtime.MalformedHandlerName", "Bad handler 'nodot': "),
    "throws": ("def handler(event, context):\n    raise ValueError('no\\nway')\n", "app.handler", "ValueError", "no\nway"),
    "own error": ("class Gone(Exception):\n    pass\ndef handler(event, context):\n    raise Gone({'a': 1})\n",
                  "app.handler", "Gone", "{'a': 1}"),
    "not json": ("def handler(event, context):\n    return object()\n", "app.handler", "Runtime.MarshalError",
                 "Unable to marshal response: Object of type object is not JSON serializable"),
    "exits": ("import os\ndef handler(event, context):\n    os._exit(3)\n", "app.handler", "Runtime.ExitError",
              "RequestId: {id} Error: Runtime exited with error: exit status 3"),
    "exits well": ("import os\ndef handler(event, context):\n    os._exit(0)\n", "app.handler", "Runtime.ExitError",
                   "RequestId: {id} Error: Runtime exited without providing a reason"),
    "killed": ("import os, signal\ndef handler(event, context):\n    os.kill(os.getpid(), signal.SIGKILL)\n",
               "app.handler", "Runtime.ExitError", "RequestId: {id} Error: Runtime exited with error: signal: killed"),
    "times out": ("import time\ndef handler(event, context):\n    time.sleep(60)\n", "app.handler", "Sandbox.Timedout",
                  "RequestId: {id} Error: Task timed out after 1.00 seconds"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_function_that_fails(tenant, case):
    code, handler, kind, message = FAILURES[case]
    function = tenant.deploy(code, Handler=handler, Timeout=1)
    for _ in range(2):
        answer = function.invoke({}, LogType="Tail")
        assert (answer.status, answer.error) == (200, "Unhandled")
        body = answer.value
        assert body["errorType"] == kind, body
        assert body["errorMessage"].startswith(message.replace("{id}", answer.request_id)), body
        assert "REPORT RequestId:" in answer.tail
    other = python("def handler(event, context):\n    return 'well'\n")
    tenant.functions.update_function_code(FunctionName=function.name, ZipFile=other)
    tenant.functions.update_function_configuration(FunctionName=function.name, Handler="app.handler")
    tenant.wait_updated(function.name)
    assert function() == "well"


def test_an_error_tells_where_it_happened(tenant):
    function = tenant.deploy("def inner():\n    raise KeyError('k')\ndef handler(event, context):\n    inner()\n")
    answer = function.invoke({})
    body = answer.value
    assert set(body) == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert body["requestId"] == answer.request_id
    assert '  File "/var/task/app.py", line 4, in handler\n    inner()\n' in body["stackTrace"]
    assert function.invoke({}).value["errorType"] == "KeyError"


def test_too_much_memory(tenant, as_root):
    function = tenant.deploy(
        "def handler(event, context):\n    if event.get('eat'):\n        x = bytearray(300 << 20)\n    return 'well'\n",
        MemorySize=128,
    )
    answer = function.invoke({"eat": True})
    assert (answer.error, answer.value["errorType"]) == ("Unhandled", "Runtime.OutOfMemory"), answer.raw
    assert function({}) == "well"


def test_a_function_of_128_mb_writes_400_to_tmp_and_lives_and_dies_of_200_of_memory(tenant, as_root):
    function = tenant.deploy(
        "def handler(event, context):\n    if event['eat']:\n        x = bytearray(b'x') * (200 << 20)\n"
        "    with open('/tmp/big', 'wb') as f:\n"
        "        for _ in range(400): f.write(b'x' * (1 << 20))\n    return 'well'\n",
        MemorySize=128,
        EphemeralStorage={"Size": 512},
        Timeout=60,
    )
    assert function({"eat": False}) == "well"
    answer = function.invoke({"eat": True})
    assert (answer.error, answer.value["errorType"]) == ("Unhandled", "Runtime.OutOfMemory"), answer.raw
    assert function({"eat": False}) == "well"


def test_a_full_tmp(tenant):
    function = tenant.deploy(
        "import errno\ndef handler(event, context):\n    try:\n        with open('/tmp/big', 'wb') as f:\n"
        "            for _ in range(600): f.write(b'x' * (1 << 20))\n"
        "    except OSError as error:\n        return errno.errorcode[error.errno]\n",
        # A whole CPU: at the smallest size's share, filling half a gigabyte takes as long as the time-out on a slow machine.
        MemorySize=1769,
        Timeout=60,
    )
    assert function({}) == "ENOSPC"


@pytest.mark.limit(120)
def test_a_hundred_megabytes_of_log(tenant):
    function = tenant.deploy(
        "def handler(event, context):\n    line = 'x' * 999\n    for _ in range(100_000): print(line)\n    return 'well'\n",
        Timeout=60,
    )
    assert function.invoke({}, LogType="Tail").value == "well"
    assert tenant.platform.resident_bytes() < 400 << 20


def test_an_answer_of_the_largest_size_and_one_byte_more(tenant):
    function = tenant.deploy("def handler(event, context):\n    return 'x' * (event['size'] - 2)\n")
    assert len(function.invoke({"size": 6_291_556}).raw) == 6_291_556
    answer = function.invoke({"size": 6_291_557})
    assert answer.error == "Unhandled"
    assert answer.value["errorType"] == "Function.ResponseSizeTooLarge"
    assert answer.value["errorMessage"] == "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    assert len(function.invoke({"size": 100}).raw) == 100


# A handler that speaks to the Runtime API behind the back of its own runtime.
MEDDLER = """
import http.client, os, uuid
ME = uuid.uuid4().hex
def post(path, body=b'"meddled"'):
    host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
    api = http.client.HTTPConnection(host, int(port), timeout=5)
    api.request('POST', '/2018-06-01/runtime/' + path, body)
    answer = api.getresponse()
    return [answer.status, answer.read().decode()]
def handler(event, context):
    if event['do'] == 'twice':
        post('invocation/' + context.aws_request_id + '/response')
    if event['do'] == 'other':
        return post('invocation/' + str(uuid.uuid4()) + '/response')
    if event['do'] == 'error':
        return post('invocation/' + str(uuid.uuid4()) + '/error')
    if event['do'] == 'init':
        return post('init/error', b'{}')
    return ME
"""


def test_an_answer_given_twice(tenant):
    function = tenant.deploy(MEDDLER)
    before = function({"do": "nothing"})
    assert function.invoke({"do": "twice"}).raw == b'"meddled"'
    after = function.invoke({"do": "nothing"})
    assert after.error is None and after.value != before, "an environment that broke the protocol was used again"


@pytest.mark.parametrize("what, kind", [("other", "InvalidRequestID"), ("error", "InvalidRequestID"), ("init", "InvalidStateTransition")])
def test_an_answer_to_someone_elses_request(tenant, what, kind):
    function = tenant.deploy(MEDDLER)
    status, body = function({"do": what})
    assert status in (400, 403) and json.loads(body)["errorType"] == kind
    assert function.invoke({"do": "nothing"}).error is None


def test_processes_left_behind_die_with_the_invocation_that_timed_out(tenant):
    function = tenant.deploy(
        """
import os, time
def handler(event, context):
    if event.get('fork'):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
        time.sleep(60)
    return sorted(int(p) for p in os.listdir('/proc') if p.isdigit())
""",
        Timeout=2,
    )
    quiet = function({})
    assert function.invoke({"fork": True}).value["errorType"] == "Sandbox.Timedout"
    assert len(function({})) == len(quiet)
