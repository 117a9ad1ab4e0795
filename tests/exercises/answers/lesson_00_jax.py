"""Right answers to lesson 00, written otherwise than the reference: by loops, with NumPy, in other parts of JAX."""

import math

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np


def standardize_loops(x):
    columns = []
    for column in zip(*np.asarray(x).tolist(), strict=True):
        mean = sum(column) / len(column)
        deviation = math.sqrt(sum((entry - mean) ** 2 for entry in column) / len(column))
        columns.append([(entry - mean) / deviation for entry in column])
    return [list(row) for row in zip(*columns, strict=True)]


def standardize_vmap(x):
    def one(column):
        centred = column - jnp.mean(column)
        return centred * jax.lax.rsqrt(jnp.dot(centred, centred) / len(column))

    return jax.vmap(one, in_axes=1, out_axes=1)(x)


def standardize_with_a_tiny_eps(x):
    x = np.asarray(x, np.float64)
    return (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8)


def tangent_line_complex_step(f, x0):
    x0 = float(x0)
    slope = float(np.imag(f(complex(x0, 1e-20)))) / 1e-20
    return [slope, float(f(x0)) - slope * x0]


def tangent_line_jvp(f, x0):
    value, slope = jax.jvp(f, (x0,), (jnp.ones_like(x0),))
    return jnp.stack([slope, value - slope * x0])


def tangent_line_linearize(f, x0):
    value, along = jax.linearize(f, x0)
    return along(jnp.ones_like(x0)), value + along(-x0)


def pairwise_distances_loops(x, y):
    return [[math.dist(a, b) for b in np.asarray(y).tolist()] for a in np.asarray(x).tolist()]


def pairwise_distances_broadcasting(x, y):
    return jnp.linalg.norm(x[:, None] - y[None], axis=-1)


def pairwise_distances_rows(x, y):
    return jnp.stack([jnp.sqrt(jnp.einsum("jk,jk->j", a - y, a - y)) for a in x])


def random_walk_loops(key, steps):
    draws = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    position, positions = 0, []
    for _ in range(steps):
        position += 1 if draws.random() < 0.5 else -1
        positions.append(position)
    return positions


def _step(position, key):
    position += jax.random.choice(key, jnp.array([-1, 1]))
    return position, position


def random_walk_scan(key, steps):
    return jax.lax.scan(_step, jnp.array(0), jax.random.split(key, steps))[1]


def random_walk_signs(key, steps):
    return jnp.tril(jnp.ones((steps, steps))) @ jnp.where(jax.random.normal(key, (steps,)) > 0, 1.0, -1.0)


def sgd_update_recursive(params, grads, learning_rate):
    if isinstance(params, dict):
        return {name: sgd_update_recursive(params[name], grads[name], learning_rate) for name in params}
    if isinstance(params, (list, tuple)):
        return [sgd_update_recursive(p, g, learning_rate) for p, g in zip(params, grads, strict=True)]
    return np.asarray(params, np.float64) - learning_rate * np.asarray(grads, np.float64)


def sgd_update_leaves(params, grads, learning_rate):
    leaves, tree = jax.tree.flatten(params)
    new = [p - jnp.multiply(learning_rate, g) for p, g in zip(leaves, jax.tree.leaves(grads), strict=True)]
    return jax.tree.unflatten(tree, new)


def sgd_update_raveled(params, grads, learning_rate):
    flat, back = jax.flatten_util.ravel_pytree(params)
    return back(flat - learning_rate * jax.flatten_util.ravel_pytree(grads)[0])


ANSWERS = {
    "standardize": [standardize_loops, standardize_vmap, standardize_with_a_tiny_eps],
    "tangent_line": [tangent_line_complex_step, tangent_line_jvp, tangent_line_linearize],
    "pairwise_distances": [pairwise_distances_loops, pairwise_distances_broadcasting, pairwise_distances_rows],
    "random_walk": [random_walk_loops, random_walk_scan, random_walk_signs],
    "sgd_update": [sgd_update_recursive, sgd_update_leaves, sgd_update_raveled],
}
