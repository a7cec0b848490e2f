"""Functions that may reach something, in a world of the test's own: as root, with nftables and iproute2."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WORLD = Path(__file__).parent / "small_world.py"
HELLO = "hello 192.0.2.2"


@pytest.mark.skipif(os.geteuid() != 0, reason="egress needs root")
@pytest.mark.skipif(not (shutil.which("nft") and shutil.which("ip")), reason="there is no nft or no ip")
def test_root_functions_reach_what_the_configuration_says(binary):
    command = ["unshare", "--net", sys.executable, str(WORLD), str(binary)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr[-4000:]
    seen = json.loads(ended.stdout.splitlines()[-1])
    for name in ("open-1", "listed"):
        # By address, and by a name that the operator's resolver knows; the host's address is all that others see.
        assert seen[name].pop("http://internet.test/") == HELLO, seen
        assert seen[name].pop("http://198.51.100.7/") == HELLO, seen
        assert seen[name]["http://absent.test/"] == "gaierror", seen
    # A name that leads to a forbidden address leads nowhere; nor does the address of the host.
    for name, answers in seen.items():
        assert not [answer for answer in answers.values() if answer.startswith("hello")], (name, seen)
    assert set(seen["closed"].values()) <= {"gaierror", "OSError"}, seen
