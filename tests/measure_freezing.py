"""What freezing costs an invocation that comes after a pause: two platforms in turns, one with a freezer and one without.

python tests/measure_freezing.py LAMBENT ROUNDS [same]        as root, on a host with cgroup v1 or hybrid ones

The second platform finds neither v2's hierarchy nor v1's freezer mounted. With `same` it does: what then differs is the error
of the measurement. Prints microseconds seen by a client of botocore, whose own part is the same in both.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

from harness.clients import Tenant
from harness.platform import FIRST, Platform

# Seconds of pause, and how many invocations after each in one round.
PAUSES = {0.005: 60, 0.015: 60, 0.05: 30, 1.0: 4}
UNMOUNT = "umount /sys/fs/cgroup/unified /sys/fs/cgroup/freezer; "
ECHO = "def handler(event, context):\n    return event\n"


def measure(functions, rounds):
    times = {(name, pause): [] for name in functions for pause in PAUSES}
    for _ in range(rounds):
        for pause, count in PAUSES.items():
            for name in random.sample(sorted(functions), 2):
                for _ in range(count):
                    time.sleep(pause)
                    begin = time.perf_counter()
                    functions[name]({"n": 1})
                    times[name, pause].append((time.perf_counter() - begin) * 1e6)
    return times


def quantiles(times):
    ordered = sorted(times)
    return " / ".join(f"{ordered[int(len(ordered) * share)]:.0f}" for share in (0.25, 0.5, 0.9))


def main(binary, rounds, *same):
    wrapper = ("unshare", "--mount", "sh", "-c", ("" if same else UNMOUNT) + 'exec "$@"', "sh")
    with tempfile.TemporaryDirectory() as place:
        platforms = {name: Platform(binary, Path(place) / name, prefix=prefix) for name, prefix in (("with", ()), ("without", wrapper))}
        try:
            functions = {name: Tenant(platform, FIRST).deploy(ECHO, MemorySize=1769) for name, platform in platforms.items()}
            for function in functions.values():
                function({})
            times = measure(functions, int(rounds))
        finally:
            for platform in platforms.values():
                platform.stop()
    for pause in PAUSES:
        cells = "; ".join(f"{name} {quantiles(times[name, pause])}" for name in ("with", "without"))
        print(f"after {pause * 1000:.0f} ms, p25 / p50 / p90: {cells} ({len(times['with', pause])} each)")


if __name__ == "__main__":
    main(*sys.argv[1:])
