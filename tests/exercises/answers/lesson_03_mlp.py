"""Right answers to lesson 03, written otherwise than the references: by loops, NumPy, einsum, vmap, reduce."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np


def dense_loops(params, x):
    W, b = np.asarray(params["W"], np.float64), np.asarray(params["b"], np.float64)

    def one(row):
        return [sum(float(row[i]) * W[i, j] for i in range(len(row))) + b[j] for j in range(len(b))]

    return one(x) if x.ndim == 1 else [one(row) for row in x]


def dense_einsum(params, x):
    return jnp.einsum("...i,io->...o", x, params["W"]) + params["b"]


def dense_vmap(params, x):
    def one(row):
        return jax.vmap(jnp.dot, (1, None))(params["W"], row) + params["b"]

    return one(x) if x.ndim == 1 else jax.vmap(one)(x)


def leaky_relu_loops(z, slope):
    values = [float(entry) if entry > 0 else slope * float(entry) for entry in np.asarray(z).ravel()]
    return np.array(values).reshape(z.shape)


def leaky_relu_maximum(z, slope):
    return jnp.maximum(z, slope * z)


def leaky_relu_sum(z, slope):
    return jax.nn.relu(z) - slope * jax.nn.relu(-z)


def elu_loops(z, alpha):
    values = [float(entry) if entry > 0 else alpha * (np.exp(float(entry)) - 1) for entry in np.asarray(z).ravel()]
    return np.reshape(values, z.shape)


def elu_sum(z, alpha):
    return jnp.maximum(z, 0) + alpha * (jnp.exp(jnp.minimum(z, 0)) - 1)


def elu_select(z, alpha):
    below = jnp.where(z > 0, 0.0, z)
    return jax.lax.select(z > 0, z, alpha * jnp.exp(below) - alpha)


def maxout_loops(params, x):
    W, b, x = (np.asarray(a, np.float64) for a in (params["W"], params["b"], x))
    pieces = [[[row @ W[p, :, j] + b[p, j] for p in range(len(W))] for j in range(W.shape[2])] for row in x]
    return [[float(max(values)) for values in row] for row in pieces]


def maxout_einsum(params, x):
    return jnp.max(jnp.einsum("ni,pio->npo", x, params["W"]) + params["b"], axis=1)


def maxout_reduce(params, x):
    pieces = [x @ W + b for W, b in zip(params["W"], params["b"], strict=True)]
    return functools.reduce(jnp.maximum, pieces)


def maxout_vmap(params, x):
    def one(row):
        return jax.vmap(lambda W, b: row @ W + b)(params["W"], params["b"]).max(axis=0)

    return jax.vmap(one)(x)


def mlp_apply_numpy(params, x):
    h = np.asarray(x, np.float64)
    for number, layer in enumerate(params):
        h = h @ np.asarray(layer["W"], np.float64) + np.asarray(layer["b"], np.float64)
        if number < len(params) - 1:
            h[h < 0] = 0
    return h


def mlp_apply_recursion(params, x):
    first, *rest = params
    a = jnp.dot(x, first["W"]) + first["b"]
    return mlp_apply_recursion(rest, jnp.where(a > 0, a, 0)) if rest else a


def mlp_apply_reduce(params, x):
    def linear(h, layer):
        return jnp.einsum("...i,io->...o", h, layer["W"]) + layer["b"]

    return linear(functools.reduce(lambda h, layer: jax.nn.relu(linear(h, layer)), params[:-1], x), params[-1])


def mlp_init_fold_in(key, sizes):
    params = []
    for number in range(len(sizes) - 1):
        inputs, outputs = sizes[number], sizes[number + 1]
        W = jax.random.normal(jax.random.fold_in(key, number), (inputs, outputs)) * (2 / inputs) ** 0.5
        params.append({"W": W, "b": jnp.zeros((outputs,))})
    return params


def mlp_init_chain(key, sizes):
    params = []
    for inputs, outputs in itertools.pairwise(sizes):
        key, used = jax.random.split(key)
        W = jax.nn.initializers.he_normal()(used, (inputs, outputs))
        params.append({"W": W, "b": np.zeros(outputs)})
    return tuple(params)


def mlp_init_cut(key, sizes):
    pairs = list(itertools.pairwise(sizes))
    numbers = jax.random.normal(key, (sum(i * o for i, o in pairs),))
    cuts = np.cumsum([i * o for i, o in pairs])[:-1].tolist()
    pieces = zip(jnp.split(numbers, cuts), pairs, strict=True)
    return [{"W": piece.reshape(i, o) * jnp.sqrt(2 / i), "b": jnp.zeros(o)} for piece, (i, o) in pieces]


def mlp_init_sliced(key, sizes):
    key, used = jax.random.split(key)
    cube = jax.random.normal(used, (len(sizes) - 1, max(sizes), max(sizes)))
    pairs = enumerate(itertools.pairwise(sizes))
    return [{"W": cube[place, :i, :o] * np.sqrt(2 / i), "b": jnp.zeros(o)} for place, (i, o) in pairs]


def mlp_init_numpy(key, sizes):
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    return [{"W": rng.normal(0, np.sqrt(2 / i), (i, o)), "b": np.zeros(o)} for i, o in itertools.pairwise(sizes)]


def xor_params_distance():
    return [{"W": [[1, -1], [-1, 1]], "b": [0, 0]}, {"W": [[1], [1]], "b": [0]}]


def xor_params_tent():
    hidden = {"W": np.array([[1.0, -1.0], [1.0, -1.0]]), "b": np.array([-1.0, 1.0])}
    return [hidden, {"W": np.array([[-1.0], [-1.0]]), "b": np.array([1.0])}]


def xor_params_exactly_at_half():
    hidden = {"W": jnp.array([[2.0, 2.0], [2.0, 2.0]]), "b": jnp.array([0.0, -2.0])}
    return (hidden, {"W": jnp.array([[1.0], [-2.0]]), "b": jnp.array([0.5])})


def collapse_numpy(params):
    W, b = np.eye(params[0]["W"].shape[0]), np.zeros(params[0]["W"].shape[0])
    for layer in params:
        W = W @ np.asarray(layer["W"], np.float64)
        b = b @ np.asarray(layer["W"], np.float64) + np.asarray(layer["b"])
    return {"b": b, "W": W}


def collapse_probe(params):
    def apply(x):
        for layer in params:
            x = x @ layer["W"] + layer["b"]
        return x

    inputs = params[0]["W"].shape[0]
    b = apply(jnp.zeros(inputs))
    return {"W": jax.vmap(apply)(jnp.eye(inputs)) - b, "b": b}


def collapse_affine(params):
    def affine(layer):
        W, b = layer["W"], layer["b"]
        corner = jnp.zeros((W.shape[0], 1)), jnp.ones((1, 1))
        return jnp.block([[W, corner[0]], [b[None], corner[1]]])

    joined = functools.reduce(jnp.matmul, map(affine, params))
    return {"W": joined[:-1, :-1], "b": joined[-1, :-1]}


ANSWERS = {
    "dense": [dense_loops, dense_einsum, dense_vmap],
    "leaky_relu": [leaky_relu_loops, leaky_relu_maximum, leaky_relu_sum],
    "elu": [elu_loops, elu_sum, elu_select],
    "maxout": [maxout_loops, maxout_einsum, maxout_reduce, maxout_vmap],
    "mlp_apply": [mlp_apply_numpy, mlp_apply_recursion, mlp_apply_reduce],
    "mlp_init": [mlp_init_fold_in, mlp_init_chain, mlp_init_cut, mlp_init_sliced, mlp_init_numpy],
    "xor_params": [xor_params_distance, xor_params_tent, xor_params_exactly_at_half],
    "collapse": [collapse_numpy, collapse_probe, collapse_affine],
}
