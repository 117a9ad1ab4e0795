"""Right answers to lesson 08, written otherwise than the references: by loops, with NumPy, by scan, vmap and einsum."""

import math

import jax
import jax.numpy as jnp
import numpy as np


def _as_floats(tree):
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rnn_step_loops(params, h, x):
    params, h, x = _as_floats((params, h, x))
    return [
        [
            math.tanh(
                sum(x[n, i] * params["Wx"][i, k] for i in range(x.shape[1]))
                + sum(h[n, j] * params["Wh"][j, k] for j in range(h.shape[1]))
                + params["b"][k]
            )
            for k in range(h.shape[1])
        ]
        for n in range(len(x))
    ]


def rnn_step_joined(params, h, x):
    W = jnp.concatenate([params["Wx"], params["Wh"]])
    return jax.vmap(lambda h, x: jnp.tanh(jnp.concatenate([x, h]) @ W + params["b"]))(h, x)


def rnn_apply_numpy(params, xs):
    params, xs = _as_floats((params, xs))
    hs = np.zeros((xs.shape[0], xs.shape[1] + 1, len(params["b"])))
    for t in range(xs.shape[1]):
        hs[:, t + 1] = np.tanh(xs[:, t] @ params["Wx"] + hs[:, t] @ params["Wh"] + params["b"])
    return hs[:, 1:]


def rnn_apply_vmap(params, xs):
    def one(sequence):
        def step(h, a):
            h = jnp.tanh(a + h @ params["Wh"])
            return h, h

        return jax.lax.scan(step, jnp.zeros(params["b"].shape), sequence @ params["Wx"] + params["b"])[1]

    return jax.vmap(one)(xs)


def rnn_apply_list(params, xs):
    h, hs = jnp.zeros((len(xs), len(params["b"]))), []
    for x in jnp.unstack(xs, axis=1):
        h = jnp.tanh(x @ params["Wx"] + h @ params["Wh"] + params["b"])
        hs.append(h)
    return jnp.stack(hs, axis=1)


def rnn_backward_numpy(params, xs, dhs):
    params, xs, dhs = _as_floats((params, xs, dhs))
    hs = np.pad(rnn_apply_numpy(params, xs), ((0, 0), (1, 0), (0, 0)))
    grads = {name: np.zeros(leaf.shape) for name, leaf in params.items()}
    for n in range(len(xs)):
        later = np.zeros(len(params["b"]))
        for t in range(xs.shape[1] - 1, -1, -1):
            delta = (1 - hs[n, t + 1] ** 2) * (dhs[n, t] + later)
            grads["Wx"] += np.outer(xs[n, t], delta)
            grads["Wh"] += np.outer(hs[n, t], delta)
            grads["b"] += delta
            later = params["Wh"] @ delta
    return grads


def rnn_backward_scan(params, xs, dhs):
    hs = rnn_apply_vmap(params, xs)
    before = jnp.pad(hs, ((0, 0), (1, 0), (0, 0)))[:, :-1]

    def step(later, now):
        dh, h = now
        delta = (dh + later) * (1 - h**2)
        return delta @ params["Wh"].T, delta

    zeros = jnp.zeros_like(hs[:, 0])
    _, deltas = jax.lax.scan(step, zeros, (dhs.swapaxes(0, 1), hs.swapaxes(0, 1)), reverse=True)
    return {
        "Wx": jnp.einsum("bti,tbh->ih", xs, deltas),
        "Wh": jnp.einsum("btk,tbh->kh", before, deltas),
        "b": jnp.einsum("tbh->h", deltas),
    }


def lstm_numpy(params, state, x):
    params, (h, c), x = _as_floats((params, state, x))
    a, n = x @ params["Wx"] + h @ params["Wh"] + params["b"], h.shape[1]
    c = _sigmoid(a[:, n : 2 * n]) * c + _sigmoid(a[:, :n]) * np.tanh(a[:, 2 * n : 3 * n])
    return [_sigmoid(a[:, 3 * n :]) * np.tanh(c), c]


def lstm_vmap(params, state, x):
    def one(h, c, x):
        i, f, g, o = (x @ params["Wx"] + h @ params["Wh"] + params["b"]).reshape(4, -1)
        c = c / (1 + jnp.exp(-f)) + jnp.tanh(g) / (1 + jnp.exp(-i))
        return jnp.tanh(c) / (1 + jnp.exp(-o)), c

    return jax.vmap(one)(*state, x)


def lstm_backward_numpy(params, state, x, dstate):
    params, (h, c), x, (dh, dc) = _as_floats((params, state, x, dstate))
    a, n = x @ params["Wx"] + h @ params["Wh"] + params["b"], h.shape[1]
    i, f, g, o = _sigmoid(a[:, :n]), _sigmoid(a[:, n : 2 * n]), np.tanh(a[:, 2 * n : 3 * n]), _sigmoid(a[:, 3 * n :])
    new = f * c + i * g
    to_new = dc + dh * o / np.cosh(new) ** 2
    da = np.zeros(a.shape)
    da[:, :n] = to_new * g * i * (1 - i)
    da[:, n : 2 * n] = to_new * c * f * (1 - f)
    da[:, 2 * n : 3 * n] = to_new * i * (1 - g * g)
    da[:, 3 * n :] = dh * np.tanh(new) * o * (1 - o)
    grads = {"Wx": np.zeros(params["Wx"].shape), "Wh": np.zeros(params["Wh"].shape), "b": np.zeros(4 * n)}
    for row in range(len(x)):
        grads["Wx"] += np.outer(x[row], da[row])
        grads["Wh"] += np.outer(h[row], da[row])
        grads["b"] += da[row]
    return grads, [da @ params["Wh"].T, to_new * f], da @ params["Wx"].T


