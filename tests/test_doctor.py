"""`lambent doctor` on this machine, on machines that lack something, and what `serve` says on those."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from harness.clients import Tenant, eventually
from harness.machines import EPERM, NOBODY, as_nobody, gives_user_namespaces, refuse, without_cgroups, without_namespaces
from harness.platform import FIRST, alive, descendants

MINIMUM = {"namespaces", "landlock", "seccomp"}
LIMITS = {"memory-limit", "process-limit", "time-limit"}


@pytest.fixture
def place():
    """A temporary directory that a plain user may use too, which has to be empty afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="doctor-"))
    folder.chmod(0o777)
    yield folder
    left = sorted(folder.iterdir())
    shutil.rmtree(folder)
    assert not left, "something is left behind"


@pytest.fixture
def doctor(binary, place):
    """Runs doctor; `how` puts the command line into another that takes something away."""

    def run(*options, how=lambda *command: list(map(str, command)), **rest):
        command = how(readable(binary), "doctor", *options)
        environment = {"PATH": os.environ["PATH"], "TMPDIR": str(place)}
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=110, cwd="/", **rest)

    return run


_copies = {}


def readable(binary):
    """The binary where a plain user can execute it."""
    if binary not in _copies:
        folder = Path(tempfile.mkdtemp(prefix="doctor-binary-"))
        folder.chmod(0o755)
        _copies[binary] = shutil.copy(binary, folder / "lambent")
        os.chmod(_copies[binary], 0o755)
    return _copies[binary]


@pytest.fixture(scope="module", autouse=True)
def remove_copies():
    yield
    for copy in _copies.values():
        shutil.rmtree(Path(copy).parent)
    _copies.clear()


def report(done):
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return json.loads(done.stdout)


def missing(document):
    return {row["name"] for row in document["protections"] if not row["in_force"]}


def groups():
    """cgroups that belong to a doctor."""
    found = []
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        found += [os.path.join(folder, name) for name in names if name.startswith("lambent-doctor-")]
    return found


@pytest.fixture
def plain_user(as_root):
    if not gives_user_namespaces():
        pytest.skip("this kernel gives no user namespace to unprivileged users")


@pytest.mark.limit(120)
def test_root_has_everything_that_is_configured(doctor, as_root):
    done = doctor("--json")
    document = report(done)
    assert done.returncode == 0 and document["verdict"] == "pass", document
    assert document["mode"] == "privileged" and document["kernel"] == os.uname().release
    rows = {row["name"]: row for row in document["protections"]}
    assert MINIMUM | LIMITS <= set(rows) and all(rows[name]["in_force"] for name in MINIMUM | LIMITS)
    assert all(row["in_force"] for row in rows.values() if row["configured"])
    tried = [attack for row in rows.values() for attack in row["attacks"]]
    assert len(tried) > 5 and all({"name", "what", "finding", "detail"} == set(attack) for attack in tried)
    assert len({attack["name"] for attack in tried}) == len(tried)
    assert document["attacks"]["broken"] == 0 and document["attacks"]["held"] > 5
    assert {setting["verdict"] for setting in document["host"]} <= {"ok", "note"}
    assert {"kernel", "ksm", "smt", "swap", "core-pattern", "user-namespaces", "cgroups", "kvm"} <= {
        setting["name"] for setting in document["host"]
    }
    assert not eventually(groups, 0) or eventually(lambda: not groups(), 5)


@pytest.mark.limit(120)
def test_the_text_fits_a_terminal_and_says_the_sums(doctor, as_root):
    done = doctor()
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[-1] == "Everything that is configured is in force."
    assert "attacks held, " in done.stdout and "0 got through" in done.stdout
    verbose = doctor("--verbose").stdout
    assert len(verbose.splitlines()) > len(lines)


@pytest.mark.slow
@pytest.mark.limit(300)
def test_all_attacks_hold_too(binary, place, as_root):
    done = subprocess.run([binary, "doctor", "--all", "--json"], capture_output=True, text=True, timeout=290,
                          env={"PATH": os.environ["PATH"], "TMPDIR": str(place)})
    document = report(done)
    assert done.returncode == 0 and document["attacks"]["left_out"] == 0, document
    assert document["attacks"]["broken"] == 0


@pytest.mark.limit(120)
def test_a_plain_user_is_told_what_is_missing_and_what_to_do(doctor, plain_user):
    done = doctor("--json", how=as_nobody)
    document = report(done)
    assert document["mode"] == "rootless" and document["attacks"]["broken"] == 0, document
    lacking = missing(document)
    assert "unique-uid" in lacking and not lacking & MINIMUM
    for row in document["protections"]:
        if not row["in_force"] and row["name"] in ("unique-uid", "memory-limit", "cpu-limit"):
            assert row["why"] and row["remedy"]
    assert done.returncode == (1 if lacking & LIMITS else 0)
    accepted = doctor("--accept-weak-isolation", how=as_nobody)
    assert accepted.returncode == 0, accepted.stdout
    assert "run as root" in accepted.stdout


@pytest.mark.limit(120)
def test_the_configuration_decides_what_is_a_failure(doctor, plain_user, place, tmp_path):
    if "memory-limit" not in missing(report(doctor("--json", how=as_nobody))):
        pytest.skip("this machine delegates cgroups to plain users")
    folder = Path(tempfile.mkdtemp(prefix="doctor-configuration-"))
    folder.chmod(0o755)
    config = folder / "lambent.toml"
    config.write_text("accept_weak_isolation = true\n")
    try:
        assert doctor("--config", config, how=as_nobody).returncode == 0
        config.write_text("accept_weak_isolation = false\n")
        done = doctor("--config", config, how=as_nobody)
        assert done.returncode == 1 and "memory-limit          NO" in done.stdout
        config.write_text("accept_weak = 1\n")
        unknown = doctor("--config", config, how=as_nobody)
        assert unknown.returncode == 2 and "accept_weak" in unknown.stderr
    finally:
        shutil.rmtree(folder)


