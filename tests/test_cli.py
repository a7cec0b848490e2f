"""The AWS CLI, unmodified, from the first role to the last deletion; both versions."""

import json

import pytest

from harness.clients import TRUST, eventually, unique
from harness.packages import package, python

FIRST_CODE = "def handler(event, context):\n    print('hello from the first')\n    return {'answer': event['n'] + 1}\n"
SECOND_CODE = "def handler(event, context):\n    return {'answer': event['n'] + 2}\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "trust.json").write_text(TRUST)
    (tmp_path / "event.json").write_text('{"n": 41}')
    (tmp_path / "first.zip").write_bytes(python(FIRST_CODE))
    (tmp_path / "second.zip").write_bytes(python(SECOND_CODE))
    return tmp_path


def invoke(cli, files, name, *options):
    out = files / "out.json"
    event = f"fileb://{files / 'event.json'}"
    answer = cli("lambda", "invoke", "--function-name", name, "--payload", event, *options, str(out))
    return answer, json.loads(out.read_text())


def create(cli, files, name, runtime, handler, code):
    role = unique("role")
    trust = f"file://{files / 'trust.json'}"
    made = cli("iam", "create-role", "--role-name", role, "--assume-role-policy-document", trust)
    arn = made["Role"]["Arn"]
    assert arn == f"arn:aws:iam::123456789012:role/{role}"
    options = ["--function-name", name, "--runtime", runtime, "--role", arn, "--handler", handler]
    made = cli("lambda", "create-function", *options, "--zip-file", f"fileb://{code}")
    assert (made["FunctionName"], made["Role"], made["State"]) == (name, arn, "Pending")
    cli("lambda", "wait", "function-active-v2", "--function-name", name)


@pytest.mark.limit(120)
def test_a_python_function_from_role_to_deletion(cli, files, tenant):
    name = unique()
    create(cli, files, name, tenant.runtime, "app.handler", files / "first.zip")
    answer, value = invoke(cli, files, name)
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert value == {"answer": 42}
    update = ["lambda", "update-function-code", "--function-name", name]
    changed = cli(*update, "--zip-file", f"fileb://{files / 'second.zip'}")
    assert changed["LastUpdateStatus"] in ("InProgress", "Successful")
    cli("lambda", "wait", "function-updated-v2", "--function-name", name)
    _, value = invoke(cli, files, name)
    assert value == {"answer": 43}
    cli("lambda", "delete-function", "--function-name", name)
    gone = cli.run("lambda", "get-function", "--function-name", name)
    assert gone.returncode == 254 or gone.returncode == 255
    assert "ResourceNotFoundException" in gone.stderr
    assert f"Function not found: arn:aws:lambda:us-east-1:123456789012:function:{name}" in gone.stderr


@pytest.mark.limit(120)
def test_a_native_function(cli, files, native):
    (files / "native.zip").write_bytes(native)
    name = unique()
    create(cli, files, name, "provided.al2023", "bootstrap", files / "native.zip")
    answer, value = invoke(cli, files, name)
    assert "FunctionError" not in answer, value
    assert value["echo"] == {"n": 41} and value["function"] == name
    cli("lambda", "delete-function", "--function-name", name)


def test_the_log_tail_of_an_invocation(cli, files, tenant):
    function = tenant.deploy(FIRST_CODE)
    answer, _ = invoke(cli, files, function.name, "--log-type", "Tail")
    import base64

    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "hello from the first" in tail and "REPORT RequestId:" in tail


def test_listings_and_identity(cli, files, tenant):
    function = tenant.deploy()
    listed = cli("lambda", "list-functions")["Functions"]
    assert function.name in [one["FunctionName"] for one in listed]
    assert cli("sts", "get-caller-identity") == {
        "UserId": "123456789012",
        "Account": "123456789012",
        "Arn": "arn:aws:iam::123456789012:root",
    }
    limits = cli("lambda", "get-account-settings")["AccountLimit"]
    assert limits["ConcurrentExecutions"] == 1000
    assert limits["CodeSizeUnzipped"] == 262144000


def test_logs_tail_shows_what_a_function_printed(cli2, files, tenant):
    function = tenant.deploy(FIRST_CODE)
    assert function({"n": 1}) == {"answer": 2}
    group = f"/aws/lambda/{function.name}"

    def printed():
        done = cli2.run("logs", "tail", group, "--since", "5m", "--format", "short")
        return done.stdout if "hello from the first" in done.stdout else ""

    text = eventually(printed, 15, 0.3)
    assert "hello from the first" in text
    assert "START RequestId:" in text and "END RequestId:" in text and "REPORT RequestId:" in text


def test_a_failing_command_says_why(cli, files, tenant):
    done = cli.run("lambda", "create-function", "--function-name", "bad name!", "--runtime", tenant.runtime,
                   "--role", tenant.role, "--handler", "a.b", "--zip-file", f"fileb://{files / 'first.zip'}")
    assert done.returncode != 0
    assert "1 validation error detected: Value 'bad name!' at 'functionName'" in done.stderr


def test_a_zip_made_of_folders(cli, files, tenant):
    (files / "deep.zip").write_bytes(
        package({"pkg/__init__.py": "", "pkg/inner/__init__.py": "", "pkg/inner/app.py": FIRST_CODE})
    )
    name = unique()
    create(cli, files, name, tenant.runtime, "pkg/inner/app.handler", files / "deep.zip")
    _, value = invoke(cli, files, name)
    assert value == {"answer": 42}
