"""Right answers to lesson 04, written otherwise than the references: by loops, with NumPy, by vmap and einsum."""

import math

import jax
import jax.numpy as jnp
import numpy as np


def softmax_loops(z):
    def one(row):
        top = max(row)
        e = [math.exp(entry - top) for entry in row]
        return [entry / sum(e) for entry in e]

    rows = [one([float(entry) for entry in row]) for row in np.asarray(z).reshape(-1, z.shape[-1])]
    return np.reshape(rows, z.shape)


def softmax_by_logarithms(z):
    return jnp.exp(z - jax.nn.logsumexp(z, axis=-1, keepdims=True))


def softmax_of_each_row(z):
    def one(row):
        e = jnp.exp(row - row.max())
        return e / e.sum()

    for _ in range(z.ndim - 1):
        one = jax.vmap(one)
    return one(z)


def _softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_cross_entropy_gradient_numpy(logits, labels):
    gradient = _softmax(np.asarray(logits, np.float64))
    gradient[np.arange(len(gradient)), np.asarray(labels)] -= 1
    return gradient / len(gradient)


def softmax_cross_entropy_gradient_at(logits, labels):
    p = jnp.exp(logits - jax.nn.logsumexp(logits, axis=1, keepdims=True))
    return p.at[jnp.arange(labels.size), labels].add(-1) / labels.size


def softmax_cross_entropy_gradient_of_each_row(logits, labels):
    def one(row, label):
        return jax.nn.softmax(row) - jnp.eye(row.size)[label]

    return jax.vmap(one)(logits, labels) * (1 / logits.shape[0])


def relu_backward_loops(z, da):
    pairs = zip(np.asarray(z).ravel(), np.asarray(da).ravel(), strict=True)
    return np.reshape([float(d) if entry > 0 else 0.0 for entry, d in pairs], z.shape)


def relu_backward_product(z, da):
    return da * (z > 0)


def relu_backward_heaviside(z, da):
    return jnp.heaviside(z, 0) * da


def sigmoid_backward_loops(z, da):
    def slope(entry):
        u = math.exp(-abs(entry))
        return u / (1 + u) ** 2

    pairs = zip(np.asarray(z).ravel(), np.asarray(da).ravel(), strict=True)
    return np.reshape([float(d) * slope(float(entry)) for entry, d in pairs], z.shape)


def sigmoid_backward_both_sides(z, da):
    return jax.nn.sigmoid(z) * jax.nn.sigmoid(-z) * da


def sigmoid_backward_tanh(z, da):
    return da * (1 - jnp.tanh(z / 2) ** 2) / 4


def sigmoid_backward_plain(z, da):
    s = 1 / (1 + jnp.exp(-z))
    return da * (s - s**2)


def dense_backward_loops(params, x, dy):
    W, x, dy = (np.asarray(a, np.float64) for a in (params["W"], x, dy))
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[1])
    for n in range(len(x)):
        for j in range(W.shape[1]):
            db[j] += dy[n, j]
            for i in range(W.shape[0]):
                dx[n, i] += W[i, j] * dy[n, j]
                dW[i, j] += x[n, i] * dy[n, j]
    return dx, {"W": dW, "b": db}


def dense_backward_einsum(params, x, dy):
    dW = jnp.einsum("ni,no->io", x, dy)
    return [jnp.einsum("no,io->ni", dy, params["W"]), {"b": dy.sum(0), "W": dW}]


def dense_backward_of_each_sample(params, x, dy):
    def one(row, d):
        return params["W"] @ d, {"W": jnp.outer(row, d), "b": d}

    dx, grads = jax.vmap(one)(x, dy)
    return dx, jax.tree.map(lambda g: jnp.sum(g, axis=0), grads)


def mlp_backward_numpy(params, x, labels):
    weights = [np.asarray(layer["W"], np.float64) for layer in params]
    sums, hs = [], [np.asarray(x, np.float64)]
    for W, layer in zip(weights, params, strict=True):
        sums.append(hs[-1] @ W + np.asarray(layer["b"]))
        hs.append(np.maximum(sums[-1], 0))
    delta = _softmax(sums[-1])
    delta[np.arange(len(x)), np.asarray(labels)] -= 1
    delta /= len(x)
    grads = []
    for k in range(len(params) - 1, -1, -1):
        grads.append({"W": hs[k].T @ delta, "b": delta.sum(axis=0)})
        if k > 0:
            delta = np.where(sums[k - 1] > 0, delta @ weights[k].T, 0)
    return grads[::-1]


