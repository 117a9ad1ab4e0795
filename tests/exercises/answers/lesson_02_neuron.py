"""Right answers to lesson 02, written otherwise than the reference: by loops, with NumPy, in other parts of JAX."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy.special import expit


def squared_error_loops(y, d):
    total = 0.0
    for row, wanted in zip(np.asarray(y, float), np.asarray(d, float), strict=True):
        total += 0.5 * sum((a - b) ** 2 for a, b in zip(np.ravel(row), np.ravel(wanted), strict=True))
    return total / len(y)


def squared_error_vmap(y, d):
    return jnp.mean(jax.vmap(lambda a, b: 0.5 * jnp.vdot(a - b, a - b))(y, d))


def squared_error_reshape(y, d):
    return 0.5 * jnp.square(y - d).reshape(y.shape[0], -1).sum(axis=-1).mean()


def linear_gradient_loops(params, x, d):
    W, b = np.asarray(params["W"]).tolist(), float(params["b"])
    grads = {"W": [0.0] * len(W), "b": 0.0}
    for row, wanted in zip(np.asarray(x).tolist(), np.asarray(d).tolist(), strict=True):
        error = sum(w * entry for w, entry in zip(W, row, strict=True)) + b - wanted
        grads["W"] = [g + error * entry / len(x) for g, entry in zip(grads["W"], row, strict=True)]
        grads["b"] += error / len(x)
    return grads


def linear_gradient_vmap(params, x, d):
    def one(row, wanted):
        error = jnp.vdot(row, params["W"]) + params["b"] - wanted
        return {"W": error * row, "b": error}

    return jax.tree.map(lambda g: g.mean(axis=0), jax.vmap(one)(x, d))


def linear_gradient_einsum(params, x, d):
    n = x.shape[0]
    delta = (jnp.einsum("ni,i->n", x, params["W"]) + params["b"] - d) / n
    return {"W": jnp.einsum("ni,n->i", x, delta), "b": delta.sum()}


def sigmoid_loops(z):
    def one(entry):
        return 1 / (1 + math.exp(-entry)) if entry >= 0 else math.exp(entry) / (1 + math.exp(entry))

    return np.array([one(float(entry)) for entry in np.ravel(z)]).reshape(np.shape(z))


def sigmoid_safe_branches(z):
    e = jnp.exp(-jnp.abs(z))
    return jnp.where(z >= 0, 1.0, e) / (1 + e)


def sigmoid_logaddexp(z):
    return jnp.exp(-jnp.logaddexp(0, -z))


def sigmoid_scipy(z):
    return expit(np.asarray(z))


def sigmoid_lax(z):
    return jax.lax.logistic(z)


def binary_cross_entropy_loops(logits, d):
    total = 0.0
    for z, wanted in zip(np.asarray(logits).tolist(), np.asarray(d).tolist(), strict=True):
        total += max(z, 0) - z * wanted + math.log1p(math.exp(-abs(z)))
    return total / len(logits)


def binary_cross_entropy_log_sigmoid(logits, d):
    return -jnp.mean(d * jax.nn.log_sigmoid(logits) + (1 - d) * jax.nn.log_sigmoid(-logits))


def binary_cross_entropy_signs(logits, d):
    return jax.vmap(jax.nn.softplus)(jnp.where(d == 1, -logits, logits)).mean()


def binary_cross_entropy_log1p(logits, d):
    return jnp.mean(jnp.maximum(logits, 0) - d * logits + jnp.log1p(jnp.exp(-jnp.abs(logits))))


def binary_cross_entropy_logaddexp(logits, d):
    return jnp.logaddexp(0, (1 - 2 * d) * logits).sum() / len(d)


def binary_cross_entropy_softplus(logits, d):
    return jnp.mean(jax.nn.softplus(logits) - jnp.multiply(logits, d))


def logistic_gradient_loops(params, x, d):
    W, b = np.asarray(params["W"]).tolist(), float(params["b"])
    grads = {"W": [0.0] * len(W), "b": 0.0}
    for row, wanted in zip(np.asarray(x).tolist(), np.asarray(d).tolist(), strict=True):
        z = sum(w * entry for w, entry in zip(W, row, strict=True)) + b
        y = 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))
        grads["W"] = [g + (y - wanted) * entry / len(x) for g, entry in zip(grads["W"], row, strict=True)]
        grads["b"] += (y - wanted) / len(x)
    return grads


def logistic_gradient_vmap(params, x, d):
    def one(row, wanted):
        error = (1 + jnp.tanh((row @ params["W"] + params["b"]) / 2)) / 2 - wanted
        return {"W": error * row, "b": error}

    return jax.tree.map(lambda g: jnp.mean(g, axis=0), jax.vmap(one)(x, d))


def logistic_gradient_constant_input(params, x, d):
    x = jnp.column_stack([x, jnp.ones(len(x))])
    y = 1 / (1 + jnp.exp(-(x @ jnp.append(params["W"], params["b"]))))
    grads = x.T @ (y - d) / len(x)
    return {"W": grads[:-1], "b": grads[-1]}


def gradient_descent_recursive(gradient, params, learning_rate, steps):
    if steps == 0:
        return params

    def moved(p, g):
        if isinstance(p, dict):
            return {name: moved(p[name], g[name]) for name in p}
        if isinstance(p, (list, tuple)):
            return type(p)(moved(a, b) for a, b in zip(p, g, strict=True))
        return np.asarray(p, np.float64) - learning_rate * np.asarray(g, np.float64)

    return gradient_descent_recursive(gradient, moved(params, gradient(params)), learning_rate, steps - 1)


def gradient_descent_fori(gradient, params, learning_rate, steps):
    def step(_, params):
        return jax.tree.map(lambda p, g: p - learning_rate * g, params, gradient(params))

    return jax.lax.fori_loop(0, steps, step, params)


def gradient_descent_raveled(gradient, params, learning_rate, steps):
    flat, back = ravel_pytree(params)
    for _ in range(steps):
        flat -= learning_rate * ravel_pytree(gradient(back(flat)))[0]
    return back(flat)


ANSWERS = {
    "squared_error": [squared_error_loops, squared_error_vmap, squared_error_reshape],
    "linear_gradient": [linear_gradient_loops, linear_gradient_vmap, linear_gradient_einsum],
    "sigmoid": [sigmoid_loops, sigmoid_safe_branches, sigmoid_logaddexp, sigmoid_scipy, sigmoid_lax],
    "binary_cross_entropy": [
        binary_cross_entropy_loops,
        binary_cross_entropy_log_sigmoid,
        binary_cross_entropy_signs,
        binary_cross_entropy_log1p,
        binary_cross_entropy_logaddexp,
        binary_cross_entropy_softplus,
    ],
    "logistic_gradient": [logistic_gradient_loops, logistic_gradient_vmap, logistic_gradient_constant_input],
    "gradient_descent": [gradient_descent_recursive, gradient_descent_fori, gradient_descent_raveled],
}
