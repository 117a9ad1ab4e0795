"""Saving a run after every epoch and going on from there, with Orbax.

A directory holds one folder for each of the last few epochs, named by the number of epochs done: the learner (arrays,
bit for bit) and a record (JSON: the history so far and what the run was started with). Orbax writes a folder under
another name and renames it when it is complete: a run that is killed never leaves half a checkpoint that looks whole.
"""

import hashlib
import logging
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nnjax.training.step import Learner

KEPT = 3
"""Checkpoints kept: the last ones."""

History = dict[str, list[float]]


def settings(batch_size: int, key: Array, arrays: dict[str, np.ndarray], learner: Learner) -> dict[str, Any]:
    """Return what must be the same when a run goes on: batch size, key, data, the shapes of all that is trained."""
    data = key if key.dtype == np.uint32 else jax.random.key_data(key)
    same = {"batch_size": batch_size, "key": np.asarray(data).tolist()}
    same |= {f"dataset.{name}": _fingerprint(array) for name, array in arrays.items()}
    named = {"params": learner.params, "optimizer": learner.opt_state, "state": learner.state}
    return same | {name: _shapes(tree) for name, tree in named.items()}


def epochs_done(directory: Path) -> list[int]:
    """Return the epochs after which there is a complete checkpoint, in order."""
    folders = directory.iterdir() if directory.is_dir() else ()
    return sorted(int(folder.name) for folder in folders if folder.name.isdecimal() and folder.is_dir())


def check_directory(directory: str | Path | None, resume: bool) -> Path | None:
    """Return the directory as an absolute path; raise ValueError where a run would overwrite or miss checkpoints."""
    if directory is None:
        if resume:
            raise ValueError("resume=True needs the directory of the run to go on with; give directory=...")
        return None
    path = Path(directory).absolute()
    if path.exists() and not path.is_dir():
        raise ValueError(f"directory {str(directory)!r} is a file; give a folder, or a name that does not exist yet")
    done = epochs_done(path)
    if done and not resume:
        raise ValueError(
            f"directory {str(directory)!r} holds a run of {done[-1]} epochs; "
            "give resume=True to go on with it, or another directory"
        )
    return path


@contextmanager
def opened(directory: Path | None) -> Iterator[Any]:
    """Give Orbax's manager of the checkpoints in ``directory`` (created if need be), or ``None`` without one."""
    if directory is None:
        yield None
        return
    import orbax.checkpoint as ocp

    _remove_unfinished(directory)
    options = ocp.CheckpointManagerOptions(
        preservation_policy=ocp.checkpoint_managers.LatestN(KEPT),
        enable_async_checkpointing=False,
        cleanup_tmp_directories=True,
        lightweight_initialize=True,  # an old folder may be half deleted, which must not matter
    )
    try:
        manager = ocp.CheckpointManager(directory, options=options)
    except OSError as error:
        raise OSError(f"the directory {directory} cannot be used for checkpoints: {error}") from error
    try:
        yield manager
    finally:
        manager.close()


def save(manager: Any, epoch: int, learner: Learner, history: History, same: dict[str, Any]) -> None:
    """Write the checkpoint after ``epoch`` epochs, if there is a manager.

    Raises OSError, naming the directory and the last complete checkpoint, when it cannot be written.
    """
    if manager is None:
        return
    import orbax.checkpoint as ocp

    record = {"history": history, "settings": same}
    items = ocp.args.Composite(learner=ocp.args.StandardSave(_tree(learner)), record=ocp.args.JsonSave(record))
    try:
        with _quiet():
            manager.save(epoch, args=items)
    except Exception as error:  # TensorStore reports a full disk as ValueError, Python as OSError
        directory = Path(manager.directory)
        _remove_unfinished(directory)
        done = epochs_done(directory)
        last = f"epoch {done[-1]} is the last complete one there" if done else "there is no complete one there yet"
        raise OSError(
            f"the checkpoint of epoch {epoch} could not be saved in {manager.directory}; {last}: {error}"
        ) from error