def lstm_backward_einsum(params, state, x, dstate):
    (h, c), (dh, dc) = state, dstate
    joined = jnp.concatenate([x, h], axis=1)
    W = jnp.concatenate([params["Wx"], params["Wh"]])
    a = (joined @ W + params["b"]).reshape(len(x), 4, -1)
    is_tanh = jnp.array([False, False, True, False])[:, None]
    gates = jnp.where(is_tanh, jnp.tanh(a), jax.nn.sigmoid(a))
    slopes = jnp.where(is_tanh, 1 - gates**2, gates * (1 - gates))
    i, f, g, o = gates.swapaxes(0, 1)
    tanh = jnp.tanh(f * c + i * g)
    dc = dc + dh * o * (1 - tanh**2)
    da = (jnp.stack([dc * g, dc * c, dc * i, dh * tanh], axis=1) * slopes).reshape(len(x), -1)
    dW = jnp.einsum("bi,bj->ij", joined, da)
    dx, dh = jnp.split(jnp.einsum("bj,ij->bi", da, W), [x.shape[1]], axis=1)
    return {"Wx": dW[: x.shape[1]], "Wh": dW[x.shape[1] :], "b": da.sum(0)}, (dh, dc * f), dx


def gru_numpy(params, h, x):
    params, h, x = _as_floats((params, h, x))
    Wx, Wh, b, n = params["Wx"], params["Wh"], params["b"], h.shape[1]
    r = _sigmoid(x @ Wx[:, :n] + h @ Wh[:, :n] + b[:n])
    z = _sigmoid(x @ Wx[:, n : 2 * n] + h @ Wh[:, n : 2 * n] + b[n : 2 * n])
    new = np.tanh(x @ Wx[:, 2 * n :] + (r * h) @ Wh[:, 2 * n :] + b[2 * n :])
    return new + z * (h - new)


def gru_vmap(params, h, x):
    Wx, Wh, b = (params[name].reshape(*params[name].shape[:-1], 3, -1) for name in ("Wx", "Wh", "b"))

    def one(h, x):
        a = jnp.einsum("i,igj->gj", x, Wx) + b
        r, z = jax.nn.sigmoid(a[:2] + jnp.einsum("i,igj->gj", h, Wh[:, :2]))
        return (1 - z) * jnp.tanh(a[2] + jnp.einsum("i,ij->j", r * h, Wh[:, 2])) + z * h

    return jax.vmap(one)(h, x)


def clip_loops(grads, limit):
    def square(tree):
        if isinstance(tree, dict):
            return square(list(tree.values()))
        if isinstance(tree, (list, tuple)):
            return sum(map(square, tree))
        return sum(float(entry) ** 2 for entry in np.asarray(tree).ravel())

    def scaled(tree):
        if isinstance(tree, dict):
            return {name: scaled(part) for name, part in tree.items()}
        if isinstance(tree, (list, tuple)):
            return type(tree)(map(scaled, tree))
        return np.asarray(tree) * limit / norm

    norm = math.sqrt(square(grads))
    return scaled(grads) if norm > limit else grads


def clip_where(grads, limit):
    leaves, tree = jax.tree.flatten(grads)
    norm = jnp.linalg.norm(jnp.concatenate([leaf.ravel() for leaf in leaves]))
    return tree.unflatten([jnp.where(norm > limit, limit * leaf / norm, leaf) for leaf in leaves])


def clip_torch_like(grads, limit):
    norm = jnp.linalg.norm(jnp.array([jnp.linalg.norm(leaf) for leaf in jax.tree.leaves(grads)]))
    scale = jnp.minimum(1.0, limit / (norm + 1e-6))
    return jax.tree.map(lambda leaf: scale * leaf, grads)


def sample_gumbel(key, logits, temperature):
    return jnp.argmax(logits / temperature + jax.random.gumbel(key, logits.shape))


def sample_inverse(key, logits, temperature):
    scaled = np.asarray(logits, np.float64) / temperature
    p = np.exp(scaled - scaled.max())
    u = float(jax.random.uniform(key))
    return int(np.searchsorted(np.cumsum(p / p.sum()), u, side="right").clip(0, len(p) - 1))


def sample_numpy(key, logits, temperature):
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    return int(np.argmax(np.asarray(logits) / temperature - np.log(-np.log(rng.random(len(logits))))))


ANSWERS = {
    "rnn_step": [rnn_step_loops, rnn_step_joined],
    "rnn_apply": [rnn_apply_numpy, rnn_apply_vmap, rnn_apply_list],
    "rnn_backward": [rnn_backward_numpy, rnn_backward_scan],
    "lstm_step": [lstm_numpy, lstm_vmap],
    "lstm_step_backward": [lstm_backward_numpy, lstm_backward_einsum],
    "gru_step": [gru_numpy, gru_vmap],
    "clip_by_global_norm": [clip_loops, clip_where, clip_torch_like],
    "sample": [sample_gumbel, sample_inverse, sample_numpy],
}
