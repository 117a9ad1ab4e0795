"""Right answers to lesson 06, written otherwise than the reference: by loops, with NumPy, with optax."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def each(function, *trees):
    """Apply a function of numbers or arrays to trees of dicts and lists, leaf by leaf, without jax.tree."""
    if isinstance(trees[0], dict):
        return {name: each(function, *(tree[name] for tree in trees)) for name in trees[0]}
    if isinstance(trees[0], (list, tuple)):
        return [each(function, *parts) for parts in zip(*trees, strict=True)]
    return function(*(np.asarray(tree, np.float64) for tree in trees))


def momentum_numpy(params, grads, state, learning_rate, momentum):
    v = each(lambda v, g: v * momentum + g, state, grads)
    return [each(lambda w, v: w - v * learning_rate, params, v), v]


def momentum_optax(params, grads, state, learning_rate, momentum):
    trace, _ = optax.trace(momentum).update(grads, optax.TraceState(state))
    return optax.apply_updates(params, jax.tree.map(lambda v: -learning_rate * v, trace)), trace


def momentum_leaves(params, grads, state, learning_rate, momentum):
    leaves, tree = jax.tree.flatten(params)
    v = [momentum * v + g for v, g in zip(jax.tree.leaves(state), jax.tree.leaves(grads), strict=True)]
    moved = [w + v * -learning_rate for w, v in zip(leaves, v, strict=True)]
    return jax.tree.unflatten(tree, moved), jax.tree.unflatten(tree, v)


def rmsprop_numpy(params, grads, state, learning_rate, decay, eps):
    s = each(lambda s, g: s + (1 - decay) * (g * g - s), state, grads)
    return each(lambda w, g, s: w - learning_rate / (s**0.5 + eps) * g, params, grads, s), s


def rmsprop_optax(params, grads, state, learning_rate, decay, eps):
    optimizer = optax.rmsprop(learning_rate, decay, eps, eps_in_sqrt=False)
    start = jax.tree.map(lambda leaf: leaf, optimizer.init(params))
    full = optax.tree_utils.tree_set(start, nu=state)
    updates, full = optimizer.update(grads, full)
    return optax.apply_updates(params, updates), optax.tree_utils.tree_get(full, "nu")


def adam_numpy(params, grads, state, learning_rate, b1, b2, eps):
    t = int(state["t"]) + 1
    m = each(lambda m, g: m + (1 - b1) * (g - m), state["m"], grads)
    v = each(lambda v, g: v + (1 - b2) * (g * g - v), state["v"], grads)
    size = each(lambda v: np.sqrt(v / (1 - b2**t)) + eps, v)
    moved = each(lambda w, m, size: w - learning_rate * m / (1 - b1**t) / size, params, m, size)
    return moved, {"t": t, "m": m, "v": v}


def adam_one_by_one(params, grads, state, learning_rate, b1, b2, eps):
    t = jnp.add(state["t"], 1)
    c1, c2 = 1 - jnp.power(b1, t), 1 - jnp.power(b2, t)

    def one(w, g, m, v):
        m, v = (1 - b1) * g + b1 * m, (1 - b2) * jnp.square(g) + b2 * v
        return w - learning_rate * (m / c1) / (jnp.sqrt(v / c2) + eps), m, v

    results = jax.tree.map(one, params, grads, state["m"], state["v"])
    params, m, v = jax.tree.transpose(jax.tree.structure(params), jax.tree.structure((0, 0, 0)), results)
    return params, {"m": m, "v": v, "t": t}


def he_normal_numpy(key, shape):
    seeds = np.asarray(jax.random.key_data(key))
    fan_in = 1
    for size in shape[:-1]:
        fan_in *= size
    return np.random.default_rng(seeds).normal(0, (2 / fan_in) ** 0.5, shape)


def he_normal_rows(key, shape):
    inputs = int(np.prod(shape[:-1]))
    keys = jax.random.split(key, inputs)
    rows = jax.vmap(lambda key: jax.random.normal(key, shape[-1:]))(keys)
    return (rows * (2 / inputs) ** 0.5).reshape(shape)


def he_normal_of_jax(key, shape):
    return jax.nn.initializers.he_normal()(key, shape)


def l1_loops(params, rate):
    def slope(w):
        return rate if w > 0 else -rate if w < 0 else 0.0

    return [
        {"b": [0.0 for _ in layer["b"]], "W": [[slope(float(w)) for w in row] for row in layer["W"]]}
        for layer in params
    ]


def l1_where(params, rate):
    def slope(W):
        return jnp.where(W > 0, rate, jnp.where(W < 0, -rate, 0.0))

    return jax.tree.map_with_path(lambda path, p: slope(p) if path[-1].key == "W" else 0 * p, params)


def l2_loops(params, rate):
    return [
        {"b": np.zeros(len(layer["b"])), "W": [[rate * float(w) + rate * float(w) for w in row] for row in layer["W"]]}
        for layer in params
    ]


def l2_tree(params, rate):
    return jax.tree.map_with_path(lambda path, p: p * (2 * rate * (path[-1].key == "W")), params)


def dropout_uniform(key, x, rate):
    if key is None:
        return x
    mask = jax.random.uniform(key, x.shape) >= rate
    return mask * x / (1 - rate)


def dropout_numpy(key, x, rate):
    x = np.asarray(x, np.float64)
    if key is None:
        return x
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    return np.where(rng.uniform(size=x.shape) < rate, 0, x / (1 - rate))


def dropout_rows(key, x, rate):
    if key is None:
        return jnp.array(x)

    def row(key, row):
        return jnp.where(jax.random.bernoulli(key, rate, row.shape), 0, row) / (1 - rate)

    return jax.vmap(row)(jax.random.split(key, len(x)), x)


def dropout_backward_loops(mask, dy, rate):
    return [
        [float(d) / (1 - rate) if m else 0.0 for m, d in zip(*rows, strict=True)] for rows in zip(mask, dy, strict=True)
    ]


def dropout_backward_where(mask, dy, rate):
    return jnp.where(mask == 1, jnp.divide(dy, 1 - rate), 0)


def early_stop_loop(losses, patience):
    best, best_place = float("inf"), 0
    for place, loss in enumerate(losses):
        if loss < best:
            best, best_place = loss, place
        if place - best_place >= patience:
            return place
    return len(losses) - 1


def early_stop_windows(losses, patience):
    losses = np.asarray(losses, np.float64)
    for place in range(patience, len(losses)):
        if losses[place - patience + 1 : place + 1].min() >= losses[: place - patience + 1].min():
            return place
    return losses.size - 1


def waiting(carry, loss):
    best, waited = carry
    waited = jnp.where(loss < best, 0, waited + 1)
    return (jnp.minimum(best, loss), waited), waited


def early_stop_scan(losses, patience):
    _, waited = jax.lax.scan(waiting, (jnp.inf, -1), losses)
    return jnp.where(jnp.max(waited) >= patience, jnp.argmax(waited >= patience), len(losses) - 1)


ANSWERS = {
    "momentum_update": [momentum_numpy, momentum_optax, momentum_leaves],
    "rmsprop_update": [rmsprop_numpy, rmsprop_optax],
    "adam_update": [adam_numpy, adam_one_by_one],
    "he_normal": [he_normal_numpy, he_normal_rows, he_normal_of_jax],
    "l1_gradient": [l1_loops, l1_where],
    "l2_gradient": [l2_loops, l2_tree],
    "dropout": [dropout_uniform, dropout_numpy, dropout_rows],
    "dropout_backward": [dropout_backward_loops, dropout_backward_where],
    "early_stop": [early_stop_loop, early_stop_windows, early_stop_scan],
}
