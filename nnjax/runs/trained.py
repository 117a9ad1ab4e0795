"""What a finished run left: its network with the trained parameters, and that as one file for plain JAX."""

import zipfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from nnjax import interop
from nnjax.runs.networks import Network, prepare
from nnjax.runs.settings import Settings, read


def load(directory: Path | str, *, originals: Any = None) -> tuple[Network, PyTree]:
    """Return the network of a run, with its data, and the trained parameters: ``network.apply(params, x)`` answers.

    Raises ValueError for a folder that is no finished run, and what ``data.load`` raises for its data.
    """
    directory = Path(directory)
    settings = _finished(directory)
    network = prepare(settings, originals=originals)
    shapes = jax.eval_shape(network.init, jax.random.key(0))
    return network, _restored(directory / "params.npz", shapes)


def export(directory: Path | str, file: Path | str, *, originals: Any = None) -> Path:
    """Write the trained model of a run to a file that plain JAX runs, by ``interop.export``; return its path.

    It takes inputs as the network was trained on them, ``load(directory)[0].dataset.x``: images for convolutions and
    the transformer, their rows for the RNN, windows of tokens for text, flat or standardised rows for the other models.
    Raises ValueError for a folder that is no finished run, and what ``interop.export`` and ``data.load`` raise.
    """
    network, params = load(directory, originals=originals)
    return interop.export(file, network.apply, params, network.dataset.x[:1])


def _finished(directory: Path) -> Settings:
    if not (directory / "settings.json").is_file():
        raise ValueError(f"{directory} is no run directory: there is no settings.json in it")
    settings = read(directory / "settings.json")
    history = directory / "history.csv"
    done = len(history.read_text(encoding="utf-8").splitlines()) - 1 if history.is_file() else 0
    if done != settings.epochs or not (directory / "params.npz").is_file():
        raise ValueError(f"the run in {directory} is not finished; go on with it first (resume, --resume)")
    return settings


def _restored(path: Path, shapes: PyTree) -> PyTree:
    """Return the leaves in the file as a pytree of ``shapes``; raises ValueError where they are not the same."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(shapes)
    wanted = {jax.tree_util.keystr(way): leaf.shape for way, leaf in leaves}
    try:
        with np.load(path) as kept:
            found = {name: kept[name] for name in kept.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    if {name: leaf.shape for name, leaf in found.items()} != wanted:
        raise ValueError(f"{path} does not hold the parameters of the network in settings.json beside it")
    return jax.tree.unflatten(structure, [jnp.asarray(found[name]) for name in wanted])