def lacks(name):
    """How to run a command so that it lacks this protection: wrapper, options of subprocess."""
    plain = lambda *command: list(map(str, command))
    return {
        "landlock": (plain, {"preexec_fn": refuse("landlock_create_ruleset")}),
        "seccomp": (plain, {"preexec_fn": refuse("seccomp")}),
        "clone3": (plain, {"preexec_fn": refuse("clone3")}),
        "unshare": (plain, {"preexec_fn": refuse("unshare", EPERM)}),
        "user": (lambda *command: without_namespaces("user", *command), {}),
        "mnt": (lambda *command: without_namespaces("mnt", *command), {}),
        "pid": (lambda *command: without_namespaces("pid", *command), {}),
        "net": (lambda *command: without_namespaces("net", *command), {}),
        "memory-limit": (without_cgroups, {}),
    }[name]


MACHINES = {
    "landlock": "landlock", "seccomp": "seccomp", "clone3": "namespaces", "unshare": "namespaces", "user": "namespaces",
    "mnt": "namespaces", "pid": "namespaces", "net": "namespaces", "memory-limit": "memory-limit",
}


@pytest.mark.limit(120)
@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_below_the_minimum_fails_and_serves_nothing(doctor, binary, machine, as_root, tmp_path):
    how, options = lacks(machine)
    done = doctor("--json", how=how, **options)
    document = report(done)
    assert done.returncode == 1 and document["verdict"] == "fail", document
    row = next(row for row in document["protections"] if row["name"] == MACHINES[machine])
    assert not row["in_force"] and row["configured"] and row["why"] and row["remedy"]
    text = doctor(how=how, **options)
    assert text.returncode == 1 and f"although it has to be: {MACHINES[machine]}" in text.stdout
    refused = serve(binary, tmp_path, how, options)
    assert refused.returncode == 1 and f"  {MACHINES[machine]}: " in refused.stderr, refused.stderr
    assert "To have it: " in refused.stderr and "lambent doctor" in refused.stderr
    if MACHINES[machine] in MINIMUM:
        accepting = serve(binary, tmp_path, how, options, "--accept-weak-isolation")
        assert accepting.returncode == 1 and f"  {MACHINES[machine]}: " in accepting.stderr, accepting.stderr
        demo = serve(binary, tmp_path, how, options, "--demo")
        assert demo.returncode == 1 and f"  {MACHINES[machine]}: " in demo.stderr, demo.stderr
    else:
        assert "--accept-weak-isolation" in refused.stderr


def serve(binary, tmp_path, how, options, *more):
    command = how(binary, "serve", "--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0", *more)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **options)


@pytest.mark.limit(120)
def test_beside_a_service_that_runs(start, doctor, as_root):
    platform = start()
    function = Tenant(platform, FIRST).deploy(
        "import os\ncalls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return [calls, os.getuid()]\n"
    )
    assert function()[0] == 1
    assert doctor().returncode == 0
    assert function()[0] == 2, "the environment still lives"
    assert platform.stop() == 0


@pytest.mark.limit(120)
def test_two_services_never_give_out_the_same_user(start, as_root):
    code = "import os\ndef handler(event, context):\n    return os.getuid()\n"
    first, second = start(), start()
    users = [Tenant(one, FIRST).deploy(code)() for one in (first, second)]
    assert users[0] != users[1]


@pytest.mark.limit(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_nothing(binary, place, number):
    process = subprocess.Popen([binary, "doctor", "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={"PATH": os.environ["PATH"], "TMPDIR": str(place)})
    assert eventually(lambda: list(place.iterdir()) and len(descendants(process.pid)) > 1 or process.poll() is not None, 30)
    running = descendants(process.pid)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2 and "interrupted" in said, said
    assert not alive(running) and not list(place.iterdir())
    assert eventually(lambda: not groups(), 10)


@pytest.mark.limit(120)
def test_what_a_killed_run_left_is_cleared_by_the_next(binary, place):
    process = subprocess.Popen([binary, "doctor", "--all"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={"PATH": os.environ["PATH"], "TMPDIR": str(place)})
    assert eventually(lambda: len(descendants(process.pid)) > 1, 30)
    running = descendants(process.pid)
    process.kill()
    process.wait(10)
    assert eventually(lambda: not alive(running), 15)
    assert list(place.iterdir())
    subprocess.run([binary, "doctor"], stdout=subprocess.DEVNULL, timeout=100,
                   env={"PATH": os.environ["PATH"], "TMPDIR": str(place)})
    assert not list(place.iterdir())
    assert eventually(lambda: not groups(), 10)


def test_what_keeps_it_from_an_answer_has_a_code_of_its_own(binary, tmp_path):
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path / "nowhere")}
    done = subprocess.run([binary, "doctor"], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 2 and "TMPDIR" in done.stderr and not done.stdout


def test_no_released_program_can_leave_a_layer_out(binary):
    done = subprocess.run([binary, "doctor", "--without", "Seccomp"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--without" in done.stderr and not done.stdout
    assert "--without" not in subprocess.run([binary, "doctor", "--help"], capture_output=True, text=True, timeout=60).stdout


def test_it_touches_no_data(doctor, tmp_path):
    doctor("--data-dir", tmp_path / "data")
    assert not (tmp_path / "data").exists()
