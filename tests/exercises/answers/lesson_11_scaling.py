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


def accumulate_floats(loss, params, batches):
    """Sum number after number, in floats of Python."""
    leaves, tree = jax.tree.flatten(params)
    totals = [[0.0] * leaf.size for leaf in leaves]
    for batch in batches:
        for total, grad in zip(totals, jax.tree.leaves(jax.grad(loss)(params, batch)), strict=True):
            for place, number in enumerate(jnp.ravel(grad).tolist()):
                total[place] += number / len(batches)
    shaped = [np.reshape(np.float32(total), leaf.shape) for total, leaf in zip(totals, leaves, strict=True)]
    return jax.tree.unflatten(tree, shaped)


def accumulate_scan(loss, params, batches):
    stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *batches)

    def add(total, batch):
        return jax.tree.map(lambda t, g: t + g / len(batches), total, jax.grad(loss)(params, batch)), None

    return jax.lax.scan(add, jax.tree.map(jnp.zeros_like, params), stacked)[0]


def accumulate_list(loss, params, batches):
    """Keep the gradient of every batch, and stack them leaf by leaf."""
    gradient = jax.jit(jax.grad(loss))
    return jax.tree.map(lambda *gs: jnp.stack(gs).mean(0), *[gradient(params, batch) for batch in batches])


def accumulate_map(loss, params, batches):
    stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *batches)
    found = jax.lax.map(lambda batch: jax.grad(loss)(params, batch), stacked)
    return jax.tree.map(lambda g: jnp.mean(g, axis=0), found)


def accumulate_mean(loss, params, batches):
    return jax.grad(lambda params: sum(loss(params, batch) for batch in batches) / len(batches))(params)


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


def step_constraint(mesh, loss, params, batch, learning_rate):
    def mean_loss(params):
        return loss(params, jax.lax.with_sharding_constraint(batch, NamedSharding(mesh, P("data"))))

    leaves, tree = jax.tree.flatten(params)
    grads = jax.tree.leaves(jax.grad(mean_loss)(params))
    return tree.unflatten([p - learning_rate * g for p, g in zip(leaves, grads, strict=True)])


def step_device_by_device(mesh, loss, params, batch, learning_rate):
    devices = list(mesh.devices.flat)
    pieces = zip(*[jnp.split(part, len(devices)) for part in batch], strict=True)
    total = jax.tree.map(jnp.zeros_like, params)
    for device, piece in zip(devices, pieces, strict=True):
        grads = jax.grad(loss)(jax.device_put(params, device), jax.device_put(piece, device))
        total = jax.tree.map(jnp.add, total, jax.device_put(grads, devices[0]))
    return jax.tree.map(lambda p, t: p - learning_rate * t / len(devices), jax.device_put(params, devices[0]), total)


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
    "accumulate_gradients": [
        accumulate_loops,
        accumulate_floats,
        accumulate_scan,
        accumulate_list,
        accumulate_map,
        accumulate_mean,
    ],
    "sharded_step": [
        step_jit,
        step_shard_map,
        step_constraint,
        step_device_by_device,
    ],
    "count_parameters": [count_loops, count_reduce, count_jnp],
    "matmul_flops": [flops_loops, flops_prod],
}
