"""The learner's working copy of the lessons: made once, kept up to date, and never written over."""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import nnjax
from nnjax.compiling import keeping
from nnjax.course.shipped import notebooks
from nnjax.data import cache
from nnjax.exercises import full_name

RECORD = ".nnjax.json"


def copy(folder: Path) -> Iterator[str]:
    """Copy every lesson into ``folder`` as NN_name.ipynb; yield in words what is new there.

    A notebook that the learner has not touched is replaced by a newer one. Beside one that was touched the newer one is
    put under a name with the version. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = _given(folder)
    for lesson, source in notebooks().items():
        target, digest = folder / f"{lesson}.ipynb", _digest(source)
        if not target.exists():
            shutil.copyfile(source, target)
            yield f"{target.name}: copied"
        elif given.get(lesson) == digest:
            continue
        elif _digest(target) in (given.get(lesson), digest):
            shutil.copyfile(source, target)
            yield f"{target.name}: replaced by the newer lesson; you had not changed it"
        else:
            beside = folder / f"{lesson}-{nnjax.__version__}-{digest[:6]}.ipynb"
            if not beside.exists():
                shutil.copyfile(source, beside)
                yield f"{target.name} holds your work and stays; the newer lesson is {beside.name}"
            continue
        given[lesson] = digest
        (folder / RECORD).write_text(json.dumps(given, indent=1), encoding="utf-8")


def _given(folder: Path) -> dict[str, str]:
    """Return the digest of the lesson that each working copy came from; nothing where that cannot be read."""
    try:
        return dict(json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def jupyter(folder: Path, lesson: str) -> list[str]:
    """Return the command that opens JupyterLab in ``folder`` at a lesson; without a browser it prints the address.

    Raises ImportError where JupyterLab is not installed, ValueError for an unknown lesson.
    """
    import importlib.util

    name = full_name(lesson)
    if importlib.util.find_spec("jupyterlab") is None:
        raise ImportError('JupyterLab is not installed; install it with: pip install "nnjax[lessons]"')
    try:
        webbrowser.get()
        shown = []
    except webbrowser.Error:
        shown = ["--no-browser"]
    path = f"--LabApp.default_url=/lab/tree/{name}.ipynb"
    # In a container people are root, which Jupyter refuses unless it is told.
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    quiet = "--log-level=ERROR"  # the address is said all the same
    return [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}", path, quiet, *root, *shown]


def environment() -> dict[str, str]:
    """Return the environment of JupyterLab: what JAX compiles in a lesson is kept, so that it need not be done again.

    It is kept in nnjax's cache, for each machine by itself, but not where nothing can be written or the user has chosen
    another place (JAX_COMPILATION_CACHE_DIR): then the environment is as it was.
    """
    own = dict(os.environ)
    if "JAX_COMPILATION_CACHE_DIR" in own:
        return own
    folder = cache.directory(None) / "compiled" / (platform.node() or "here")
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return keeping(folder) | own if os.access(folder, os.W_OK) else own


def open_lab(folder: Path, lesson: str) -> int:
    """Open JupyterLab and stay until it ends; return its exit code."""
    return subprocess.run(jupyter(folder, lesson), env=environment(), check=False).returncode
