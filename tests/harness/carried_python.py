"""A python that is carried inside a code package, with the official runtime client: a custom runtime of one's own.

The interpreter is the one that runs the tests; its shared objects travel along, so that the root needs none of them.
"""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

from .packages import package

# Parts of the standard library that no runtime client needs, and that would make the package large.
LEFT_OUT = {
    "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pydoc_data", "site-packages",
    "dist-packages", "__pycache__", "config-", "unittest", "distutils", "venv", "sqlite3", "curses", "dbm",
}

BOOTSTRAP = """#!/bin/sh
export PYTHONHOME=/var/task/python PYTHONPATH=/var/task:/var/task/site LD_LIBRARY_PATH=/var/task/lib
exec /var/task/python/bin/python3 -m awslambdaric "$_HANDLER"
"""


def carried_python(handler_source):
    """The zip of a function in provided.al2023 that brings python and awslambdaric along."""
    interpreter = Path(os.path.realpath(sys.executable))
    library = Path(sysconfig.get_paths()["stdlib"])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    files = {"bootstrap*": BOOTSTRAP, "app.py": handler_source, "python/bin/python3*": interpreter.read_bytes()}
    objects = [interpreter]
    for file in tree(library):
        files[f"python/lib/{version}/{file.relative_to(library)}"] = file.read_bytes()
        if file.suffix == ".so":
            objects.append(file)
    site = Path(sysconfig.get_paths()["purelib"])
    for part in ("awslambdaric", "snapshot_restore_py", "simplejson"):
        for file in tree(site / part):
            files[f"site/{file.relative_to(site)}"] = file.read_bytes()
            if file.suffix == ".so":
                objects.append(file)
    for file in site.glob("runtime_client*.so"):
        files[f"site/{file.name}"] = file.read_bytes()
        objects.append(file)
    for needed in shared_objects(objects):
        files[f"lib/{needed.name}*"] = needed.read_bytes()
    return package(files)


def tree(top):
    """Files below a folder, but those of the parts that are left out."""
    for file in sorted(top.rglob("*")):
        parts = file.relative_to(top).parts
        unwanted = any(part in LEFT_OUT or part.startswith("config-") for part in parts)
        if file.is_file() and not unwanted and file.suffix in (".py", ".so"):
            yield file


def shared_objects(objects):
    """What the dynamic linker would load for these objects, but the C library itself, which the root has."""
    listed = subprocess.run(["ldd", *map(str, objects)], capture_output=True, text=True).stdout
    found = {Path(match) for match in re.findall(r"=> (/\S+)", listed)}
    system = re.compile(r"(libc|libm|libpthread|libdl|librt|libutil|ld-linux.*)\.so")
    return sorted(file for file in found if not system.match(file.name))
