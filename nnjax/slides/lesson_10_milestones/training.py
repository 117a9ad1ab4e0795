"""How the small networks of lesson 10's deck are trained: from three starts, with little to compile."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnjax import losses, optimizers

Params = Any
SEEDS = 3


def begin(init: Any, seed: int, most: float | None = None) -> Params:
    """Return parameters of the shapes that ``init`` makes, with weights drawn by NumPy: nothing has to be compiled.

    They are normal, scaled as by He (2015), or with ``most`` even from -most to most; biases are 0 and scales 1.
    """
    rng = np.random.default_rng(seed)

    def draw(path: Any, leaf: Any) -> np.ndarray:
        if leaf.ndim < 2:
            return np.full(leaf.shape, path[-1].key == "scale", np.float32)
        values = rng.uniform(-most, most, leaf.shape) if most else rng.normal(0, np.sqrt(2 / leaf.shape[0]), leaf.shape)
        return values.astype(np.float32)

    return jax.tree_util.tree_map_with_path(draw, jax.eval_shape(init, jax.random.key(0)))


@partial(jax.jit, static_argnames="apply")
def _learn(apply: Any, start: Params, rows: Any, x: Any, labels: Any, x_test: Any, labels_test: Any) -> Any:
    adam = optimizers.adam(5e-3)

    def step(carry: Any, rows: Any) -> Any:
        def cost(params: Params) -> Any:
            return losses.cross_entropy(apply(params, x[rows]), labels[rows])

        updates, state = adam.update(jax.grad(cost)(carry[0]), carry[1])
        return (optax.apply_updates(carry[0], updates), state), None

    params = jax.lax.scan(step, (start, adam.init(start)), rows)[0][0]
    return 100 * jnp.mean(apply(params, x_test).argmax(axis=-1) == labels_test)


def trained(apply: Any, start: Any, sets: tuple[Any, ...], epochs: int) -> np.ndarray:
    """Return the right test answers, in per cent, of networks trained from ``start(seed)`` on mini-batches of 32.

    ``sets`` are x and labels to learn from and x and labels to judge by.
    """
    steps, right = epochs * (len(sets[0]) // 32), []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        order = np.concatenate([rng.permutation(len(sets[0])) for _ in range(epochs + 1)])
        rows = order[: 32 * steps].reshape(steps, 32)
        right.append(float(_learn(apply, jax.tree.map(jnp.asarray, start(seed)), rows, *sets)))
    return np.array(right)
