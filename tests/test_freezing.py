"""What a function leaves running stands still between its invocations, and no invocation finds it standing still."""

import os
import random
import time

import pytest


COUNTING = """
import os, threading, time
def count(path):
    n = 0
    while True:
        n += 1
        with open(path + '.new', 'w') as file:
            file.write(str(n))
        os.replace(path + '.new', path)
        time.sleep(0.001)
def handler(event, context):
    if event.get('start'):
        threading.Thread(target=count, args=('/tmp/thread',), daemon=True).start()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                count('/tmp/daemon')
            os._exit(0)
        time.sleep(0.3)
    time.sleep(event.get('sleep', 0))
    return [int(open(path).read()) for path in ('/tmp/thread', '/tmp/daemon')]
"""


def test_threads_and_daemons_rest_between_invocations_and_go_on_in_them(tenant):
    if os.geteuid() != 0:
        pytest.skip("a plain user can freeze only where cgroups are delegated")
    function = tenant.deploy(COUNTING, Timeout=30)
    before = function({"start": 1})
    time.sleep(2)
    after = function({})
    later = function({"sleep": 0.5})
    for before, after, later in zip(before, after, later):
        assert after - before < 300, "it counted on while nothing was invoked"
        assert later - after > 50, "it does not go on in an invocation"


@pytest.mark.parametrize("kind", ["python", "node", "native"])
def test_invocations_that_come_just_when_it_is_frozen_are_answered(tenant, kind, request):
    if kind == "native":
        function = tenant.deploy(
            request.getfixturevalue("native"), Runtime="provided.al2023", Handler="bootstrap",
        )
    elif kind == "node":
        function = tenant.deploy_node("exports.handler = async (event) => event;\n")
    else:
        function = tenant.deploy("def handler(event, context):\n    return event\n")
    function({"n": -1})
    for n in range(200):
        time.sleep(random.uniform(0.005, 0.035))
        begin = time.monotonic()
        function({"n": n})
        assert time.monotonic() - begin < 10
