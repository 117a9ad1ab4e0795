"""One run in the sandbox: bubblewrap around a fresh Python, watched from outside until it ends or is ended."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nnjax
from nnjax.compiling import QUICK, flags
from nnjax.grading.sandbox import compiled, seccomp
from nnjax.grading.sandbox.site import build as site_of
from nnjax.grading.sandbox.temporary import temporary
from nnjax.grading.sandbox.watching import MIB, Ended, Limits, watched

ADDRESS_SPACE, FILE, TEMPORARY = 8192 * MIB, 8 * MIB, 64 * MIB
KINDS = ("plain", "devices", "by hand", "library")
# Simulated by JAX: all are this machine's cores.
DEVICES = {"XLA_FLAGS": f"{flags(QUICK)} --xla_force_host_platform_device_count=8"}
GET_IT = (
    "marking runs answers only in a sandbox, by bubblewrap: install it (Debian, Ubuntu: apt install bubblewrap; "
    "Fedora: dnf install bubblewrap; on macOS and Windows in a Linux container or WSL), or accept with --no-sandbox "
    "that the students' code runs with your rights, on your files and your network"
)


class Site(NamedTuple):
    """What a sandbox has: folders here and their names in it, and what its environment holds beside the usual."""

    mounts: list[tuple[Path, str]]
    environment: dict[str, str]


@contextmanager
def sites(names: Sequence[str] = ()) -> Iterator[dict[str, Site]]:
    """Make the sites of all kinds, for as long as the block lasts; what the exercises ``names`` need is compiled."""
    with temporary() as folder:
        os.chmod(folder, 0o755)
        ready = folder / "compiled"
        with compiled.filling(ready, names):
            yield {kind: Site([*site_of(kind, folder), (ready, "compiled")], environment_of(kind)) for kind in KINDS}


def environment_of(kind: str) -> dict[str, str]:
    """Return what more than the sandbox's own the environment of answers of a kind holds."""
    return DEVICES if kind == "devices" else {}


def require(bwrap: str = "bwrap") -> None:
    """Raise OSError, saying how to get one, unless a sandbox can be made on this machine."""
    if not shutil.which(bwrap) or not shutil.which("prlimit"):
        raise OSError(GET_IT)
    probe = [bwrap, *_isolation(), "--ro-bind", "/usr", "/usr", *_links(), "--", "/usr/bin/env", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        said = done.stderr.strip().split("\n")[-1]
        raise OSError(f"bubblewrap is here but cannot make a sandbox ({said}); {GET_IT}")


def run(site: Site, work: bytes, limits: Limits, cpu: float) -> Ended:
    """Run ``start.py`` on the bytes ``work`` in a fresh sandbox; return the frames that it sent.

    ``limits`` bounds the seconds by the clock, ``cpu`` those of processor time.
    """
    filtering = _filter()
    try:
        return watched(lambda send: command(site, send, filtering, cpu), work, limits, keep=(filtering,))
    finally:
        os.close(filtering)


def _filter() -> int:
    """Return a file descriptor from which the filter of system calls can be read."""
    read, write = os.pipe()
    os.write(write, seccomp.program())
    os.close(write)
    return read


def command(site: Site, send: int, filtering: int, cpu: float) -> list[str]:
    """Return the command that starts Python in the sandbox, with the site as all that it can import."""
    base = Path(sys.base_prefix).resolve()
    binds = [*_system(), *_links()]
    if not base.is_relative_to("/usr"):
        binds += ["--ro-bind", str(base), str(base)]
    # What is installed beside Python itself may hold nnjax whole.
    for folder in _installed(base):
        binds += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
    binds += ["--size", str(MIB), "--tmpfs", "/site"]
    for path, name in site.mounts:
        binds += ["--ro-bind", str(path), f"/site/{name}"]
    python = base / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    start = "import sys, runpy; sys.path.append('/site'); sys.argv[:] = ['', sys.argv[1]]; " \
        "runpy.run_module('nnjax.grading.sandbox.start', run_name='__main__')"  # fmt: skip
    limits = [
        "prlimit", f"--as={ADDRESS_SPACE}", f"--cpu={int(cpu) + 1}", f"--fsize={FILE}", "--core=0", "--nofile=64",
        "--nproc=256", "--msgqueue=0", "--memlock=0",
    ]  # fmt: skip
    # Nothing can be written but below /tmp and /dev/shm, which are small.
    fixed = [part for folder in ("/site", "/dev", "/proc", "/") for part in ("--remount-ro", folder)]
    return [
        str(shutil.which("bwrap")), *_isolation(site.environment), *binds, *fixed, "--seccomp", str(filtering),
        "--chdir", "/tmp", "--", *limits, str(python), "-I", "-S", "-B", "-c", start, str(send),
    ]  # fmt: skip


def _isolation(more: dict[str, str] | None = None) -> list[str]:
    environment = {
        "PATH": "/usr/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "TMPDIR": "/tmp", "JAX_PLATFORMS": "cpu",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3",
        **compiled.reading(Path("/site/compiled")),
    }  # fmt: skip
    variables = [part for name, value in (environment | (more or {})).items() for part in ("--setenv", name, value)]
    return [
        "--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session", "--clearenv",
        "--uid", "65534", "--gid", "65534", "--hostname", "box", "--cap-drop", "ALL", *variables, "--proc", "/proc",
        "--dev", "/dev", *_small("/dev/shm"), *_small("/tmp"),
    ]  # fmt: skip


def _small(folder: str) -> list[str]:
    """Return the options that put a small folder in memory at ``folder``, the only kind that can be written."""
    return ["--size", str(TEMPORARY), "--tmpfs", folder]


def _system() -> list[str]:
    """Return the options that show what programs need of /usr; a checkout in /usr/src is not among it."""
    names = ("bin", "sbin", "lib", "lib32", "lib64", "libexec", "local", "share")
    paths = [Path("/usr") / name for name in names]
    return [part for path in paths if path.is_dir() for part in ("--ro-bind", str(path), str(path))]


def _links() -> list[str]:
    """Return the options that make /bin, /lib and the like what they are here: links into /usr, or folders."""
    options = []
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/") / name
        if path.is_symlink():
            options += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            options += ["--ro-bind", str(path), str(path)]
    return options


def _installed(base: Path) -> list[Path]:
    """Return the folders of installed packages that lie in what the sandbox sees."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folders = {base / "lib" / version / "site-packages", Path(sysconfig.get_path("purelib")).resolve()}
    folders.add(Path(nnjax.__file__).resolve().parent.parent)
    folders |= {*Path("/usr/lib").glob("python3*/dist-packages"), *Path("/usr/local/lib").glob("python3*/*-packages")}
    return sorted(
        path for path in folders if path.is_dir() and (path.is_relative_to("/usr") or path.is_relative_to(base))
    )
