"""The AWS SDK for Rust, in a program of its own."""

import os
import subprocess

import pytest

from harness.packages import package, python
from harness.platform import FIRST


@pytest.mark.slow
@pytest.mark.limit(180)
def test_a_functions_life_with_the_rust_sdk(tenant, tmp_path):
    program = os.environ.get("LAMBENT_TEST_RUST_CLIENT")
    if not program:
        pytest.skip("the Rust client was not built")
    code, layer = tmp_path / "code.zip", tmp_path / "layer.zip"
    code.write_bytes(python("def handler(event, context):\n    return {'heard': 1}\n"))
    layer.write_bytes(package({"python/shared.py": "VALUE = 1\n"}))
    command = [program, tenant.platform.address, FIRST.key, FIRST.secret, tenant.role, tenant.runtime]
    done = subprocess.run([*command, code, layer], capture_output=True, text=True, timeout=170)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
