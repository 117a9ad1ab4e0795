"""Right answers to lesson 11, written otherwise than the reference: by loops and with NumPy, in other JAX styles."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P


def accumulate_loops(loss, params, batches):
    """Sum in float64, leaf by leaf, in plain loops."""
    leaves, tree = jax.tree.flatten(params)
    totals = [np.zeros(leaf.shape) for leaf in leaves]
    for batch in batches:
        for total, grad in zip(totals, jax.tree.leaves(jax.grad(loss)(params, batch)), strict=True):
            total += np.asarray(grad, np.float64)
    return jax.tree.unflatten(tree, [total / len(batches) for total in totals])


def accumulate_scan(loss, params, batches):
    stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *batches)

    def add(total, batch):
        return jax.tree.map(lambda t, g: t + g / len(batches), total, jax.grad(loss)(params, batch)), None

    return jax.lax.scan(add, jax.tree.map(jnp.zeros_like, params), stacked)[0]


def accumulate_vmap(loss, params, batches):
    stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *batches)
    return jax.tree.map(lambda g: g.mean(0), jax.vmap(jax.grad(loss), (None, 0))(params, stacked))


def step_loops(mesh, loss, params, batch, learning_rate):
    """Cut the batch by hand, put each piece on its device, and average the gradients in NumPy."""
    pieces = [np.split(np.asarray(part), mesh.devices.size) for part in batch]
    found = []
    for place, device in enumerate(mesh.devices.flat):
        own = jax.device_put((params, tuple(part[place] for part in pieces)), device)
        found.append(jax.tree.map(np.asarray, jax.grad(loss)(*own)))
    return jax.tree.map(lambda p, *gs: np.asarray(p) - learning_rate * sum(gs) / len(gs), params, *found)


def step_jit(mesh, loss, params, batch, learning_rate):
    rows, everywhere = NamedSharding(mesh, P("data")), NamedSharding(mesh, P())

    @functools.partial(jax.jit, in_shardings=(everywhere, rows), out_shardings=everywhere)
    def step(params, batch):
        return jax.tree.map(lambda p, g: p - learning_rate * g, params, jax.grad(loss)(params, batch))

    return step(params, batch)


def step_shard_map(mesh, loss, params, batch, learning_rate):
    def step(params, batch):
        grads = jax.grad(lambda params: jax.lax.pmean(loss(params, batch), "data"))(params)
        return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)

    return jax.jit(jax.shard_map(step, mesh=mesh, in_specs=(P(), P("data")), out_specs=P()))(params, batch)


def count_loops(params):
    if isinstance(params, dict):
        return sum(count_loops(part) for part in params.values())
    if isinstance(params, (list, tuple)):
        return sum(count_loops(part) for part in params)
    return math.prod(params.shape)


def count_reduce(params):
    return jax.tree.reduce(lambda total, leaf: total + jnp.size(leaf), params, 0)


def count_jnp(params):
    return jnp.sum(jnp.array([leaf.size for leaf in jax.tree.leaves(params)]))


def flops_loops(m, k, n):
    return sum(2 * k * n for _ in range(m))


def flops_prod(m, k, n):
    return math.prod((2, m, k, n))


ANSWERS = {
    "accumulate_gradients": [accumulate_loops, accumulate_scan, accumulate_vmap],
    "sharded_step": [step_loops, step_jit, step_shard_map],
    "count_parameters": [count_loops, count_reduce, count_jnp],
    "matmul_flops": [flops_loops, flops_prod],
}
