"""Several interpreters side by side: runtimes made by `lambent runtimes add` from prefixes elsewhere on the machine."""

import subprocess
from pathlib import Path

import pytest

from harness.clients import Tenant
from harness.platform import FIRST

PLACES = ("~/.pyenv/versions", "~/.local/share/uv/python", "/opt")
CODE = """
import ctypes, decimal, hashlib, json, os, sqlite3, ssl, sys, zoneinfo
def handler(event, context):
    return {"version": list(sys.version_info[:2]), "prefix": sys.prefix, "path": sys.path, "openssl": ssl.OPENSSL_VERSION[:7],
            "runtime": os.environ["AWS_EXECUTION_ENV"], "digest": hashlib.sha256(b"").hexdigest()[:4]}
"""
OLDEST = (3, 9)


def prefixes():
    """Relocatable pythons of this machine by runtime name: one prefix each."""
    found = {}
    for place in PLACES:
        for program in sorted(Path(place).expanduser().glob("*/bin/python3.*")):
            version = program.name.removeprefix("python")
            prefix = program.parent.parent
            whole = (prefix / "lib" / f"python{version}" / "lib-dynload").is_dir()
            if whole and version.count(".") == 1 and tuple(map(int, version.split("."))) >= OLDEST:
                found[f"python{version}"] = prefix
    return found


@pytest.mark.limit(180)
def test_pythons_of_several_versions_serve_side_by_side(start, binary, tmp_path):
    pythons = prefixes()
    if len(pythons) < 2:
        pytest.skip("fewer than two pythons with a prefix of their own on this machine")
    data = tmp_path / "data"
    for name, prefix in pythons.items():
        command = [binary, "runtimes", "--data-dir", data, "add", name, prefix]
        made = subprocess.run(command, capture_output=True, text=True)
        assert made.returncode == 0 and f"Made {name} (python:" in made.stdout, made
    tenant = Tenant(start(data=data), FIRST)
    assert set(pythons) <= set(tenant.runtimes())
    functions = {name: tenant.deploy(CODE, Runtime=name, MemorySize=256) for name in pythons}
    for _ in range(2):
        for name, function in functions.items():
            answer = function()
            version = name.removeprefix("python")
            assert ".".join(map(str, answer["version"])) == version
            assert (answer["prefix"], answer["runtime"]) == ("/var/lang", f"AWS_Lambda_{name}")
            assert answer["openssl"] == "OpenSSL" and answer["digest"] == "e3b0"
            layers = f"/opt/python/lib/python{version}/site-packages"
            assert answer["path"][:3] == ["/var/task", layers, "/opt/python"]
            assert answer["path"][3] == "/var/runtime"
