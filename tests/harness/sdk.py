"""boto3 as people carry it in their packages: the files of the Python registry that the tests have installed."""

import functools
import sysconfig
from pathlib import Path

from .packages import package

PARTS = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "urllib3", "six.py")
# The models of other services would make the package large.
SERVICES = ("lambda", "sts")


@functools.cache
def _boto3():
    site = Path(sysconfig.get_paths()["purelib"])
    files = {}
    for part in PARTS:
        top = site / part
        for file in [top] if top.is_file() else sorted(top.rglob("*")):
            name = file.relative_to(site)
            model = name.parts[:2] == ("botocore", "data") and len(name.parts) > 3 and name.parts[2] not in SERVICES
            if file.is_file() and "__pycache__" not in name.parts and not model:
                files[str(name)] = file.read_bytes()
    return files


def with_boto3(source):
    """A package with the module `app` and boto3."""
    return package({"app.py": source, **_boto3()})
