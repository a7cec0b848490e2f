"""Functions that try to see, reach or harm what is not theirs; each finds nothing, and the platform serves on."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from harness.clients import unique
from harness.platform import children

SECRET = "planted-" + "7f3c9a"

VICTIM = f"""
import os, time
SECRET = '{SECRET}'
def handler(event, context):
    with open('/tmp/{SECRET}', 'w') as f:
        f.write(SECRET)
    os.makedirs('/dev/shm', exist_ok=True)
    try:
        open('/dev/shm/{SECRET}', 'w').write(SECRET)
    except OSError:
        pass
    time.sleep((event or {{}}).get('sleep', 0))
    return sorted(os.listdir('/tmp'))
"""

# One function with many probes: the event names the probe, the answer is what it saw.
SPY = r"""
import ctypes, errno, json, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)

def processes(event):
    found = {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        seen = {}
        for file in ('cmdline', 'environ', 'maps'):
            try:
                seen[file] = open(f'/proc/{pid}/{file}', 'rb').read().decode(errors='replace')
            except OSError as error:
                seen[file] = errno.errorcode[error.errno]
        found[pid] = seen
    return found

def files(event):
    found = []
    for top, dirs, names in os.walk(event.get('top', '/')):
        dirs[:] = [d for d in dirs if os.path.join(top, d) not in ('/proc', '/usr')]
        found += [os.path.join(top, name) for name in names]
    return found

def listing(event):
    return {path: sorted(os.listdir(path)) if os.path.isdir(path) else None for path in event['paths']}

def connect(event):
    seen = {}
    for host, port in event['to']:
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as s:
                s.settimeout(2)
                s.connect((host, port))
            seen[f'{host} {port}'] = 'connected'
        except OSError as error:
            seen[f'{host} {port}'] = errno.errorcode.get(error.errno, type(error).__name__)
    return seen

def unix(event):
    seen = {}
    for name in event['names']:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(name.replace('@', '\0', 1))
            seen[name] = 'connected'
        except OSError as error:
            seen[name] = errno.errorcode[error.errno]
    return seen

def families(event):
    seen = {}
    for name, (family, kind, protocol) in event['kinds'].items():
        try:
            socket.socket(family, kind, protocol).close()
            seen[name] = 'made'
        except OSError as error:
            seen[name] = errno.errorcode[error.errno]
    return seen

def network(event):
    return {'devices': [line.split(':')[0].strip() for line in open('/proc/net/dev').readlines()[2:]],
            'routes': open('/proc/net/route').read().splitlines()[1:], 'host': socket.gethostname()}

def write(event):
    seen = {}
    for path in event['paths']:
        try:
            open(path, 'w').close()
            seen[path] = 'written'
        except OSError as error:
            seen[path] = errno.errorcode[error.errno]
    return seen

def calls(event):
    seen = {}
    for name, (number, *arguments) in event['calls'].items():
        values = [ctypes.c_char_p(a.encode()) if isinstance(a, str) else ctypes.c_long(a) for a in arguments]
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(number), *values)
        seen[name] = 'allowed' if result >= 0 else errno.errorcode[ctypes.get_errno()]
    return seen

