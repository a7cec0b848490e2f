"""One way to call any operation through any client: boto3, both versions of the AWS CLI, the JavaScript SDK.

A tongue is called as `tongue("lambda", "CreateAlias", FunctionName=…)` and answers with the members of the output; a
refusal raises `Refused`. What each has called is in `spoken`.
"""

import base64
import datetime
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from botocore import xform_name
from botocore.exceptions import ClientError

from .platform import REGION

HERE = Path(__file__).parent


class Refused(Exception):
    """The service's error."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Boto:
    """boto3."""

    def __init__(self, caller):
        self.caller, self.spoken = caller, set()

    def __call__(self, service, operation, **members):
        self.spoken.add((service, operation))
        try:
            output = getattr(self.caller.client(service), xform_name(operation))(**members)
        except ClientError as error:
            raise Refused(error.response["Error"]["Code"], error.response["Error"]["Message"]) from None
        output.pop("ResponseMetadata", None)
        if operation == "Invoke":
            output["Payload"] = output["Payload"].read()
        return output

    def close(self):
        pass


class Lines:
    """A child that answers each line of JSON with one."""

    def __init__(self, command, environment):
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        )
        self.spoken = set()

    def ask(self, question):
        self.child.stdin.write(json.dumps(question, default=encoded) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        assert line, f"the client ended with {self.child.wait(10)}"
        return json.loads(line, object_hook=decoded)

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait(10)


class JavaScript(Lines):
    """The JavaScript SDK, version 3."""

    def __init__(self, platform, key, secret, modules):
        script = Path(modules).parent / "call.mjs"
        super().__init__(["node", str(script)], environment(platform, key, secret))

    def __call__(self, service, operation, **members):
        self.spoken.add((service, operation))
        answer = self.ask({"service": service, "operation": operation, "input": members})
        if "error" in answer:
            raise Refused(answer["error"]["code"], answer["error"]["message"])
        return answer["output"]


class CommandLine(Lines):
    """The AWS CLI, its commands given to it one after the other within one process."""

    def __init__(self, interpreter, version, platform, key, secret, folder):
        self.version, self.folder, self.count = version, Path(folder), 0
        settings = {**environment(platform, key, secret), "HOME": str(folder), "AWS_PAGER": ""}
        # Version 1 of some distributions' age doesn't read the variable.
        self.endpoint = platform.address
        super().__init__([interpreter, str(HERE.parent / "command-line/loop.py")], settings)

    def speaks_json_to_queues(self):
        """Before version 2.14 (and 1.31) the command spoke the query protocol to SQS."""
        told = self.ask({"arguments": ["--version"]})
        found = re.search(r"aws-cli/(\d+)\.(\d+)", told["out"] + told["err"])
        major, minor = map(int, found.groups())
        return minor >= (14 if major == 2 else 31)

    def __call__(self, service, operation, **members):
        self.spoken.add((service, operation))
        command = [service, xform_name(operation, "-"), "--endpoint-url", self.endpoint, "--no-paginate"]
        outfile = self.take_files(operation, members, command)
        if members:
            command += ["--cli-input-json", json.dumps(members, default=str)]
        answer = self.ask({"arguments": command + ([str(outfile)] if outfile else [])})
        if answer["status"] != 0:
            found = re.search(r"An error occurred \(([\w.]+)\) when calling the \w+ operation(?: \(reached max retries: \d+\))?: (.*)", answer["err"], re.S)
            assert found, answer["err"]
            raise Refused(found.group(1), found.group(2).strip())
        output = json.loads(answer["out"]) if answer["out"].strip() else {}
        if outfile:
            output["Payload"] = outfile.read_bytes()
        return output

    def take_files(self, operation, members, command):
        """Bytes are given as files: `--cli-input-json` takes them differently in the two versions."""
        if operation == "Invoke":
            command += ["--payload", self.file(members.pop("Payload", b"{}"))]
            # The command insists on its options, and on a file for the answer.
            for name in list(members):
                command += [f"--{xform_name(name, '-')}", members.pop(name)]
            self.count += 1
            return self.folder / f"out-{self.count}"
        code = members.get("Code") or members.get("Content") or members
        zip_file = code.pop("ZipFile", None)
        if zip_file is not None:
            for empty in ("Code", "Content"):
                if members.get(empty) == {}:
                    del members[empty]
            command += ["--zip-file", self.file(zip_file)]
        return None

    def file(self, data):
        self.count += 1
        path = self.folder / f"in-{self.count}"
        path.write_bytes(data)
        return f"fileb://{path}"


def environment(platform, key, secret):
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": platform.address,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def encoded(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value)} in a call")


def decoded(members):
    return base64.b64decode(members["$bytes"]) if set(members) == {"$bytes"} else members


def interpreter_of(program):
    """The Python that a script runs with, by its first line."""
    first = Path(program).read_bytes().split(b"\n", 1)[0].decode()
    found = re.match(r"#!\s*(\S*python\S*)", first)
    return found.group(1) if found else sys.executable
