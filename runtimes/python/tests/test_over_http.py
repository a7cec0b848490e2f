"""The tests of the bootstrap, over HTTP: what it speaks where the platform offers no channel."""

import unittest

import test_bootstrap
from test_bootstrap import Answers, Environment, Errors, Handlers, Logging  # noqa: F401


def setUpModule():
    test_bootstrap.OVER_HTTP = True


def tearDownModule():
    test_bootstrap.OVER_HTTP = False


if __name__ == "__main__":
    unittest.main()
