"""Runtimes: our python as the official one behaves, native functions, and the official client as a custom runtime."""

import json
import threading

import pytest

from harness.carried_python import carried_python
from harness.clients import eventually, unique
from harness.packages import package


def test_a_native_function(tenant, native):
    function = tenant.deploy(native, Runtime="provided.al2023", Handler="bootstrap")
    answer = function.invoke({"a": [1, "\u00e4"]})
    assert answer.value["echo"] == {"a": [1, "\u00e4"]}
    assert answer.value["requestId"] == answer.request_id and answer.value["arn"] == function.arn
    failed = function.invoke({"fail": True})
    assert failed.error == "Unhandled" and failed.value["errorMessage"] == "asked to fail"
    assert function({"after": 1})["echo"] == {"after": 1}


def test_a_native_function_in_the_older_runtime(tenant, native):
    function = tenant.deploy(native, Runtime="provided.al2", Handler="bootstrap")
    assert function({"a": 1})["echo"] == {"a": 1}


def test_a_package_without_a_bootstrap(tenant):
    function = tenant.deploy({"readme.txt": "nothing"}, Runtime="provided.al2023", Handler="bootstrap")
    answer = function.invoke({})
    assert answer.error == "Unhandled"
    assert answer.value["errorType"] in ("Runtime.InvalidEntrypoint", "Runtime.ExitError"), answer.raw


def test_a_bootstrap_that_is_not_executable(tenant):
    function = tenant.deploy({"bootstrap": "#!/bin/sh\n"}, Runtime="provided.al2023", Handler="bootstrap")
    answer = function.invoke({})
    assert answer.error == "Unhandled"
    assert answer.value["errorType"] in ("Runtime.InvalidEntrypoint", "Runtime.ExitError"), answer.raw


@pytest.mark.parametrize("contents", [b"", b"\x7fELF not really", b"#!/no/such/interpreter\n"])
def test_a_bootstrap_that_the_system_cannot_execute(tenant, contents):
    function = tenant.deploy({"bootstrap*": contents}, Runtime="provided.al2023", Handler="bootstrap")
    answer = function.invoke({})
    assert answer.error == "Unhandled"
    assert answer.value["errorType"] == "Runtime.InvalidEntrypoint", answer.raw
    assert "bootstrap" in answer.value["errorMessage"]


def test_a_shell_bootstrap_finds_the_base_set(tenant):
    script = "#!/bin/sh\nset -e\ncat /etc/passwd | head -n 1\ndate -u +%Y\nls / | tr '\\n' ' '\nsleep 0\nexit 9\n"
    function = tenant.deploy({"bootstrap*": script}, Runtime="provided.al2023", Handler="bootstrap")
    answer = function.invoke({})
    assert answer.value["errorType"] == "Runtime.ExitError" and "exit status 9" in answer.value["errorMessage"]
    assert eventually(lambda: any({"var", "tmp", "usr"} <= set(line.split()) for line in function.log()))


@pytest.mark.limit(120)
def test_the_official_python_client_as_a_custom_runtime(tenant):
    code = carried_python(
        "def handler(event, context):\n"
        "    if event.get('fail'):\n        raise ValueError('asked to fail')\n"
        "    return {'echo': event, 'id': context.aws_request_id}\n"
    )
    function = tenant.deploy(code, Runtime="provided.al2023", Handler="app.handler", MemorySize=512, Timeout=20)
    answer = function.invoke({"a": "\u00e4"})
    assert answer.error is None, answer.raw
    assert answer.value == {"echo": {"a": "\u00e4"}, "id": answer.request_id}
    failed = function.invoke({"fail": True})
    assert failed.error == "Unhandled"
    assert (failed.value["errorType"], failed.value["errorMessage"]) == ("ValueError", "asked to fail")


# Values for which the official client's serialiser has an answer of its own.
CORNERS = {
    "decimal": "__import__('decimal').Decimal('1.10')",
    "decimal nan": "__import__('decimal').Decimal('NaN')",
    "nan": "[float('nan'), float('inf')]",
    "tuple": "(1, 2)",
    "keys": "{1: 'a', None: 'b', True: 'c', 1.5: 'd'}",
    "named tuple": "__import__('collections').namedtuple('Point', 'x y')(1, 2)",
    "umlaut": "'\u00e4\U0001f980'",
    "control": "'\\x00\\x1f\\u2028\\ud800'",
    "none": "None",
    "bytes": "b'[1, 2]'",
    "bytes inside": "{'a': b'text'}",
    "bad bytes inside": "{'a': b'\\xff'}",
    "set": "{1}",
    "date": "__import__('datetime').date(2026, 1, 1)",
    "long number": "2 ** 70",
    "small number": "1e-300",
}


