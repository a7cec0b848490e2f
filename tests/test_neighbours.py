"""What one account's functions leave to another account, when they take all that they can get."""

import json
import threading
import time

import pytest

from harness.clients import Tenant, eventually
from harness.packages import ECHO
from harness.platform import FIRST, SECOND

# Each takes some ten seconds of holding on.
pytestmark = pytest.mark.slow

SLEEPER = """
import time
def handler(event, context):
    time.sleep(event['sleep'])
"""

# Sends all but the last bytes of requests of 70 MB, and then one byte a second. Nobody signed them: the id of a key is
# enough for a body to be read.
HOARDER = """
import os, socket, threading, time
SIZE, PIECE = 70_000_000, b'x' * 65_536
def request():
    now = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())
    names = ['content-type', 'host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token']
    scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/{now[:8]}/{os.environ['AWS_REGION']}/lambda/aws4_request"
    fields = ['POST /2015-03-31/functions HTTP/1.1', 'Host: 127.0.0.1:9002', 'Content-Type: application/json',
        f'Content-Length: {SIZE}', f'X-Amz-Date: {now}', 'X-Amz-Content-Sha256: ' + '0' * 64,
        'X-Amz-Security-Token: ' + os.environ['AWS_SESSION_TOKEN'],
        f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(names)}, Signature={'0' * 64}"]
    return '\\r\\n'.join(fields + ['', '']).encode()
def hoard(until):
    while time.time() < until:
        try:
            with socket.create_connection(('127.0.0.1', 9002)) as connection:
                connection.sendall(request())
                for _ in range(SIZE // len(PIECE)):
                    connection.sendall(PIECE)
                while time.time() < until:
                    time.sleep(1)
                    connection.sendall(b'x')
        except OSError:
            pass
def handler(event, context):
    until = time.time() + event['seconds']
    threads = [threading.Thread(target=hoard, args=(until,)) for _ in range(12)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""


@pytest.fixture(scope="module")
def two(start, tmp_path_factory):
    """Two accounts on a small worker: two environments of the largest size leave less than a small one takes."""
    config = tmp_path_factory.mktemp("config") / "lambent.toml"
    config.write_text(
        "[worker]\nmax_environments = 16\nmax_committed_mb = 21600\n[server]\nbody_budget_mb = 280\n"
    )
    platform = start("--config", str(config))
    return Tenant(platform, FIRST), Tenant(platform, SECOND)


def held(function, event, times):
    """Invocations that go on in the background."""
    calls = [threading.Thread(target=lambda: attempt(function, event)) for _ in range(times)]
    for call in calls:
        call.start()
    return calls


def attempt(function, event):
    """An invocation that may be refused: its error, if it has one."""
    client = function.tenant.functions
    try:
        answer = client.invoke(FunctionName=function.name, Payload=json.dumps(event))
        return answer.get("FunctionError")
    except client.exceptions.ClientError as error:
        return error.response["Error"]["Code"]


@pytest.mark.parametrize("memory", [128, 10_240], ids=["environments", "memory"])
def test_an_account_that_takes_all_it_can_get_leaves_others_environments(two, memory):
    greedy, other = two
    function = greedy.deploy(SLEEPER, MemorySize=memory, Timeout=20)
    calls = held(function, {"sleep": 8}, 24)
    try:
        assert eventually(lambda: attempt(function, {"sleep": 0}) == "TooManyRequestsException")
        assert other.deploy(ECHO)({"a": 1}) is not None
    finally:
        for call in calls:
            call.join()


def test_an_account_that_sends_all_it_can_leaves_others_room_for_bodies(two):
    greedy, other = two
    hoarder, echo = greedy.deploy(HOARDER, MemorySize=512, Timeout=15), other.deploy(ECHO)
    echo({})
    calls = held(hoarder, {"seconds": 14}, 1)
    try:
        time.sleep(4)
        for _ in range(3):
            begun = time.monotonic()
            assert attempt(echo, {"text": "x" * 2_000_000}) is None
            assert time.monotonic() - begun < 5
    finally:
        for call in calls:
            call.join()
