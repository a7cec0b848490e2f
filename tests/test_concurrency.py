"""A thousand invocations at the same time, as many as an account may have: really running, each in its own environment."""

import hashlib
import http.client
import json
import os
import re
import resource
import selectors
import socket
import time

import pytest

from harness.clients import Tenant, eventually, unique
from harness.platform import FIRST, alive, children, descendants
from harness.signing import send, signed

LIMIT = 1000
MOST_SECONDS_TO_ADMIT = 60


@pytest.fixture(scope="module")
def busy(start, tmp_path_factory):
    """A platform as it comes, but for environments that end soon."""
    config = tmp_path_factory.mktemp("config") / "lambent.toml"
    config.write_text("[worker]\nidle_seconds = 2\n")
    return Tenant(start("--config", str(config)), FIRST)


class Call:
    """One invocation over a connection of its own, whose answer is read later."""

    def __init__(self, platform, name, event):
        path, body = f"/2015-03-31/functions/{name}/invocations", json.dumps(event).encode()
        headers = {**signed(platform, FIRST, "POST", path, body), "content-length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket = socket.create_connection(("127.0.0.1", platform.port))
        self.socket.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)

    def fileno(self):
        return self.socket.fileno()

    def answer(self):
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        body = response.read()
        self.socket.close()
        return response.status, body


def answers(calls):
    """All answers, each read as soon as it is there."""
    with selectors.DefaultSelector() as ready:
        for call in calls:
            ready.register(call, selectors.EVENT_READ)
        left, found = len(calls), []
        while left:
            for key, _ in ready.select(60):
                ready.unregister(key.fileobj)
                found.append(key.fileobj.answer())
                left -= 1
    return found


def running(platform):
    """Native functions that run below the platform."""
    return len(descendants(platform.pid, "bootstrap"))


def descriptors(platform):
    return [len(os.listdir(f"/proc/{pid}/fd")) for pid in [platform.pid, *children(platform.pid)]]


def groups(platform):
    """Control groups of the platform's environments, of whatever kind this machine has."""
    name = "lambent-" + hashlib.sha256(bytes(platform.data.resolve())).hexdigest()[:12]
    own = [folder for folder, below, _ in os.walk("/sys/fs/cgroup") if name in below]
    # An account's group stands between; those of environments are named by their ids.
    below = [group for folder in own for _, groups, _ in os.walk(f"{folder}/{name}") for group in groups]
    return len([group for group in below if re.fullmatch("[0-9a-f]{32}", group)])


def invoke_at_once(platform, name):
    """Status, reason and seconds of one more invocation."""
    path, begun = f"/2015-03-31/functions/{name}/invocations", time.monotonic()
    response = send(platform, "POST", path, signed(platform, FIRST, "POST", path, b"{}"), b"{}")
    return response.status, response.json.get("Reason"), time.monotonic() - begun


@pytest.mark.slow
@pytest.mark.limit(400)
def test_a_thousand_invocations_at_the_same_time(busy, native):
    # A thousand connections are this process's own, and a user's soft limit is often 1,024.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    function = busy.deploy(native, unique("many"), Runtime="provided.al2023", Handler="bootstrap", Timeout=300)
    other = busy.deploy(native, unique("other"), Runtime="provided.al2023", Handler="bootstrap")
    platform = busy.platform
    assert other({"warm": 1})["echo"] == {"warm": 1}
    assert eventually(lambda: running(platform) == 0, 30)
    idle, groups_before = descriptors(platform), groups(platform)

    release = time.time() + MOST_SECONDS_TO_ADMIT
    begun = time.monotonic()
    calls = [Call(platform, function.name, {"until": int(release * 1000)}) for _ in range(LIMIT)]
    sent = time.monotonic() - begun
    looked = time.monotonic()
    assert busy.functions.get_function(FunctionName=other.name)["Configuration"]["State"] == "Active"
    looked = time.monotonic() - looked
    begins = running(platform)
    assert eventually(lambda: running(platform) == LIMIT, MOST_SECONDS_TO_ADMIT - 20, 0.5), running(platform)
    admitted = time.monotonic() - begun
    resident = platform.resident_bytes() >> 20
    used = descriptors(platform)
    if os.geteuid() == 0:
        assert groups(platform) > LIMIT
    for name in (function.name, other.name):
        status, reason, seconds = invoke_at_once(platform, name)
        assert (status, reason) == (429, "ConcurrentInvocationLimitExceeded")
        assert seconds < 1, seconds
    assert running(platform) == LIMIT and time.time() < release, "they ran all the time"

    results = answers(calls)
    assert {status for status, _ in results} == {200}
    ids = {json.loads(body)["requestId"] for _, body in results}
    assert len(ids) == LIMIT
    assert invoke_at_once(platform, function.name)[0] == 200, "the refusals end with the overload"
    left = descendants(platform.pid)
    assert eventually(lambda: running(platform) == 0, 60, 0.2)
    assert eventually(lambda: groups(platform) == groups_before, 10), groups(platform)
    # Connections of clients and of the store come and go.
    near_idle = lambda: all(now <= before + 10 for now, before in zip(descriptors(platform), idle))
    assert eventually(near_idle, 30), (descriptors(platform), idle)
    helpers = children(platform.pid)
    assert eventually(lambda: set(alive(left)) <= set(helpers), 10)
    print(
        f"\n{LIMIT} invocations sent in {sent:.1f} s, all running after {admitted:.1f} s; platform and spawner resident "
        f"{resident} MB; descriptors {idle} idle, {used} busy; GetFunction took {looked:.2f} s when {begins} ran"
    )
