"""One running `lambent serve`, started and ended by the tests.

The process is always addressed by its own id, and its data folder is the caller's.
"""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

REGION = "us-east-1"
START_SECONDS = 60


class Account:
    """An account with the access key of its root user."""

    def __init__(self, number, key, secret):
        self.number, self.key, self.secret = number, key, secret


FIRST = Account("123456789012", "AKIAFIRSTACCOUNTTEST", "first/secret+0123456789abcdefghijklmnopq")
SECOND = Account("210987654321", "AKIASECONDACCNTTESTS", "second/secret+0123456789abcdefghijklmnop")


class Platform:
    """Starts at once; `address` is where it listens."""

    def __init__(self, binary, data, *options, accounts=(FIRST, SECOND), prefix=(), log=None):
        self.binary, self.data = Path(binary), Path(data)
        self.log_path = Path(log) if log else self.data.with_name(self.data.name + ".log")
        command = [*prefix, str(binary), "serve", "--data-dir", str(data), "--listen", "127.0.0.1:0"]
        for account in accounts:
            command += ["--bootstrap-account", account.number]
            command += ["--bootstrap-access-key", f"{account.key}:{account.secret}"]
        command += ["--accept-weak-isolation", *options]
        with open(self.log_path, "ab") as log_file:
            self._log_start = log_file.tell()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log_file, stderr=log_file, cwd=self.data.parent
            )
        self.address = self._wait_for_address()

    @property
    def pid(self):
        return self.process.pid

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def log(self):
        """What this start has printed so far."""
        with open(self.log_path, "rb") as log_file:
            log_file.seek(self._log_start)
            return log_file.read().decode(errors="replace")

    def _wait_for_address(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            found = find_address(self.log())
            if found:
                return found
            if self.process.poll() is not None:
                raise AssertionError(f"lambent ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            time.sleep(0.01)
        self.kill()
        raise AssertionError(f"lambent did not listen within {START_SECONDS} s:\n{self.log()[-4000:]}")

    def stop(self, seconds=30):
        """Asks it to end, as an operator does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """Ends it without any notice."""
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait(10)

    def resident_bytes(self):
        """Resident memory of the platform and its direct children that run its own binary (the spawner)."""
        return sum(resident(pid) for pid in [self.pid, *children(self.pid)])


def find_address(log):
    """The address in the log, as JSON (not a terminal) or as text."""
    for line in log.splitlines():
        if line.startswith("{"):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            address = record.get("address") or (record.get("fields") or {}).get("address")
            if address:
                return address if address.startswith("http") else f"http://{address}"
        found = re.search(r"listening on (http://[0-9.:\[\]]+)", line)
        if found:
            return found.group(1)
    return None


def resident(pid):
    """Resident bytes of one process, 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found.group(1)) * 1024 if found else 0


def processes():
    """Parent, command and start time of every process, by its id: one look at each."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path(f"/proc/{entry}/stat").read_text()
        except OSError:
            continue
        command, fields = stat.split("(", 1)[1].rsplit(")", 1)
        fields = fields.split()
        found[int(entry)] = int(fields[1]), command, fields[19]
    return found


def children(pid):
    """Ids of the direct children of a process."""
    return [child for child, (parent, _, _) in processes().items() if parent == pid]


def descendants(pid, command=None):
    """Ids with start times of all processes below one, so that a reused id is not mistaken; of this command, if one is named."""
    everyone, below = processes(), {}
    for child, (parent, name, started) in everyone.items():
        seen = {child}
        while parent in everyone and parent not in seen and parent != pid:
            seen.add(parent)
            parent = everyone[parent][0]
        if parent == pid and command in (None, name):
            below[child] = started
    return below


def start_time(pid):
    """When the process started, in ticks since boot; `None` when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


def alive(processes):
    """Those of `descendants` that still run and are not zombies."""
    left = []
    for pid, started in processes.items():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if fields[19] == started and fields[0] != "Z":
            left.append(pid)
    return left
