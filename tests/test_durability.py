"""What was answered is there after `kill -9`, and nothing of the platform outlives it."""

import hashlib
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from harness.clients import TRUST, Function, Tenant, eventually, unique
from harness.packages import ECHO, python
from harness.platform import FIRST, alive, descendants

ROUNDS = 50


def mounts():
    return Path("/proc/self/mountinfo").read_text().count("\n")


def cgroups(data):
    """Control groups of the platform with that data folder."""
    name = "lambent-" + hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]
    return sorted(str(path) for path in Path("/sys/fs/cgroup").rglob(f"{name}*") if path.is_dir())


def namespaces(processes):
    """Namespaces, other than our own, that these processes are in."""
    found = set()
    for pid in processes:
        for kind in ("net", "mnt", "pid", "ipc", "uts"):
            try:
                found.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
            except OSError:
                continue
    return found - {os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt", "pid", "ipc", "uts")}


class Traces:
    """What a running platform has made, to be looked for once it is gone."""

    def __init__(self, platform):
        self.mounts = mounts()
        self.processes = descendants(platform.pid)
        self.namespaces = namespaces(self.processes)

    def gone(self):
        assert eventually(lambda: not alive(self.processes), 10), f"still alive: {alive(self.processes)}"
        everyone = lambda: namespaces(filter(str.isdigit, os.listdir("/proc")))
        assert eventually(lambda: not self.namespaces & everyone(), 10)
        assert mounts() <= self.mounts


class Writer(threading.Thread):
    """Writes and deletes functions until the platform goes away, and remembers what was answered."""

    def __init__(self, tenant, role, runtime, number):
        super().__init__(daemon=True)
        self.client, self.role, self.runtime = tenant.functions, role, runtime
        self.number, self.turn = number, 0
        self.there, self.gone, self.unknown = {}, set(), set()

    def run(self):
        try:
            while True:
                self.one_turn()
        except (ClientError, BotoCoreError):
            pass

    def one_turn(self):
        self.turn += 1
        name = unique(f"w{self.number}")
        self.unknown.add(name)
        made = self.client.create_function(
            FunctionName=name, Runtime=self.runtime, Handler="app.handler", Role=self.role,
            Code={"ZipFile": python(ECHO)}, Description=f"turn {self.turn}",
        )
        self.there[name] = made["CodeSha256"]
        self.unknown.discard(name)
        if self.turn % 3 == 0:
            victim = random.choice(list(self.there))
            self.unknown.add(victim)
            sha = self.there.pop(victim)
            self.client.delete_function(FunctionName=victim)
            self.unknown.discard(victim)
            self.gone.add(victim)
            assert sha


class Invoker(threading.Thread):
    """Keeps environments busy until the platform goes away."""

    def __init__(self, function):
        super().__init__(daemon=True)
        self.function, self.answers = function, 0

    def run(self):
        try:
            while True:
                self.function({"n": self.answers})
                self.answers += 1
        except (ClientError, BotoCoreError):
            pass


def listed(tenant):
    pages = tenant.functions.get_paginator("list_functions").paginate()
    return {one["FunctionName"]: one["CodeSha256"] for page in pages for one in page["Functions"]}


@pytest.mark.slow
@pytest.mark.limit(900)
def test_kill_fifty_times_during_writes_and_invocations(start, tmp_path):
    there, gone, unknown, role, runtime, answers, writes = {}, set(), set(), None, None, 0, 0
    for round_number in range(ROUNDS):
        platform = start(data=tmp_path / "data")
        tenant = Tenant(platform, FIRST, runtime)
        now = listed(tenant) if round_number else {}
        lost = {name for name, sha in there.items() if now.get(name) != sha} - unknown
        assert not lost, f"round {round_number}: answered and lost: {sorted(lost)}"
        assert not gone & set(now), f"round {round_number}: deleted and back: {sorted(gone & set(now))}"
        if round_number == 0:
            role, runtime = tenant.role, tenant.runtime
            tenant.deploy(name="busy")
            there["busy"] = listed(tenant)["busy"]
        tenant._role = role
        invoker = Invoker(Function(tenant, "busy"))
        writers = [Writer(Tenant(platform, FIRST, runtime), role, runtime, number) for number in range(3)]
        for thread in (invoker, *writers):
            thread.start()
        time.sleep(random.uniform(0.05, 0.6))
        traces = Traces(platform)
        platform.kill()
        for thread in (invoker, *writers):
            thread.join(15)
            assert not thread.is_alive()
        traces.gone()
        answers += invoker.answers
        for writer in writers:
            writes += writer.turn
            there.update(writer.there)
            gone |= writer.gone
            unknown |= writer.unknown
        for name in unknown | gone:
            there.pop(name, None)
    assert answers > ROUNDS and writes > ROUNDS, "the platform was killed before it did anything"
    platform = start(data=tmp_path / "data")
    tenant = Tenant(platform, FIRST, runtime)
    now = listed(tenant)
    assert {name: now.get(name) for name in there} == there
    assert Function(tenant, "busy")({"last": 1}) == {"last": 1}
    assert platform.stop() == 0
    assert eventually(lambda: not cgroups(platform.data)), cgroups(platform.data)


def test_a_restart_keeps_everything(start, tmp_path):
    first = start(data=tmp_path / "data")
    tenant = Tenant(first, FIRST)
    function = tenant.deploy()
    user = unique("user")
    tenant.iam.create_user(UserName=user)
    tenant.iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=TRUST)
    assert function({"a": 1}) == {"a": 1}
    configuration = tenant.functions.get_function_configuration(FunctionName=function.name)
    configuration.pop("ResponseMetadata")
    assert first.stop() == 0
    second = start(data=tmp_path / "data")
    again = Tenant(second, FIRST, tenant.runtime)
    kept = again.functions.get_function_configuration(FunctionName=function.name)
    kept.pop("ResponseMetadata")
    assert kept == configuration
    assert again.iam.get_user(UserName=user)["User"]["UserName"] == user
    same = Function(again, function.name)
    assert same({"b": 2}) == {"b": 2}
    reports = lambda: [line for line in same.log() if line.startswith("REPORT")]
    assert eventually(lambda: len(reports()) == 2), "the first platform's log is lost"