def restore(manager: Any, learner: Learner, same: dict[str, Any], epochs: int) -> tuple[int, Learner, History]:
    """Return (epochs done, learner, history) of the last checkpoint, or (0, ``learner``, {}) when there is none.

    ``learner`` is that of a fresh start. Raises ValueError when the run was started with anything else than ``same``,
    naming what differs, or has already more epochs than are wanted, or when its last checkpoint is damaged.
    """
    done = None if manager is None else manager.latest_step()
    if done is None:
        return 0, learner, {}
    import orbax.checkpoint as ocp

    with _reading(Path(manager.directory), done):
        record = manager.restore(done, args=ocp.args.Composite(record=ocp.args.JsonRestore())).record
        before, history = dict(record["settings"]), dict(record["history"])
    different = [name for name in sorted(before.keys() | same.keys()) if before.get(name) != same.get(name)]
    if different:
        changes = "; ".join(
            f"{name} was {_short(before.get(name))}, now {_short(same.get(name))}" for name in different
        )
        raise ValueError(f"the run in {manager.directory} was started with other settings: {changes}")
    if done > epochs:
        raise ValueError(f"the run in {manager.directory} has {done} epochs already; epochs={epochs} is fewer")
    items = ocp.args.Composite(learner=ocp.args.StandardRestore(_tree(learner)))
    with _reading(Path(manager.directory), done):
        tree = manager.restore(done, args=items).learner
        restored = Learner(tree["params"], tree["optimizer"], tree.get("state"))
        return done, jax.tree.map(lambda leaf: jnp.array(leaf), restored), history


@contextmanager
def _reading(directory: Path, epoch: int) -> Iterator[None]:
    """Raise ValueError, naming the folder, for whatever goes wrong in reading the checkpoint of ``epoch``."""
    try:
        with _quiet():
            yield
    except Exception as error:  # a damaged file is reported as ValueError, KeyError, TypeError, OSError
        before = [one for one in epochs_done(directory) if one < epoch]
        start = f"epoch {before[-1]}" if before else "the beginning"
        reason = f"{type(error).__name__}: {_short(' '.join(str(error).split()))}"
        raise ValueError(
            f"the checkpoint {directory / str(epoch)} is damaged ({reason}); "
            f"remove that folder, and the run goes on from {start}"
        ) from error


def _remove_unfinished(directory: Path, tries: int = 25, pause: float = 0.2) -> None:
    """Remove what saving left unfinished.

    Where it was interrupted in this process, its threads go on writing for a moment: they are given time to end.
    """
    before: list[tuple[Path, int]] | None = None
    for _ in range(tries):
        now = [(path, _size(path)) for path in sorted(directory.glob("*.orbax-checkpoint-tmp*/**/*"))]
        if now == before:
            break
        before = now
        time.sleep(pause if now else 0)
    for folder in directory.glob("*.orbax-checkpoint-tmp*"):
        shutil.rmtree(folder, ignore_errors=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # renamed meanwhile
        return -1


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Orbax from showing each thread's traceback; the exception that is raised says it all."""
    logger, hook = logging.getLogger("absl"), sys.unraisablehook
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    sys.unraisablehook = lambda what: None if isinstance(what.exc_value, RuntimeError) else hook(what)
    try:
        yield
    except BaseException:
        time.sleep(0.2)  # TensorStore's threads end after it, and find Orbax's event loop closed
        raise
    finally:
        sys.unraisablehook = hook
        logger.setLevel(level)


def _tree(learner: Learner) -> dict[str, PyTree]:
    tree = {"params": learner.params, "optimizer": learner.opt_state}
    return tree if learner.state is None else tree | {"state": learner.state}


def _fingerprint(array: np.ndarray) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()[:16]
    return f"{array.dtype}{list(array.shape)} {digest}"


def _shapes(tree: PyTree) -> str:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return " ".join(f"{jax.tree_util.keystr(path)}:{leaf.dtype}{list(leaf.shape)}" for path, leaf in leaves)


def _short(value: Any, most: int = 80) -> str:
    text = str(value)
    return text if len(text) <= most else text[: most - 3] + "..."
