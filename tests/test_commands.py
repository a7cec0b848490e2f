"""The operator's commands, as a newcomer meets them."""

import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.clients import Tenant, eventually
from harness.platform import FIRST, alive, descendants


def run(binary, *args, **options):
    options.setdefault("timeout", 60)
    return subprocess.run([binary, *map(str, args)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)


def test_help_names_every_command(binary):
    done = run(binary, "--help")
    assert done.returncode == 0
    for command in ("serve", "env", "runtimes", "version"):
        assert re.search(rf"^\s+{command}\b", done.stdout, re.M), command
    served = run(binary, "serve", "--help").stdout
    for option in ("--listen", "--data-dir", "--config", "--demo", "--bootstrap-account", "--bootstrap-access-key",
                   "--accept-weak-isolation"):
        assert option in served, option


def test_version(binary):
    assert re.match(r"lambent \d+\.\d+\.\d+", run(binary, "version").stdout)


def test_an_unknown_command_or_option(binary):
    assert run(binary, "sevre").returncode == 2
    assert "--lisen" in run(binary, "serve", "--lisen", "127.0.0.1:0").stderr


def test_an_unknown_key_of_the_configuration_is_refused(binary, tmp_path):
    config = tmp_path / "lambent.toml"
    config.write_text("lisen = '127.0.0.1:0'\n")
    done = run(binary, "serve", "--config", config, "--data-dir", tmp_path / "data")
    assert done.returncode != 0 and "lisen" in done.stdout + done.stderr


def test_an_address_in_use_says_so(binary, platform, tmp_path):
    address = platform.address.removeprefix("http://")
    done = run(binary, "serve", "--listen", address, "--data-dir", tmp_path / "data", "--accept-weak-isolation")
    assert done.returncode != 0 and address in done.stdout + done.stderr


def test_a_second_start_leaves_the_first_alone(start, binary):
    """What clears away a dead platform's environments must not find a living one's."""
    platform = start()
    function = Tenant(platform, FIRST).deploy(
        "calls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return calls\n"
    )
    assert function() == 1
    for command in (("serve", "--listen", "127.0.0.1:0", "--accept-weak-isolation"),
                    ("runtimes", "add", "python3.11", "/usr")):
        done = run(binary, command[0], "--data-dir", platform.data, *command[1:])
        assert done.returncode == 1 and f"in use by process {platform.pid}" in done.stderr, done.stderr
    assert function() == 2, "the environment still lives"
    assert platform.stop() == 0


def test_a_missing_root_key_is_not_made_anew(start, binary):
    platform = start()
    assert platform.stop() == 0
    key = platform.data / "root.key"
    kept = key.read_bytes()
    key.unlink()
    done = run(binary, "serve", "--data-dir", platform.data, "--listen", "127.0.0.1:0", "--accept-weak-isolation")
    assert done.returncode == 1 and "root.key" in done.stderr and "backup" in done.stderr, done.stderr
    assert not key.exists()
    key.write_bytes(kept)
    key.chmod(0o600)
    assert start(data=platform.data).stop() == 0


def test_a_reader_that_goes_away_ends_no_command(binary, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([binary, "version"], stdout=writing, stderr=subprocess.PIPE, timeout=60)
    os.close(writing)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_a_second_signal_stops_at_once(start, binary):
    platform = start()
    slow = Tenant(platform, FIRST).deploy("import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=90)
    with ThreadPoolExecutor() as pool:
        pool.submit(lambda: slow.invoke({}))
        assert eventually(lambda: len(descendants(platform.pid)) > 1, 10), "the environment runs"
        running = descendants(platform.pid)
        platform.process.send_signal(signal.SIGINT)
        assert eventually(lambda: "stopping" in platform.log(), 5)
        assert platform.process.poll() is None, "the invocation is waited for"
        platform.process.send_signal(signal.SIGINT)
        assert platform.process.wait(10) == 1
    assert eventually(lambda: not alive(running), 10)


def test_a_data_directory_that_others_may_write_to_is_refused(binary, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    done = run(binary, "serve", "--data-dir", data, "--listen", "127.0.0.1:0", "--accept-weak-isolation")
    assert done.returncode == 1 and "chmod 700" in done.stderr and "--data-dir" in done.stderr
    assert not list(data.iterdir())


def test_before_the_first_start(binary, tmp_path):
    """Looking makes nothing, and says what to do."""
    data = tmp_path / "data"
    for command in ("env", "runtimes"):
        done = run(binary, command, "--data-dir", data)
        assert "lambent serve" in done.stdout + done.stderr
    assert not data.exists()


def test_a_runtime_that_cannot_be_made_says_what_can(binary, tmp_path):
    for name, prefix, hint in (("python3.11-mine", "/usr", "python3.N"), ("nodejs16.x", "/usr", "nodejs18.x"),
                               ("python3.7", tmp_path, "sys.base_prefix"), ("nodejs18.x", tmp_path, "process.execPath"), ("python3.6", "/usr", "python3.7"), ("python3.11", "/nowhere", "/nowhere")):
        done = run(binary, "runtimes", "--data-dir", tmp_path / "data", "add", name, prefix)
        assert done.returncode != 0 and hint in done.stderr, done.stderr


def test_the_demo_keeps_to_loopback(binary, tmp_path):
    done = run(binary, "serve", "--demo", "--listen", "0.0.0.0:0", "--data-dir", tmp_path / "data")
    assert done.returncode != 0 and "loopback" in (done.stdout + done.stderr).lower()


def test_env_prints_lines_for_the_shell(start, binary, tmp_path):
    platform = start(accounts=())
    shown = run(binary, "env", "--data-dir", platform.data)
    assert shown.returncode == 0, shown.stderr
    exported = dict(re.findall(r"^export (\w+)=(\S+)$", shown.stdout, re.M))
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"} <= set(exported)
    import shlex
    import boto3

    value = {name: shlex.split(text)[0] for name, text in exported.items()}
    identity = boto3.client(
        "sts", "us-east-1", endpoint_url=platform.address, aws_access_key_id=value["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=value["AWS_SECRET_ACCESS_KEY"],
    ).get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::000000000000:root"


def test_runtimes_are_listed(binary, platform, tenant):
    done = run(binary, "runtimes", "--data-dir", platform.data)
    assert done.returncode == 0, done.stderr
    for name in tenant.runtimes():
        assert name in done.stdout


def test_the_log_is_json_and_holds_no_secret(platform):
    import json

    lines = [line for line in platform.log().splitlines() if line.startswith("{")]
    assert lines and all(json.loads(line) for line in lines)
    assert FIRST.secret not in platform.log()


@pytest.mark.limit(180)
def test_the_demo(start, binary, tmp_path):
    """`serve --demo` deploys its samples, invokes one, prints answer and timings, and keeps serving."""
    repository = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    data = tmp_path / "data"
    first = start("--demo", data=data, accounts=())
    assert eventually(lambda: "Serving on" in first.log() or first.process.poll() is not None, 60)
    assert "Hello, world!" in first.log() and " ms" in first.log(), first.log()
    key = re.search(r"export AWS_ACCESS_KEY_ID=(\S+)", first.log()).group(1)
    secret = re.search(r"export AWS_SECRET_ACCESS_KEY=(\S+)", first.log()).group(1)
    import boto3

    functions = boto3.client(
        "lambda", "us-east-1", endpoint_url=first.address, aws_access_key_id=key.strip("'\""),
        aws_secret_access_key=secret.strip("'\""),
    )
    samples = {one["FunctionName"] for one in functions.list_functions()["Functions"]}
    expected = {name for name in os.listdir(os.path.join(repository, "examples"))
                if os.path.isdir(os.path.join(repository, "examples", name))}
    assert samples and samples <= expected | {"hello"}, samples
    # The first sample is called again; what is said of another one is what it has now.
    runtimes = dict(re.findall(r"^Deployed (\S+) \((\S+)\)$", first.log(), re.M))
    assert set(runtimes) == samples
    for other in list(runtimes)[1:]:
        runtimes[other] = "provided.al2023"
        functions.update_function_configuration(FunctionName=other, Runtime=runtimes[other])
    assert first.stop() == 0
    second = start("--demo", data=data, accounts=())
    assert eventually(lambda: "Serving on" in second.log() or second.process.poll() is not None, 60)
    assert "Hello, world!" in second.log() and key not in second.log()
    found = re.findall(r"^Found (\S+) \((\S+)\)$", second.log(), re.M)
    assert dict(found) == runtimes, second.log()
    assert second.stop() == 0