def fatal(event):
    seen = {}
    for name, (number, *arguments) in event['calls'].items():
        child = os.fork()
        if child == 0:
            libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
            os._exit(0)
        seen[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return seen

def fall(event):
    libc.syscall(ctypes.c_long(event['number']), 0, 0, 0, 0)

def identity(event):
    status = dict(line.rstrip('\n').split(':\t', 1) for line in open('/proc/self/status') if ':\t' in line)
    return {'uid': os.getuid(), 'gid': os.getgid(), 'groups': os.getgroups(), 'pid': os.getpid(),
            'status': {k: v.strip() for k, v in status.items()},
            'namespaces': {n: os.readlink(f'/proc/self/ns/{n}') for n in os.listdir('/proc/self/ns')},
            'descriptors': {n: os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')},
            'mounts': open('/proc/self/mountinfo').read(), 'cwd': os.getcwd(), 'environment': dict(os.environ)}

def kill(event):
    seen = {}
    for pid in event['pids']:
        try:
            os.kill(pid, 9)
            seen[pid] = 'killed'
        except OSError as error:
            seen[pid] = errno.errorcode[error.errno]
    return seen

def read(event):
    seen = {}
    for path in event['paths']:
        try:
            seen[path] = open(path, 'rb').read(4096).decode(errors='replace')
        except OSError as error:
            seen[path] = errno.errorcode[error.errno]
    return seen

def figures(event):
    seen = {}
    for top, dirs, names in os.walk('/proc'):
        dirs[:] = [d for d in dirs if top != '/proc' or not (d.isdigit() or d in ('self', 'thread-self'))]
        for path in (os.path.join(top, name) for name in names):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
                seen[path] = os.read(descriptor, 4096).decode(errors='replace')
                os.close(descriptor)
            except OSError as error:
                seen[path] = errno.errorcode[error.errno]
    return seen

def handler(event, context):
    return globals()[event['probe']](event)
"""


@pytest.fixture(scope="module")
def spy(tenant):
    return tenant.deploy(SPY, name=unique("spy"), Timeout=30)


@pytest.fixture(scope="module")
def victim(neighbour):
    """A function of another account, with an environment that is alive and holds secrets."""
    function = neighbour.deploy(VICTIM, name=unique("victim"), Environment={"Variables": {"TOKEN": SECRET}})
    assert SECRET in function()
    return function


def test_no_process_of_others_is_visible(spy, victim):
    seen = spy({"probe": "processes"})
    assert 1 <= len(seen) <= 3
    assert SECRET not in json.dumps(seen)


def test_no_file_of_others_is_visible(spy, victim):
    found = spy({"probe": "files"})
    assert not any(SECRET in path for path in found)
    task = spy({"probe": "files", "top": "/var/task"})
    assert [path for path in task if not path.endswith(".pyc")] == ["/var/task/app.py"]


def test_tmp_is_ones_own(spy, victim, tenant, neighbour):
    assert spy({"probe": "listing", "paths": ["/tmp", "/dev/shm"]}) in (
        {"/tmp": [], "/dev/shm": []},
        {"/tmp": [], "/dev/shm": None},
    )
    sibling = neighbour.deploy(VICTIM)
    assert sibling() == [SECRET]
    code = "import os\ndef handler(event, context):\n    return sorted(os.listdir('/tmp'))\n"
    from harness.packages import python

    neighbour.functions.update_function_code(FunctionName=sibling.name, ZipFile=python(code))
    neighbour.wait_updated(sibling.name)
    assert sibling() == [], "a file of the old code was visible to the new"


def host_addresses():
    found = {"127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1"}
    try:
        found |= {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
            found.add(probe.getsockname()[0])
        except OSError:
            pass
    return sorted(found)


def test_the_platforms_ports_and_the_hosts_network_are_out_of_reach(spy, platform):
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        ports = [platform.port, listener.getsockname()[1]]
        targets = [[host, port] for host in host_addresses() for port in ports]
        seen = spy({"probe": "connect", "to": targets})
        assert "connected" not in seen.values(), seen
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_metadata_addresses_and_the_world_are_out_of_reach(spy):
    targets = [["169.254.169.254", 80], ["169.254.170.2", 80], ["fd00:ec2::254", 80], ["192.0.2.1", 443]]
    seen = spy({"probe": "connect", "to": targets})
    assert "connected" not in seen.values() and "TimeoutError" not in seen.values(), seen


def test_only_a_loopback_device(spy):
    seen = spy({"probe": "network"})
    assert seen["devices"] == ["lo"] and seen["routes"] == []
    assert seen["host"] != socket.gethostname()


def test_unix_sockets_of_the_host_are_out_of_reach(spy):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{SECRET}")
        listener.listen()
        seen = spy({"probe": "unix", "names": [f"@{SECRET}", "/run/systemd/private", "/var/run/docker.sock"]})
    assert "connected" not in seen.values(), seen


def test_dangerous_socket_families(spy):
    kinds = {
        "packet": [17, 3, 0x300], "raw": [2, 3, 1], "alg": [38, 5, 0], "vsock": [40, 1, 0], "audit": [16, 3, 9],
        "netfilter": [16, 3, 12], "generic": [16, 3, 16], "bluetooth": [31, 3, 1], "can": [29, 3, 1], "key": [15, 3, 2],
        "xdp": [44, 3, 0], "sctp": [2, 1, 132], "mptcp": [2, 1, 262],
    }
    seen = spy({"probe": "families", "kinds": kinds})
    assert "made" not in seen.values(), seen


def test_what_is_not_ones_own_is_read_only(spy):
    paths = ["/var/task/x", "/var/runtime/x", "/opt/x", "/usr/x", "/etc/passwd", "/x", "/dev/x", "/proc/sys/kernel/core_pattern",
             "/proc/sysrq-trigger", "/proc/1/oom_score_adj"]
    seen = spy({"probe": "write", "paths": paths})
    assert "written" not in seen.values(), seen


def test_what_proc_hides(spy):
    paths = ["/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats", "/proc/mem"]
    seen = spy({"probe": "read", "paths": paths})
    assert all(value == "" or value.startswith("E") for value in seen.values()), seen
    listing = spy({"probe": "listing", "paths": ["/sys", "/proc/acpi", "/proc/scsi"]})
    assert all(not entries for entries in listing.values()), listing
    assert set(spy({"probe": "listing", "paths": ["/dev"]})["/dev"]) <= {
        "null", "zero", "full", "random", "urandom", "fd", "stdin", "stdout", "stderr", "shm"
    }


# What the test below moves on the host, as its own /proc has to show.
MOVED = ["/proc/sys/fs/aio-nr", "/proc/sys/kernel/pty/nr", "/proc/locks", "/proc/sys/fs/file-nr", "/proc/stat"]


def move_counters(directory):
    """Uses one of each of what the kernel counts for the whole machine; gives back what ends that."""
    import ctypes
    import fcntl
    import os
    import struct

    context = ctypes.c_ulong(0)
    assert ctypes.CDLL(None).syscall(206, 64, ctypes.byref(context)) == 0, "io_setup"
    lock = open(directory / "lock", "w")
    fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
    terminal = os.openpty()
    files = [os.open("/etc/passwd", os.O_RDONLY) for _ in range(200)]

    def end():
        ctypes.CDLL(None).syscall(207, context)  # io_destroy
        lock.close()
        for descriptor in [*terminal, *files]:
            os.close(descriptor)

    return end


def test_no_figure_in_proc_moves_with_the_host(spy, tmp_path):
    import platform as machine

    if machine.machine() != "x86_64":
        pytest.skip("the numbers of the system calls are those of x86_64")
    hosts = lambda: {path: open(path).read() for path in MOVED}
    before, before_host = spy({"probe": "figures"}), hosts()
    end = move_counters(tmp_path)
    try:
        after, after_host = spy({"probe": "figures"}), hosts()
    finally:
        end()
    assert [path for path in MOVED if before_host[path] == after_host[path]] == [], "the host stood still"
    moved = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    # A new one for each read; the pid that was given last is the environment's own.
    assert moved <= {"/proc/sys/kernel/random/uuid", "/proc/sys/kernel/ns_last_pid"}, moved


# Numbers of x86_64; the arguments are harmless should a call get through.
CALLS = {
    "ptrace": [101, 0, 0, 0, 0], "process_vm_readv": [310, 1, 0, 0, 0, 0, 0], "kcmp": [312, 1, 1, 0, 0, 0],
    "mount": [165, "none", "/tmp", "tmpfs", 0, 0], "umount2": [166, "/tmp", 0],
    "chroot": [161, "/tmp"], "open_tree": [428, -100, "/", 1], "fsopen": [430, "tmpfs", 0], "unshare user": [272, 0x10000000],
    "unshare net": [272, 0x40000000], "unshare mount": [272, 0x20000], "setns": [308, 0, 0], "clone3": [435, 0, 0],
    "keyctl": [250, 0, -3, 0, 0, 0], "add_key": [248, "user", "x", "y", 1, -1], "bpf": [321, 0, 0, 0],
    "userfaultfd": [323, 1], "io_uring_setup": [425, 1, 0], "perf_event_open": [298, 0, 0, -1, -1, 0],
    "name_to_handle_at": [303, -100, "/", 0, 0, 0],
    "syslog": [103, 10, 0, 0], "settimeofday": [164, 0, 0], "modify_ldt": [154, 0, 0, 0],
    "personality": [135, 0x0040000], "mknod": [133, "/tmp/n", 0o60666, 0x700], "sethostname": [170, "x", 1],
    "fanotify_init": [300, 0, 0], "quotactl": [179, 0, 0, 0, 0], "pidfd_getfd": [438, 0, 0, 0], "setuid": [105, 0],
}


def test_system_calls_that_no_function_needs(spy):
    import platform as machine

    if machine.machine() != "x86_64":
        pytest.skip("the numbers of the system calls are those of x86_64")
    seen = spy({"probe": "calls", "calls": CALLS})
    assert seen.pop("clone3") == "ENOSYS"
    assert {name: value for name, value in seen.items() if value not in ("EPERM", "ENOSYS", "EACCES")} == {}
    assert spy({"probe": "network"})["devices"] == ["lo"]


# What no program tries by chance.
FATAL = {
    "pivot_root": [155, 0, 0], "open_by_handle_at": [304, -100, 0, 0], "kexec_load": [246, 0, 0, 0, 0],
    "init_module": [175, 0, 0, 0], "finit_module": [313, -1, 0, 0], "delete_module": [176, 0, 0], "swapon": [167, 0, 0],
    "swapoff": [168, 0], "acct": [163, 0], "reboot": [169, 0, 0, 0, 0], "iopl": [172, 3], "ioperm": [173, 0, 1, 1],
}


def test_system_calls_that_only_break_ins_make_end_their_process(spy, platform):
    import platform as machine
    import signal

    if machine.machine() != "x86_64":
        pytest.skip("the numbers of the system calls are those of x86_64")
    seen = spy({"probe": "fatal", "calls": FATAL | {"getpid": [39], "mount": [165, 0, 0, 0, 0, 0]}})
    assert (seen.pop("getpid"), seen.pop("mount")) == (0, 0)
    assert seen == dict.fromkeys(FATAL, -signal.SIGSYS)
    answer = spy.invoke({"probe": "fall", "number": 169})
    assert answer.error and "Runtime exited with error: signal: bad system call" in json.dumps(answer.value)
    assert "a runtime ended by SIGSYS" in platform.log()
    assert spy({"probe": "network"})["devices"] == ["lo"]


def test_identity(spy, as_root):
    seen = spy({"probe": "identity"})
    status = seen["status"]
    assert seen["uid"] != 0 and seen["gid"] != 0 and seen["groups"] in ([], [seen["gid"]])
    for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert seen["cwd"] == "/var/task"


def rights(task):
    """The five sets of capabilities of a process or thread, by its folder in /proc, and whether an execution can give any."""
    status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
    return {name: int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb", "NoNewPrivs")}


def test_the_platform_has_none_of_roots_rights_and_the_spawner_keeps_them(spy, platform, as_root):
    nothing = {"CapEff": 0, "CapPrm": 0, "CapInh": 0, "CapBnd": 0, "CapAmb": 0, "NoNewPrivs": 1}
    assert spy({"probe": "network"})["devices"] == ["lo"]
    threads = list(Path(f"/proc/{platform.pid}/task").iterdir())
    assert len(threads) > 2
    assert {thread.name: rights(thread) for thread in threads} == {thread.name: nothing for thread in threads}
    spawner = [child for child in children(platform.pid) if "lambent-spawner" in Path(f"/proc/{child}/comm").read_text()]
    assert rights(Path(f"/proc/{spawner[0]}"))["CapEff"] & 1 << 21, "the spawner needs CAP_SYS_ADMIN"


def test_a_function_that_does_not_end_is_killed_by_a_platform_without_rights(tenant, as_root, victim):
    deaf = tenant.deploy(
        """
import os, signal, time
def handler(event, context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
    while True:
        time.sleep(1)
""",
        Timeout=1,
    )
    answer = deaf.invoke({})
    assert answer.error and "Task timed out after 1.00 seconds" in json.dumps(answer.value)
    assert SECRET in victim()


def test_a_data_directory_behind_somebody_elses_door_is_refused_with_the_reason(binary, tmp_path, as_root):
    door = tmp_path / "door"
    (door / "data").mkdir(parents=True, mode=0o700)
    door.chmod(0o700)
    os.chown(door, 12345, 12345)
    command = [binary, "serve", "--data-dir", door / "data", "--listen", "127.0.0.1:0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1 and "without root's rights" in ended.stderr, ended.stderr[-2000:]


def words_of_the_host(platform):
    """What would tell a function about the machine that it is on."""
    return [str(platform.data), str(platform.binary), "lambent.db", str(platform.data.parent)]


def test_nothing_of_the_host_shows_in_descriptors_or_variables(spy, platform):
    seen = spy({"probe": "identity"})
    text = json.dumps([seen["descriptors"], seen["environment"]])
    assert [word for word in words_of_the_host(platform) if word in text] == []
    assert not any(variable.startswith("LAMBENT") for variable in seen["environment"])


def test_nothing_of_the_host_shows_in_mounts(spy, platform):
    mounts = spy({"probe": "identity"})["mounts"]
    assert [word for word in words_of_the_host(platform) if word in mounts] == []


def test_two_environments_have_different_users_and_namespaces(spy, neighbour, as_root):
    other = neighbour.deploy(SPY, Timeout=30)
    here, there = spy({"probe": "identity"}), other({"probe": "identity"})
    assert here["uid"] != there["uid"]
    for name in ("mnt", "pid", "net", "ipc", "uts", "cgroup"):
        assert here["namespaces"][name] != there["namespaces"][name], name


def test_signals_reach_nobody_else(spy, platform, victim):
    seen = spy({"probe": "kill", "pids": [platform.pid, platform.pid + 1, 99999]})
    assert set(seen.values()) <= {"ESRCH", "EPERM"}
    assert SECRET in victim()


def test_the_platforms_two_listeners_are_all_that_listens(spy, platform):
    ports = (22, 53, 80, 443, 4566, 5432, 9000, 9003, platform.port)
    seen = spy({"probe": "connect", "to": [["127.0.0.1", port] for port in ports]})
    assert "connected" not in seen.values(), seen


def test_the_platforms_api_inside_wants_signatures_too(tenant):
    ask = tenant.deploy(
        """
import urllib.error, urllib.request
def handler(event, context):
    try:
        return urllib.request.urlopen('http://127.0.0.1:9002/2015-03-31/functions').read().decode()
    except urllib.error.HTTPError as refused:
        return [refused.code, refused.headers['x-amzn-errortype']]
"""
    )
    assert ask({}) == [403, "MissingAuthenticationTokenException"]


def test_a_fork_bomb_harms_nobody(tenant, as_root, victim):
    bomb = tenant.deploy(
        """
import os, time
def handler(event, context):
    made = 0
    try:
        while made < 5000:
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
            made += 1
    except OSError:
        pass
    return made
""",
        Timeout=10,
    )
    answer = bomb.invoke({})
    assert answer.error or answer.value <= 1024
    assert SECRET in victim()
