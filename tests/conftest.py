"""Fixtures of the client tests, and the lines that the suite's summary is made of."""

import os
import signal
import sys
from pathlib import Path

import pytest

from harness.clients import Cli, Tenant
from harness.platform import FIRST, SECOND, Platform

PLATFORM_KEY = pytest.StashKey()


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("LAMBENT_BINARY")
    if not path or not Path(path).is_file():
        pytest.exit("LAMBENT_BINARY must name the built command; `cargo xtask test` does that", returncode=3)
    return Path(path)


@pytest.fixture(scope="session")
def platform(binary, tmp_path_factory, request):
    """The platform that most tests share, each with names of its own."""
    running = Platform(binary, tmp_path_factory.mktemp("shared") / "data")
    request.config.stash[PLATFORM_KEY] = running
    yield running
    assert running.stop() == 0, running.log()[-2000:]


@pytest.fixture(scope="session")
def tenant(platform):
    return Tenant(platform, FIRST)


@pytest.fixture(scope="session")
def neighbour(platform, tenant):
    return Tenant(platform, SECOND, tenant.runtime)


@pytest.fixture(scope="session")
def start(binary, tmp_path_factory):
    """Starts further platforms; those that still run are ended after the tests."""
    running = []

    def begin(*options, data=None, **settings):
        data = data or tmp_path_factory.mktemp("own") / "data"
        one = Platform(settings.pop("binary", binary), data, *options, **settings)
        running.append(one)
        return one

    yield begin
    for one in running:
        one.kill()


@pytest.fixture(params=[1, 2], ids=["cli1", "cli2"])
def cli(request, platform, tmp_path):
    return command_line(request.param, platform, tmp_path)


@pytest.fixture
def cli2(platform, tmp_path):
    return command_line(2, platform, tmp_path)


def command_line(version, platform, home):
    if version == 2 and "LAMBENT_TEST_AWS2" not in os.environ:
        pytest.skip("version 2 of the AWS CLI is not installed")
    return Cli(version, platform, FIRST.key, FIRST.secret, home)


@pytest.fixture(scope="session")
def native():
    """The zip of a native function."""
    from harness.packages import package

    path = os.environ.get("LAMBENT_TEST_NATIVE")
    if not path:
        pytest.skip("the native function was not built")
    return package({"bootstrap*": Path(path).read_bytes()})


@pytest.fixture
def as_root():
    if os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture(autouse=True)
def limit(request):
    """No test runs for ever."""
    marker = request.node.get_closest_marker("limit")
    seconds = marker.args[0] if marker else 60

    def broken_off(*_):
        raise TimeoutError(f"the test took more than {seconds} s")

    previous = signal.signal(signal.SIGALRM, broken_off)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the end of the platform's log."""
    report = (yield).get_result()
    running = item.config.stash.get(PLATFORM_KEY, None)
    if report.failed and running is not None and "platform" in item.fixturenames:
        report.sections.append(("platform log", running.log()[-3000:]))


def pytest_terminal_summary(terminalreporter):
    """One line for each test that could not run, and for each known gap, for the suite's summary."""
    for report in terminalreporter.stats.get("xfailed", []):
        print(f"SKIPPED {report.nodeid}: {report.wasxfail}", file=sys.stdout)
    for report in terminalreporter.stats.get("skipped", []):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        print(f"SKIPPED {report.nodeid}: {why.removeprefix('Skipped: ')}", file=sys.stdout)


def pytest_collection_modifyitems(items):
    """Slow tests come last."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