@pytest.mark.parametrize("case", CORNERS)
def test_python_values_as_the_official_client_serialises_them(tenant, case, monkeypatch):
    """Compared with what the official client itself makes of the same value."""
    from awslambdaric.lambda_runtime_exception import FaultException
    from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

    monkeypatch.setenv("AWS_EXECUTION_ENV", f"AWS_Lambda_{tenant.runtime}")
    function = tenant.deploy(f"def handler(event, context):\n    return {CORNERS[case]}\n")
    answer = function.invoke({})
    try:
        expected, _ = LambdaMarshaller().marshal_response(eval(CORNERS[case]))
    except FaultException as fault:
        assert answer.error == "Unhandled"
        body = answer.value
        assert (body["errorType"], body["errorMessage"]) == (fault.exception_type, fault.msg)
        return
    assert answer.error is None
    assert answer.raw == (expected if isinstance(expected, bytes) else expected.encode("utf-8", "surrogatepass"))


def test_python_finds_modules_beside_the_handler(tenant):
    function = tenant.deploy(
        {
            "src/app.py": "from lib.inner import VALUE\nimport other\ndef handler(event, context):\n    return [VALUE, other.VALUE, __name__]\n",
            "lib/__init__.py": "",
            "lib/inner.py": "VALUE = 1\n",
            "other.py": "VALUE = 2\n",
        },
        Handler="src/app.handler",
    )
    assert function()[:2] == [1, 2]


def test_python_keeps_its_working_directory_and_path(tenant):
    function = tenant.deploy(
        "import os, sys\ndef handler(event, context):\n    return [os.getcwd(), '/var/task' in sys.path, sys.version_info[:2]]\n"
    )
    cwd, on_path, version = function()
    assert (cwd, on_path) == ("/var/task", True)
    assert tenant.runtime == f"python{version[0]}.{version[1]}"


def test_python_has_what_functions_import(tenant):
    modules = ("asyncio ctypes csv datetime decimal email hashlib hmac html http.client json logging lzma multiprocessing "
               "pathlib queue random re secrets sqlite3 ssl statistics struct subprocess tempfile threading unittest "
               "urllib.request uuid xml.etree.ElementTree zipfile zlib zoneinfo").split()
    function = tenant.deploy(
        "import importlib\ndef handler(event, context):\n    failed = {}\n    for name in event:\n        try:\n"
        "            importlib.import_module(name)\n        except Exception as error:\n"
        "            failed[name] = repr(error)\n    return failed\n",
        MemorySize=512,
    )
    failed = function(modules)
    # A python that was built without them has them nowhere.
    for name in list(failed):
        try:
            __import__(name)
        except ImportError:
            failed.pop(name)
    assert failed == {}


def test_python_threads_and_subprocesses_work(tenant):
    function = tenant.deploy(
        """
import subprocess, threading, concurrent.futures
def handler(event, context):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        threads = sorted(pool.map(lambda n: n * n, range(5)))
    shell = subprocess.run(['/bin/sh', '-c', 'echo from the shell'], capture_output=True, text=True).stdout
    return [threads, shell]
"""
    )
    assert function() == [[0, 1, 4, 9, 16], "from the shell\n"]


def test_python_logging_carries_the_request_id(tenant):
    function = tenant.deploy(
        "import logging\nlog = logging.getLogger()\nlog.setLevel('INFO')\n"
        "def handler(event, context):\n    log.info('noted')\n    log.warning('careful')\n    return 1\n"
    )
    answer = function.invoke({}, LogType="Tail")
    assert f"\t{answer.request_id}\tnoted" in answer.tail and "[INFO]\t" in answer.tail
    assert f"\t{answer.request_id}\tcareful" in answer.tail and "[WARNING]\t" in answer.tail


def test_python_large_events_and_answers(tenant):
    function = tenant.deploy("def handler(event, context):\n    return {'n': len(event['text']), 'text': event['text']}\n", MemorySize=512)
    text = "\u00e4\U0001f980" * 200_000
    assert function({"text": text}) == {"n": len(text), "text": text}


def test_python_handler_that_ends_the_interpreter(tenant):
    function = tenant.deploy("import sys\ndef handler(event, context):\n    sys.exit(event.get('status', 1))\n")
    body = function.invoke({"status": 4}).value
    assert body["errorType"] == "Runtime.ExitError"
    assert body["errorMessage"].endswith("Error: Runtime exited with error: exit status 4")


def test_many_threads_of_clients_get_their_own_answers(tenant):
    function = tenant.deploy("def handler(event, context):\n    return event\n", name=unique("many"))
    wrong = []

    def run(number):
        for turn in range(20):
            event = {"number": number, "turn": turn, "pad": "x" * (number * 100)}
            if function(event) != event:
                wrong.append(event)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_unused_files_do_not_matter(tenant):
    files = {f"data/{number}.json": json.dumps({"n": number}) for number in range(500)}
    files["app.py"] = "import json\ndef handler(event, context):\n    return json.load(open(f'data/{event}.json'))\n"
    assert tenant.deploy(package(files))(77) == {"n": 77}