def test_a_stop_finishes_what_runs_and_leaves_nothing(start):
    platform = start()
    tenant = Tenant(platform, FIRST)
    function = tenant.deploy("import time\ndef handler(event, context):\n    time.sleep(4)\n    return 'finished'\n")
    answers = []
    caller = threading.Thread(target=lambda: answers.append(function()))
    caller.start()
    assert eventually(lambda: Traces(platform).namespaces, 20)
    time.sleep(0.7)
    traces = Traces(platform)
    assert traces.processes and traces.namespaces
    assert cgroups(platform.data) or os.geteuid() != 0
    assert platform.stop() == 0
    caller.join(30)
    assert answers == ["finished"]
    traces.gone()
    assert not cgroups(platform.data)


def test_only_one_platform_per_data_folder(start, binary):
    import subprocess

    platform = start()
    second = subprocess.run(
        [binary, "serve", "--data-dir", platform.data, "--listen", "127.0.0.1:0", "--accept-weak-isolation"],
        capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
    )
    assert second.returncode != 0
    assert second.stdout + second.stderr


def spawner_of(platform):
    """The one child of the platform that runs its own program."""
    from harness.platform import children

    [spawner] = children(platform.pid)
    return spawner


IDLE_WITH_DAEMON = """
import os, time
def handler(event, context):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                time.sleep(0.001)
        os._exit(0)
    os.wait()
    return os.getpid()
"""


@pytest.mark.parametrize("who", ["spawner", "both"])
def test_a_death_of_the_spawner_ends_the_platform_and_the_next_start_removes_what_is_left(start, who):
    """Environments that stand still between invocations, too."""
    platform = start()
    tenant = Tenant(platform, FIRST)
    function = tenant.deploy(IDLE_WITH_DAEMON)
    function()
    time.sleep(0.3)
    traces = Traces(platform)
    spawner = spawner_of(platform)
    if who == "both":
        os.kill(platform.pid, signal.SIGSTOP)
    os.kill(spawner, signal.SIGKILL)
    if who == "both":
        platform.process.kill()
        assert platform.process.wait(30) == -signal.SIGKILL
    else:
        assert platform.process.wait(60) == 1
        assert "the spawner has died" in platform.log()
    traces.gone()
    again = start(data=platform.data)
    assert Function(Tenant(again, FIRST, tenant.runtime), function.name)() > 0
    assert again.stop() == 0
    assert eventually(lambda: not cgroups(again.data)), cgroups(again.data)


def test_a_death_of_the_spawner_answers_whoever_waits(start):
    platform = start()
    tenant = Tenant(platform, FIRST)
    function = tenant.deploy(
        "import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=100,
    )
    answers = []

    def call():
        try:
            answers.append(tenant.functions.invoke(FunctionName=function.name)["FunctionError"])
        except (ClientError, BotoCoreError) as error:
            answers.append(type(error).__name__)

    caller = threading.Thread(target=call)
    caller.start()
    assert eventually(lambda: Traces(platform).namespaces, 20)
    time.sleep(1)
    os.kill(spawner_of(platform), signal.SIGKILL)
    caller.join(30)
    assert answers and not caller.is_alive()
    assert platform.process.wait(60) == 1
