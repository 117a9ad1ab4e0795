"""Right answers to lesson 01, written otherwise than the reference: by loops, with NumPy, in float64."""

import functools

import jax
import jax.numpy as jnp
import numpy as np


def neuron_loops(params, x):
    W = [float(w) for w in params["W"]]

    def one(row):
        return 1 if sum(w * float(entry) for w, entry in zip(W, row, strict=True)) + float(params["b"]) >= 0 else 0

    return one(x) if x.ndim == 1 else [one(row) for row in x]


def neuron_numpy(params, x):
    return np.heaviside(np.asarray(x, np.float64) @ np.asarray(params["W"]) + float(params["b"]), 1.0)


def neuron_vmap(params, x):
    def one(row):
        return (jnp.dot(params["W"], row) + params["b"] >= 0).astype(jnp.int32)

    return one(x) if x.ndim == 1 else jax.vmap(one)(x)


def perceptron_update_loops(params, x, y, learning_rate):
    W, b, x = np.asarray(params["W"]).tolist(), float(params["b"]), np.asarray(x).tolist()
    fires = sum(w * entry for w, entry in zip(W, x, strict=True)) + b >= 0
    if fires == bool(y):
        return {"W": W, "b": b}
    sign = -1 if fires else 1
    return {
        "W": [w + sign * learning_rate * entry for w, entry in zip(W, x, strict=True)],
        "b": b + sign * learning_rate,
    }


def perceptron_update_constant_input(params, x, y, learning_rate):
    w = jnp.append(params["W"], params["b"])
    x = jnp.append(x, 1)
    w += learning_rate * (y - jnp.heaviside(jnp.vdot(w, x), 1)) * x
    return {"W": w[:-1], "b": w[-1]}


def perceptron_update_choosing(params, x, y, learning_rate):
    fires = (params["W"] * x).sum() + params["b"] >= 0
    step = {"W": learning_rate * x, "b": learning_rate}
    up, down = jax.tree.map(jnp.add, params, step), jax.tree.map(jnp.subtract, params, step)
    moved = jax.tree.map(lambda a, b: jnp.where(y == 1, a, b), up, down)
    return jax.tree.map(lambda old, new: jnp.where(fires == y, old, new), params, moved)


def perceptron_train_loops(params, xs, ys, learning_rate, epochs):
    params = {name: np.asarray(value).tolist() for name, value in params.items()}
    for _ in range(epochs):
        before = params
        for x, y in zip(np.asarray(xs, np.float64), np.asarray(ys), strict=True):
            params = perceptron_update_loops(params, x, y, learning_rate)
        if params == before:
            break
    return params


@functools.partial(jax.jit, static_argnames="epochs")
def perceptron_train_nested_scans(params, xs, ys, learning_rate, epochs):
    def sample(params, pair):
        return perceptron_update_constant_input(params, *pair, learning_rate), None

    def epoch(_, params):
        return jax.lax.scan(sample, params, (xs, ys))[0]

    return jax.lax.fori_loop(0, epochs, epoch, params)


def perceptron_train_jax_loops(params, xs, ys, learning_rate, epochs):
    new = dict(params)
    for i in range(epochs * len(xs)):
        x, y = xs[i % len(xs)], ys[i % len(xs)]
        wrong = y - (x @ new["W"] + new["b"] >= 0)
        new["W"] = new["W"] + learning_rate * wrong * x
        new["b"] = new["b"] + learning_rate * wrong
    return new


def hebb_update_loops(w, x, y, learning_rate):
    return [float(weight) + learning_rate * float(y) * float(entry) for weight, entry in zip(w, x, strict=True)]


def hebb_update_gradient(w, x, y, learning_rate):
    return w + learning_rate * jax.grad(lambda w: y * jnp.dot(w, x))(w)


def hebb_update_vmap(w, x, y, learning_rate):
    return jax.vmap(lambda weight, entry: weight + jnp.multiply(learning_rate * y, entry))(w, x)


def adaline_update_loops(params, xs, ys, learning_rate):
    W, b = np.asarray(params["W"]).tolist(), float(params["b"])
    W_change, b_change = [0.0] * len(W), 0.0
    for x, y in zip(np.asarray(xs).tolist(), np.asarray(ys).tolist(), strict=True):
        error = y - sum(w * entry for w, entry in zip(W, x, strict=True)) - b
        W_change = [change + error * entry / len(xs) for change, entry in zip(W_change, x, strict=True)]
        b_change += error / len(xs)
    return {
        "W": [w + learning_rate * change for w, change in zip(W, W_change, strict=True)],
        "b": b + learning_rate * b_change,
    }


def adaline_update_grad(params, xs, ys, learning_rate):
    def loss(params):
        return 0.5 * jnp.mean((xs @ params["W"] + params["b"] - ys) ** 2)

    return jax.tree.map(lambda p, g: p - learning_rate * g, params, jax.grad(loss)(params))


def adaline_update_vmap(params, xs, ys, learning_rate):
    def change(x, y):
        error = y - jnp.dot(x, params["W"]) - params["b"]
        return {"W": error * x, "b": error}

    changes = jax.vmap(change)(xs, ys)
    return {name: params[name] + learning_rate * changes[name].mean(axis=0) for name in params}


ANSWERS = {
    "neuron": [neuron_loops, neuron_numpy, neuron_vmap],
    "perceptron_update": [perceptron_update_loops, perceptron_update_constant_input, perceptron_update_choosing],
    "perceptron_train": [perceptron_train_loops, perceptron_train_nested_scans, perceptron_train_jax_loops],
    "hebb_update": [hebb_update_loops, hebb_update_gradient, hebb_update_vmap],
    "adaline_update": [adaline_update_loops, adaline_update_grad, adaline_update_vmap],
}
