"""A network and its loss, tried on the shapes of one batch without computing anything."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from nnjax import losses
from nnjax.training.step import Job, call, options_of


def job(
    apply: Callable[..., Any],
    loss: Callable[..., Any],
    optimizer: Any,
    regularizer: Callable[..., Any] | None,
    params: PyTree,
    state: PyTree,
    x: np.ndarray,
    targets: Mapping[str, np.ndarray],
    *,
    training: bool,
) -> Job:
    """Return the Job of these functions, tried without computing on a batch ``x`` and the targets beside it.

    The network is tried as in evaluation and, with ``training``, as in training.

    ``targets`` holds those of training and perhaps of testing, whole: their labels must fit the width of the outputs,
    and the loss must not refuse them.
    Raises ValueError when the network cannot take the batch, or a target, the loss or the penalty has no right shape.
    """
    apply, loss = _hashable(apply), _hashable(loss)
    regularizer = None if regularizer is None else _hashable(regularizer)
    draft = Job(apply, loss, optimizer, regularizer, "none", options_of(apply))
    outputs = _outputs(draft, params, state, x, train=False)
    if training and draft.options:
        outputs = _outputs(draft, params, state, x, train=True)
    kind = _kind(outputs, targets)
    draft = draft._replace(targets="half" if kind == "binary" and loss is losses.squared_error else kind)
    y = next(iter(targets.values()))[: len(x)]
    _scalar("loss(outputs, targets)", loss, outputs, jax.eval_shape(jnp.asarray, y))
    _values(loss, outputs, targets)
    if regularizer is not None:
        _scalar("regularizer(params)", regularizer, params)
    return draft


def _hashable(function: Callable[..., Any]) -> Callable[..., Any]:
    if not callable(function):
        raise ValueError(f"{function!r} was given where a function is wanted")
    try:
        hash(function)
    except TypeError:
        return partial(function)  # compared by identity: compiled anew for each call, but compiled
    return function


def _outputs(draft: Job, params: PyTree, state: PyTree, x: np.ndarray, *, train: bool) -> Any:
    key = jax.random.key(0) if train else None
    try:
        outputs, new_state = jax.eval_shape(partial(call, draft, key=key, train=train), params, state, x)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        shapes = [np.shape(leaf) for leaf in jax.tree.leaves(params)]
        raise ValueError(
            f"the network cannot take inputs of shape {x.shape} with parameters of shapes {_list(shapes)}: "
            f"{_brief(error)}"
        ) from error
    if not hasattr(outputs, "shape") or outputs.shape[:1] != x.shape[:1]:
        got = getattr(outputs, "shape", type(outputs).__name__)
        raise ValueError(
            f"the network returns {got} for inputs of shape {x.shape}; it must return one array, a row for each"
        )
    old, new = (jax.tree.map(lambda leaf: (leaf.shape, str(leaf.dtype)), tree) for tree in (state, new_state))
    if old != new:
        raise ValueError(f"the network was given a state of shapes {old} and returned {new}; they must be the same")
    return outputs


def _kind(outputs: Any, targets: Mapping[str, np.ndarray]) -> str:
    """Return how accuracy is counted, after checking that labels lie in the range of the outputs."""
    y = next(iter(targets.values()))
    shape, rows = outputs.shape[1:], y.shape[1:]
    if rows == shape and shape[-1:] > (1,) and all(map(_one_hot, targets.values())):
        return "one-hot"
    if y.dtype.kind not in "iub":
        if rows != shape and int(np.prod(rows)) == int(np.prod(shape)):
            raise ValueError(
                f"the network returns {outputs.shape} for one batch and the targets are {(outputs.shape[0], *rows)}; "
                "reshape one of them"
            )
        return "none"
    classes = shape[-1] if shape[:-1] == rows and shape else 1
    if rows not in (shape, shape[:-1]):
        return "none"
    for name, labels in targets.items():
        low, high = int(labels.min()), int(labels.max())
        if rows != shape and (low < 0 or high >= max(classes, 2)):
            raise ValueError(
                f"{name} holds the label {low if low < 0 else high}, but a network with {classes} output(s) tells "
                f"0 to {max(classes, 2) - 1} apart"
            )
        if classes == 1 and (low < 0 or high > 1):
            return "none"
    return "labels" if classes > 1 else "binary"


def _one_hot(y: np.ndarray) -> bool:
    return bool(np.all((y == 0) | (y == 1)) and np.all(y.sum(axis=-1) == 1))


def _values(loss: Callable[..., Any], outputs: Any, targets: Mapping[str, np.ndarray]) -> None:
    """Show the loss the least and the greatest of all targets; those of a compiled step have no values to look at."""
    for name, y in targets.items():
        for place in (y.argmin(), y.argmax()):
            row = int(np.unravel_index(place, y.shape)[0])
            batch = jnp.asarray(np.repeat(y[row : row + 1], outputs.shape[0], axis=0))
            try:
                jax.eval_shape(lambda outputs, batch=batch: loss(outputs, batch), outputs)
            except ValueError as error:
                raise ValueError(f"loss(outputs, targets) refuses {name}[{row}]: {_brief(error)}") from error


def _scalar(name: str, function: Callable[..., Any], *arguments: Any) -> None:
    try:
        value = jax.eval_shape(function, *arguments)
    except (TypeError, ValueError, IndexError) as error:
        shapes = [leaf.shape for leaf in jax.tree.leaves(arguments)]
        raise ValueError(f"{name} fails on arrays of shapes {_list(shapes)}: {_brief(error)}") from error
    if getattr(value, "shape", None) != () or not jnp.issubdtype(value.dtype, jnp.floating):
        got = f"an array of shape {value.shape}, {value.dtype}" if hasattr(value, "shape") else type(value).__name__
        raise ValueError(f"{name} gives {got}; it must give one float, such as a mean over the batch")


def _list(shapes: list[tuple[int, ...]], most: int = 6) -> str:
    return ", ".join(map(str, shapes[:most])) + (", ..." if len(shapes) > most else "")


def _brief(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
