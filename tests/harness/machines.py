"""Machines that lack something: the same host, with a system call refused, without cgroups, or as somebody else."""

import ctypes
import os
import struct
import subprocess

NOBODY = 65534
ENOSYS, EPERM = 38, 1

# From linux/seccomp.h, linux/filter.h and linux/audit.h.
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NUMBER, FIRST_ARGUMENT = 0, 16

CALLS = {
    "x86_64": {"seccomp": 317, "landlock_create_ruleset": 444, "clone3": 435, "unshare": 272, "prctl": 157},
    "aarch64": {"seccomp": 277, "landlock_create_ruleset": 444, "clone3": 435, "unshare": 97, "prctl": 167},
}[os.uname().machine]


def refuse(call, errno=ENOSYS, argument=None):
    """For `preexec_fn`: the program and its children get this error from the call, as from a kernel that lacks it."""
    rules = [(LOAD, 0, 0, NUMBER)]
    if argument is None:
        rules += [(EQUAL, 0, 1, CALLS[call]), (RETURN, 0, 0, ERRNO | errno)]
    else:
        rules += [(EQUAL, 0, 3, CALLS[call]), (LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 0, 1, argument), (RETURN, 0, 0, ERRNO | errno)]
    rules += [(RETURN, 0, 0, ALLOW)]
    program = b"".join(struct.pack("HBBI", *rule) for rule in rules)
    libc = ctypes.CDLL(None, use_errno=True)

    def install():
        code = ctypes.create_string_buffer(program)

        class Filter(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

        filter = Filter(len(rules), ctypes.addressof(code))
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter), 0, 0) != 0:
            os._exit(70)

    return install


def without_cgroups(*command):
    """The command on a host that has no cgroups mounted; needs root."""
    script = "umount --lazy --recursive /sys/fs/cgroup && exec \"$@\""
    return ["unshare", "--mount", "sh", "-c", script, "sh", *map(str, command)]


def as_nobody(*command):
    """The command as a plain user; needs root."""
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", "--", *map(str, command)]


def without_namespaces(kind, *command):
    """The command where no more namespaces of this kind can be made."""
    script = f"echo 0 > /proc/sys/user/max_{kind}_namespaces && exec \"$@\""
    return ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", *map(str, command)]


def gives_user_namespaces():
    """Whether a plain user may make one."""
    return subprocess.run(as_nobody("unshare", "-Ur", "true"), capture_output=True).returncode == 0
