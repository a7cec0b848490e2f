"""Environments that can't be made: whoever invokes is told in the service's own words, and it works again once they can."""

import os

import pytest
from botocore.exceptions import ClientError

from harness.clients import Tenant
from harness.platform import FIRST, children


def test_a_creation_that_fails_is_an_error_of_the_service_and_leaves_nothing(start, as_root):
    platform = start()
    tenant = Tenant(platform, FIRST)
    warm, cold = tenant.deploy(), tenant.deploy()
    assert warm({"n": 1}) == {"n": 1}
    root = platform.data / "runtimes" / tenant.runtime / "root"
    aside = root.with_name("aside")
    [spawner] = children(platform.pid)
    before = len(children(spawner)), descriptors(platform.pid), descriptors(spawner)
    root.rename(aside)
    try:
        for _ in range(5):
            with pytest.raises(ClientError) as refused:
                tenant.functions.invoke(FunctionName=cold.name)
            told = refused.value.response
            assert told["Error"]["Code"] == "ServiceException"
            assert told["ResponseMetadata"]["HTTPStatusCode"] == 500
            assert "runtime root" not in str(told), "the cause is for the operator"
            assert warm({"n": 2}) == {"n": 2}
    finally:
        aside.rename(root)
    assert "opening the runtime root" in platform.log()
    assert (len(children(spawner)), descriptors(platform.pid), descriptors(spawner)) == before
    assert cold({"n": 3}) == {"n": 3}
    assert platform.stop() == 0


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
