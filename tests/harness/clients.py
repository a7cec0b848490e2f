"""boto3 clients, the AWS CLI of both versions, and functions deployed through them."""

import base64
import itertools
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from .packages import ECHO, package, python
from .platform import REGION

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)

# One attempt: a retry would hide an answer that should not have come.
CONFIG = Config(
    retries={"total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=64,
    parameter_validation=True,
)
UNCHECKED = CONFIG.merge(Config(parameter_validation=False))


def unique(prefix="f"):
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class Caller:
    """The clients of one access key."""

    def __init__(self, platform, key, secret, token=None, config=CONFIG):
        self.platform, self.key, self.secret, self.token = platform, key, secret, token
        self._session = boto3.Session(key, secret, token, REGION)
        self._config, self._clients = config, {}

    def client(self, service):
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service, endpoint_url=self.platform.address, config=self._config
            )
        return self._clients[service]

    @property
    def functions(self):
        return self.client("lambda")

    @property
    def iam(self):
        return self.client("iam")

    @property
    def sts(self):
        return self.client("sts")

    @property
    def logs(self):
        return self.client("logs")

    def unchecked(self):
        """The same key, without botocore's own checks of parameters."""
        return Caller(self.platform, self.key, self.secret, self.token, UNCHECKED)


class Tenant(Caller):
    """The root user of an account, with an execution role and a way to deploy."""

    def __init__(self, platform, account, runtime=None):
        super().__init__(platform, account.key, account.secret)
        self.account = account
        self._runtime, self._role = runtime, None

    @property
    def role(self):
        """The ARN of a role that Lambda may assume; made at first use."""
        if self._role is None:
            name = unique("role")
            answer = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
            self._role = answer["Role"]["Arn"]
        return self._role

    @property
    def runtime(self):
        """A python runtime of this platform; asked for through the service's own error message."""
        if self._runtime is None:
            self._runtime = next(name for name in self.runtimes() if name.startswith("python"))
        return self._runtime

    @property
    def node(self):
        """A node runtime of this platform."""
        found = [name for name in self.runtimes() if name.startswith("nodejs")]
        if not found:
            pytest.skip("this platform found no node")
        return found[-1]

    def deploy_node(self, code, **options):
        """A function of app.js, or of several files."""
        files = {"app.js": code} if isinstance(code, str) else code
        return self.deploy(files, Runtime=self.node, **options)

    def runtimes(self):
        """The runtimes that this platform offers, as its error message lists them."""
        client = self.unchecked().functions
        try:
            client.create_function(
                FunctionName=unique(),
                Runtime="cobol",
                Handler="a.b",
                Role=self.role,
                Code={"ZipFile": python(ECHO)},
            )
        except client.exceptions.InvalidParameterValueException as error:
            message = error.response["Error"]["Message"]
            return [name.strip() for name in message.split("[", 1)[1].split("]", 1)[0].split(",")]
        raise AssertionError("the runtime cobol was accepted")

    def deploy(self, code=ECHO, name=None, **options):
        """An active function; `code` is python source, a zip, or a mapping of files."""
        if isinstance(code, dict):
            code = package(code)
        elif isinstance(code, str):
            code = python(code)
        name = name or unique()
        request = {"Runtime": None, "Handler": "app.handler", "Role": self.role, "Timeout": 10, **options}
        request["Runtime"] = request["Runtime"] or self.runtime
        self.functions.create_function(FunctionName=name, Code={"ZipFile": code}, **request)
        self.wait_active(name)
        return Function(self, name)

    def wait_active(self, name):
        """As SDKs wait, only more often."""
        waiter = self.functions.get_waiter("function_active_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})

    def wait_updated(self, name):
        waiter = self.functions.get_waiter("function_updated_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})


class Function:
    """A deployed function."""

    def __init__(self, tenant, name):
        self.tenant, self.name = tenant, name

    @property
    def arn(self):
        return f"arn:aws:lambda:{REGION}:{self.tenant.account.number}:function:{self.name}"

    def invoke(self, event=None, client=None, **options):
        """One request-response invocation."""
        if event is not None:
            options["Payload"] = json.dumps(event)
        return Answer((client or self.tenant.functions).invoke(FunctionName=self.name, **options))

    def __call__(self, event=None):
        """The value that the handler returned; anything else fails the test."""
        answer = self.invoke(event)
        assert answer.error is None, answer.raw
        return answer.value

    @property
    def group(self):
        return f"/aws/lambda/{self.name}"

    def log(self, **options):
        """The lines written so far; the group comes with the first one, which is written after the answer."""
        logs = self.tenant.logs
        try:
            events = logs.filter_log_events(logGroupName=self.group, **options)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"].rstrip("\n") for event in events]

    def delete(self):
        self.tenant.functions.delete_function(FunctionName=self.name)


class Answer:
    """What an invocation came back with."""

    def __init__(self, response):
        self.response = response
        self.status = response["StatusCode"]
        self.error = response.get("FunctionError")
        self.raw = response["Payload"].read() if "Payload" in response else b""
        self.request_id = response["ResponseMetadata"]["RequestId"]

    @property
    def value(self):
        return json.loads(self.raw)

    @property
    def tail(self):
        return base64.b64decode(self.response["LogResult"]).decode()


class Cli:
    """The AWS CLI, version 1 or 2, as a person runs it."""

    def __init__(self, version, platform, key, secret, home):
        self.version, self.platform = version, platform
        if version == 1:
            self.command = [sys.executable, "-m", "awscli"]
        else:
            self.command = [os.environ["LAMBENT_TEST_AWS2"]]
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def run(self, *args):
        """The finished process, whatever its exit status."""
        command = [*self.command, "--endpoint-url", self.platform.address, *args]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
        )

    def __call__(self, *args):
        """The answer of a command that succeeds: a value when it is JSON, else text."""
        done = self.run(*args, "--output", "json")
        assert done.returncode == 0, f"{' '.join(args)}:\n{done.stdout}\n{done.stderr}"
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout


def eventually(check, seconds=10, pause=0.05):
    """The first true answer of `check`, or its last answer when the time is over."""
    end = time.monotonic() + seconds
    for _ in itertools.count():
        answer = check()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(pause)


def files_below(path):
    """Every regular file below a folder."""
    return [file for file in Path(path).rglob("*") if file.is_file() and not file.is_symlink()]


def error_of(call, **request):
    """Code, message and HTTP status of the error that a call must give."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    response = caught.value.response
    error = response["Error"]
    return error["Code"], error["Message"], response["ResponseMetadata"]["HTTPStatusCode"]
