"""The system calls that code in the sandbox may not make, as a program for the kernel's filter (seccomp, BPF).

New processes are refused, so that nothing outlives the one that is watched; threads, which JAX needs, are allowed.
Refused too is memory that no limit counts (shared segments, memory files) and what looks into or around the kernel.
"""

import errno
import platform
import struct

# Linux's numbers (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
REFUSED = {
    "x86_64": {
        "fork": 57, "vfork": 58, "shmget": 29, "semget": 64, "msgget": 68, "memfd_create": 319, "memfd_secret": 447,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "userfaultfd": 323,
        "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321, "perf_event_open": 298, "io_uring_setup": 425,
        "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "open_tree": 428,
        "move_mount": 429, "fsopen": 430, "personality": 135, "pidfd_getfd": 438, "mq_open": 240,
    },
    "aarch64": {
        "shmget": 194, "semget": 190, "msgget": 186, "memfd_create": 279, "memfd_secret": 447, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "userfaultfd": 282, "add_key": 217,
        "request_key": 218, "keyctl": 219, "bpf": 280, "perf_event_open": 241, "io_uring_setup": 425, "unshare": 97,
        "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "open_tree": 428, "move_mount": 429,
        "fsopen": 430, "personality": 92, "pidfd_getfd": 438, "mq_open": 180,
    },
}  # fmt: skip
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE_THREAD = 0x00010000
X32 = 0x40000000

LOAD, EQUAL, AT_LEAST, HAS_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16


def program(machine: str | None = None) -> bytes:
    """Return the filter for ``machine`` (by default this one), as bwrap's ``--seccomp`` reads it.

    Raises OSError on a processor whose system calls are not listed.
    """
    machine = machine or platform.machine()
    if machine not in REFUSED:
        raise OSError(f"the sandbox knows the processors {', '.join(REFUSED)}, not {machine}")

    def step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("HBBI", code, then, otherwise, value)

    refuse = step(RETURN, ERRNO | errno.EPERM)
    steps = [
        step(LOAD, ARCHITECTURE_AT), step(EQUAL, ARCHITECTURE[machine], 1, 0), step(RETURN, KILL),
        step(LOAD, NUMBER_AT), step(AT_LEAST, X32, 0, 1), refuse,
    ]  # fmt: skip
    for number in REFUSED[machine].values():
        steps += [step(EQUAL, number, 0, 1), refuse]
    # The C library asks clone3 first, whose flags cannot be seen from here, and takes clone where there is none.
    steps += [step(EQUAL, CLONE3, 0, 1), step(RETURN, ERRNO | errno.ENOSYS)]
    steps += [
        step(EQUAL, CLONE[machine], 0, 3), step(LOAD, FIRST_ARGUMENT_AT), step(HAS_BITS, CLONE_THREAD, 1, 0), refuse,
        step(RETURN, ALLOW),
    ]  # fmt: skip
    return b"".join(steps)
