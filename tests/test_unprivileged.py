"""The platform without root: rootless mode runs functions, and says what it can't enforce."""

import os
import shutil
import subprocess

import pytest

from harness.clients import Tenant
from harness.platform import FIRST, alive, descendants

NOBODY = 65534


@pytest.fixture
def unprivileged(start, binary, tmp_path_factory, as_root):
    """A platform that runs as nobody, from a copy of the binary that nobody can read."""
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv (util-linux)")
    folder = tmp_path_factory.mktemp("nobody")
    for parent in (folder, *list(folder.parents)[:2]):
        os.chmod(parent, 0o755)
    copy = folder / "lambent"
    shutil.copy(binary, copy)
    os.chmod(copy, 0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", "--")
    if subprocess.run([*prefix, "unshare", "-Ur", "true"], capture_output=True).returncode != 0:
        pytest.skip("this kernel gives no user namespace to unprivileged users")
    return start(binary=copy, data=data, prefix=prefix)


def test_functions_run_without_root(unprivileged):
    tenant = Tenant(unprivileged, FIRST)
    function = tenant.deploy(
        "import os, socket\ndef handler(event, context):\n"
        "    status = dict(l.rstrip('\\n').split(':\\t', 1) for l in open('/proc/self/status') if ':\\t' in l)\n"
        "    devices = [l.split(':')[0].strip() for l in open('/proc/net/dev').readlines()[2:]]\n"
        "    pids = [p for p in os.listdir('/proc') if p.isdigit()]\n"
        "    return [status['CapEff'], status['NoNewPrivs'], status['Seccomp'], devices, len(pids), os.listdir('/tmp')]\n"
    )
    capabilities, no_new_privileges, seccomp, devices, processes, files = function()
    assert int(capabilities, 16) == 0 and (no_new_privileges, seccomp) == ("1", "2")
    assert devices == ["lo"] and processes <= 3 and files == []
    slow = tenant.deploy("import time\ndef handler(event, context):\n    time.sleep(9)\n", Timeout=1)
    assert slow.invoke({}).value["errorType"] == "Sandbox.Timedout"
    running = descendants(unprivileged.pid)
    assert unprivileged.stop() == 0
    assert not alive(running)


def test_what_cannot_be_enforced_is_said(unprivileged):
    log = unprivileged.log().lower()
    assert "memory" in log and "cgroup" in log
