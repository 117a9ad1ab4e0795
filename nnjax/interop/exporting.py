"""A trained model as one file, which plain JAX runs on any machine, without nnjax and without its parameters apart."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.export
import numpy as np
from jaxtyping import Array, PyTree

from nnjax.checks import require_not_empty

PLATFORMS = ("cpu", "cuda", "tpu")
"""Where the file runs."""


def export(path: str | Path, apply: Callable[..., Any], params: PyTree, example: Array | np.ndarray) -> Path:
    """Write ``apply(params, x)`` to a file, the parameters in it, for any batch size; return the path.

    ``example`` is a batch of inputs, of which only the dtype and the shape behind the first axis count. With it::

        from functools import partial
        interop.export("digits.jax", partial(models.mlp.apply, activation="tanh"), params, digits.x_test)

    and wherever there are JAX and its serializer (``pip install jax flatbuffers``), on a CPU, an NVIDIA GPU or a TPU::

        import jax.export, pathlib
        model = jax.export.deserialize(bytearray(pathlib.Path("digits.jax").read_bytes()))
        outputs = model.call(x)

    What is written is the compiled form, StableHLO, in the serialization of ``jax.export``, which later versions of JAX
    read for at least six months (its documentation promises so), so keep the parameters as well. The file appears under
    its name only when it is complete.
    Raises ValueError, before anything is written, for a path that cannot be a file, an example without a batch and a
    function that cannot be exported; OSError when the file cannot be written; ImportError without flatbuffers.
    """
    target = Path(path)
    if target.is_dir():
        raise ValueError(f"path {str(path)!r} is a folder; give the name of a file")
    if not target.parent.is_dir():
        raise ValueError(f"path {str(path)!r} is in the folder {str(target.parent)!r}, which does not exist")
    require_not_empty("example", example)
    content = _exported(apply, params, example)
    try:
        _write(target, content)
    except OSError as error:
        raise OSError(f"the model could not be written to {str(path)!r}: {error}") from error
    return target


def _exported(apply: Callable[..., Any], params: PyTree, example: Array | np.ndarray) -> bytes:
    (batch,) = jax.export.symbolic_shape("batch")
    x = jax.ShapeDtypeStruct((batch, *example.shape[1:]), jax.dtypes.canonicalize_dtype(example.dtype))
    try:
        exported = jax.export.export(jax.jit(lambda x: apply(params, x)), platforms=PLATFORMS)(x)
        return bytes(exported.serialize())
    except ImportError as error:
        raise ImportError(f"a model cannot be written to a file: {error}") from error
    except Exception as error:  # whatever the learner's function, or JAX's exporter, raises
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ValueError(
            f"apply cannot be exported for inputs of shape {_list(x.shape)}, any batch: {reason}"
        ) from error


def _list(shape: tuple[Any, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _write(target: Path, content: bytes) -> None:
    unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(target)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