def mlp_backward_recursion(params, x, labels):
    def descend(h, layers):
        first, *rest = layers
        a = h @ first["W"] + first["b"]
        if rest:
            dh, above = descend(jax.nn.relu(a), rest)
            delta = dh * (a > 0)
        else:
            above = []
            delta = (jax.nn.softmax(a) - jnp.eye(a.shape[1])[labels]) / len(labels)
        return delta @ first["W"].T, [{"W": h.T @ delta, "b": delta.sum(0)}, *above]

    return descend(x, params)[1]


def mlp_backward_of_each_sample(params, x, labels):
    def one(row, label):
        hs = [row]
        for layer in params:
            a = hs[-1] @ layer["W"] + layer["b"]
            hs.append(jnp.maximum(a, 0))
        delta = jnp.exp(a - jax.nn.logsumexp(a)).at[label].add(-1)
        grads = []
        for layer, h in zip(reversed(params), reversed(hs[:-1]), strict=True):
            grads = [{"W": jnp.outer(h, delta), "b": delta}, *grads]
            delta = jnp.sign(h) * (layer["W"] @ delta)
        return grads

    return jax.tree.map(lambda g: g.mean(0), jax.vmap(one)(x, labels))


def numerical_gradient_loops(f, x, step):
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        up, down = np.array(x, np.float64), np.array(x, np.float64)
        up[index] += step
        down[index] -= step
        slopes[index] = (float(f(up)) - float(f(down))) / (2 * step)
    return slopes


def numerical_gradient_at(f, x, step):
    slopes = jnp.zeros_like(x)
    for index in np.ndindex(x.shape):
        slopes = slopes.at[index].set(f(x.at[index].add(step)) - f(x.at[index].add(-step)))
    return slopes / (2 * step)


def numerical_gradient_vmap(f, x, step):
    directions = jnp.eye(x.size).reshape(x.size, *x.shape)
    values = jax.vmap(f)(jnp.concatenate([x + step * directions, x - step * directions]))
    return ((values[: x.size] - values[x.size :]) / (2 * step)).reshape(x.shape)


def gradient_check_loops(f, gradient, x):
    g, n = np.asarray(gradient(x), np.float64), numerical_gradient_loops(f, x, 0.01)
    pairs = list(zip(g.ravel(), n.ravel(), strict=True))
    return max(abs(a - b) for a, b in pairs) / max(max(abs(a), abs(b)) for a, b in pairs)


def gradient_check_numpy(f, gradient, x):
    g, n = np.asarray(gradient(x)), np.asarray(numerical_gradient_at(f, x, 0.01))
    return float(np.abs(g - n).max() / max(np.abs(g).max(), np.abs(n).max()))


def gradient_check_vmap(f, gradient, x):
    both = jnp.stack([gradient(x), numerical_gradient_vmap(f, x, 0.01)])
    return jnp.abs(both[0] - both[1]).max() / jnp.abs(both).max()


ANSWERS = {
    "softmax": [softmax_loops, softmax_by_logarithms, softmax_of_each_row],
    "softmax_cross_entropy_gradient": [
        softmax_cross_entropy_gradient_numpy,
        softmax_cross_entropy_gradient_at,
        softmax_cross_entropy_gradient_of_each_row,
    ],
    "relu_backward": [relu_backward_loops, relu_backward_product, relu_backward_heaviside],
    "sigmoid_backward": [
        sigmoid_backward_loops,
        sigmoid_backward_both_sides,
        sigmoid_backward_tanh,
        sigmoid_backward_plain,
    ],
    "dense_backward": [dense_backward_loops, dense_backward_einsum, dense_backward_of_each_sample],
    "mlp_backward": [mlp_backward_numpy, mlp_backward_recursion, mlp_backward_of_each_sample],
    "numerical_gradient": [numerical_gradient_loops, numerical_gradient_at, numerical_gradient_vmap],
    "gradient_check": [gradient_check_loops, gradient_check_numpy, gradient_check_vmap],
}
