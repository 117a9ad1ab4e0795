"""What ``fit``, ``fit_many`` and ``evaluate`` look at before anything is compiled; each refusal is one sentence."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from nnjax.training.step import Job, call, options_of

NUMBERS = "fiub"


def whole_number(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless ``value`` is a whole number of at least ``least``."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}; it must be a whole number of at least {least}")


def batch_fits(batch_size: int, n: int) -> None:
    """Raise ValueError unless an epoch over n examples has at least one batch."""
    whole_number("batch_size", batch_size)
    if batch_size > n:
        raise ValueError(f"batch_size is {batch_size}, but there are only {n} training examples; take a smaller one")


def random_key(name: str, key: Any) -> None:
    """Raise ValueError unless ``key`` is one JAX key, new (``jax.random.key``) or old (``jax.random.PRNGKey``)."""
    shape, dtype = getattr(key, "shape", None), getattr(key, "dtype", None)
    new = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key) and shape == ()
    if not new and not (dtype == np.uint32 and shape == (2,)):
        what = repr(key) if shape is None else f"an array of shape {shape}"
        raise ValueError(f"{name} is {what}; it must be a random key, such as jax.random.key(0)")


def float_arrays(name: str, tree: PyTree) -> None:
    """Raise ValueError unless ``tree`` has leaves and all of them are arrays of floating-point numbers."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    if not leaves:
        raise ValueError(f"{name} holds no arrays; it must be what init returned, a pytree of float arrays")
    for path, leaf in leaves:
        if not hasattr(leaf, "shape") or not jnp.issubdtype(getattr(leaf, "dtype", object), jnp.floating):
            what = getattr(leaf, "dtype", type(leaf).__name__)
            raise ValueError(f"{name}{jax.tree_util.keystr(path)} is {what}; every leaf must be an array of floats")


def optimizer(name: str, value: Any) -> None:
    """Raise ValueError unless ``value`` is a pair of functions init and update, as optax's optimizers are."""
    if not callable(getattr(value, "init", None)) or not callable(getattr(value, "update", None)):
        raise ValueError(
            f"{name} is {value!r}; it must be an optax.GradientTransformation, such as optimizers.sgd(0.1)"
        )


def examples(dataset: Any) -> dict[str, np.ndarray]:
    """Return x, y and, where there are test data, x_test, y_test as NumPy arrays that can be trained on."""
    for name in ("x", "y"):
        if not hasattr(dataset, name):
            raise ValueError(
                f"dataset is a {type(dataset).__name__} without .{name}; give what nnjax.data.load returns"
            )
    arrays = dict(zip(("x", "y"), pair("dataset.x", dataset.x, "dataset.y", dataset.y), strict=True))
    tests = [getattr(dataset, name, None) for name in ("x_test", "y_test")]
    if all(test is None or len(test) == 0 for test in tests):
        return arrays
    arrays["x_test"], arrays["y_test"] = pair("dataset.x_test", tests[0], "dataset.y_test", tests[1])
    for name in ("x", "y"):
        train, test = arrays[name].shape[1:], arrays[f"{name}_test"].shape[1:]
        if train != test:
            raise ValueError(f"one example of dataset.{name} has shape {train}, of dataset.{name}_test {test}")
    return arrays


def pair(x_name: str, x: Any, y_name: str, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets as arrays; raise ValueError unless they are finite numbers and equally many."""
    arrays = []
    for name, values in ((x_name, x), (y_name, y)):
        array = np.asarray(values)
        if array.dtype.kind not in NUMBERS and not jnp.issubdtype(array.dtype, jnp.floating):
            raise ValueError(f"{name} has dtype {array.dtype}; it must be an array of numbers")
        if array.size == 0 or array.ndim == 0:
            raise ValueError(f"{name} is empty (shape {array.shape}); there must be at least one example")
        _finite(name, array)
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise ValueError(
            f"{x_name} has {len(arrays[0])} examples and {y_name} {len(arrays[1])}; they must be equally many"
        )
    return arrays[0], arrays[1]


def _finite(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "iub" and not (np.isfinite(array.min()) and np.isfinite(array.max())):
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name}{list(index)} is {array[index]}; all data must be finite")


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

    ``targets`` holds those of training and perhaps of testing, whole: their labels must fit the width of the outputs.
    Raises ValueError when the network cannot take the batch, or a target, the loss or the penalty has no right shape.
    """
    apply, loss = _hashable(apply), _hashable(loss)
    regularizer = None if regularizer is None else _hashable(regularizer)
    draft = Job(apply, loss, optimizer, regularizer, "none", options_of(apply))
    outputs = _outputs(draft, params, state, x, train=False)
    if training and draft.options:
        outputs = _outputs(draft, params, state, x, train=True)
    draft = draft._replace(targets=_kind(outputs, targets))
    y = next(iter(targets.values()))[: len(x)]
    _scalar("loss(outputs, targets)", loss, outputs, jax.eval_shape(jnp.asarray, y))
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
