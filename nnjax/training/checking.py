"""What ``fit``, ``fit_many`` and ``evaluate`` are given, looked at before anything else; a refusal is one sentence."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nnjax.checks import require_whole

NUMBERS = "fiub"


def batch_fits(batch_size: int, n: int) -> None:
    """Raise ValueError unless an epoch over n examples has at least one batch."""
    require_whole("batch_size", batch_size)
    if batch_size > n:
        raise ValueError(f"batch_size is {batch_size}, but there are only {n} training examples; take a smaller one")


def random_key(name: str, key: Any) -> None:
    """Raise ValueError unless ``key`` is one JAX key, new (``jax.random.key``) or old (``jax.random.PRNGKey``)."""
    shape, dtype = getattr(key, "shape", None), getattr(key, "dtype", None)
    new = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key) and shape == ()
    if not new and not (dtype == np.uint32 and shape == (2,)):
        what = repr(key) if shape is None else f"an array of shape {shape}"
        raise ValueError(f"{name} is {what}; it must be a random key, such as jax.random.key(0)")


def random_keys(keys: Any) -> Array:
    """Return ``keys``; raise ValueError unless it is an array of random keys."""
    if getattr(keys, "ndim", 0) == 0 or len(keys) == 0:
        raise ValueError("keys must be an array of random keys, such as jax.random.split(jax.random.key(0), 8)")
    random_key("keys[0]", keys[0])
    return keys


def settings_table(settings: Mapping[str, Any] | None) -> dict[str, Array]:
    """Return the settings as arrays; raise ValueError unless they are lists of numbers, all of one length."""
    if settings is not None and not isinstance(settings, Mapping):
        raise ValueError(f"settings is a {type(settings).__name__}; it must be a dict, {{argument: list of numbers}}")
    table = {}
    for name, values in (settings or {}).items():
        array = np.asarray(values)
        if array.dtype.kind not in "fiu" and not jnp.issubdtype(array.dtype, jnp.floating):
            raise ValueError(f"settings[{name!r}] has dtype {array.dtype}; only numbers can differ from run to run")
        table[name] = jnp.asarray(array)
    shapes = {name: values.shape for name, values in table.items()}
    if any(len(shape) != 1 or shape == (0,) for shape in shapes.values()) or len(set(shapes.values())) > 1:
        raise ValueError(f"settings have the shapes {shapes}; each must be a list of numbers, all of one length")
    return table


def each_setting(build: Callable[..., Any], table: Mapping[str, Array]) -> None:
    """Raise ValueError unless ``build`` makes an optimizer of each setting, shown to it as Python's numbers.

    In the compiled step the settings have no values that it could look at.
    """
    for row in zip(*(values.tolist() for values in table.values()), strict=True):
        setting = dict(zip(table, row, strict=True))
        try:
            optimizer("optimizer(**setting)", build(**setting))
        except (TypeError, ValueError) as error:
            raise ValueError(f"the optimizer does not take the setting {setting}: {error}") from error


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
