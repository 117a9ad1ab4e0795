"""Small data and a small network, written here, so that the tests of training need nothing of the other rooms."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest


def _blobs(n, n_test=0, classes=3, features=4, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, features)) * 2
    y = rng.integers(0, classes, n + n_test).astype(np.int32)
    x = (centres[y] + rng.normal(size=(n + n_test, features))).astype(dtype)
    return SimpleNamespace(x=x[:n], y=y[:n], x_test=x[n:], y_test=y[n:])


def _init(key, sizes=(4, 8, 3), dtype=jnp.float32):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"W": jax.random.normal(k, (i, o), dtype) / np.sqrt(i).astype(dtype), "b": jnp.zeros(o, dtype)}
        for k, i, o in zip(keys, sizes, sizes[1:], strict=False)
    ]


def _apply(params, x):
    for layer in params[:-1]:
        x = jnp.tanh(x @ layer["W"] + layer["b"])
    return x @ params[-1]["W"] + params[-1]["b"]


@pytest.fixture
def blobs():
    """Clusters of points: ``blobs(n, n_test)`` is a data set with ``classes`` integer labels."""
    return _blobs


@pytest.fixture
def init():
    """``init(key, sizes)``: the parameters of a tanh network."""
    return _init


@pytest.fixture
def apply():
    """``apply(params, x)``: its logits."""
    return _apply


@pytest.fixture
def same():
    """``same(a, b)``: both pytrees are equal, bit for bit."""

    def equal(a, b):
        assert jax.tree.structure(a) == jax.tree.structure(b)
        return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))

    return equal
