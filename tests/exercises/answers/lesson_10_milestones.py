"""Right answers to lesson 10, written otherwise than the reference: by loops, with NumPy, with scan and vmap."""

import math

import jax
import jax.numpy as jnp
import numpy as np


def store_loops(patterns):
    rows = np.asarray(patterns).tolist()
    neurons = range(len(rows[0]))
    return [[0.0 if i == j else sum(x[i] * x[j] for x in rows) / len(rows[0]) for j in neurons] for i in neurons]


def store_numpy(patterns):
    patterns = np.asarray(patterns, np.float64)
    weights = sum(np.outer(x, x) for x in patterns) / patterns.shape[1]
    np.fill_diagonal(weights, 0)
    return weights


def store_vmap(patterns):
    weights = jax.vmap(lambda x: jnp.outer(x, x))(patterns).sum(0) / patterns.shape[-1]
    return jnp.fill_diagonal(weights, 0, inplace=False)


def energy_loops(weights, state):
    if state.ndim == 2:
        return [energy_loops(weights, one) for one in state]
    w, s = np.asarray(weights, np.float64), np.asarray(state, np.float64)
    return -float(sum(w[i, j] * s[i] * s[j] for i in range(len(s)) for j in range(i)))


def energy_einsum(weights, state):
    return -0.5 * jnp.einsum("...i,ij,...j->...", state, weights, state)


def recall_loops(weights, state, steps):
    weights, state = np.asarray(weights).tolist(), [int(s) for s in state]
    for _ in range(steps):
        for i, row in enumerate(weights):
            h = sum(w * s for w, s in zip(row, state, strict=True))
            if h != 0:
                state[i] = 1 if h > 0 else -1
    return state


def recall_scan(weights, state, steps):
    def update(s, i):
        h = jnp.vdot(weights[i], s)
        return jnp.where(jnp.arange(s.size) == i, jnp.where(h > 0, 1.0, jnp.where(h < 0, -1.0, s)), s), None

    return jax.lax.scan(update, state, jnp.tile(jnp.arange(state.size), steps))[0]


def recall_fori(weights, state, steps):
    neurons = len(state)

    def update(count, state):
        i = count % neurons
        h = weights[i] @ state
        return state.at[i].set(jax.lax.select(h == 0, state[i], jnp.sign(h)))

    return jax.lax.fori_loop(0, steps * neurons, update, state)


def gan_loops(real_logits, fake_logits):
    def softplus(z):
        return max(z, 0.0) + math.log1p(math.exp(-abs(z)))

    real, fake = np.asarray(real_logits).tolist(), np.asarray(fake_logits).tolist()
    discriminator = sum(softplus(-z) for z in real) / len(real) + sum(softplus(z) for z in fake) / len(fake)
    return [discriminator, sum(softplus(-z) for z in fake) / len(fake)]


def gan_logaddexp(real_logits, fake_logits):
    real = jnp.logaddexp(0.0, -real_logits).mean()
    return real + jnp.logaddexp(0.0, fake_logits).mean(), jnp.logaddexp(0.0, -fake_logits).mean()


def gan_log_sigmoid(real_logits, fake_logits):
    good, bad = jax.nn.log_sigmoid(fake_logits), jax.nn.log_sigmoid(-fake_logits)
    return jnp.stack([-jax.nn.log_sigmoid(real_logits).mean() - bad.mean(), -good.mean()])


ANSWERS = {
    "hopfield_store": [store_loops, store_numpy, store_vmap],
    "hopfield_energy": [energy_loops, energy_einsum],
    "hopfield_recall": [recall_loops, recall_scan, recall_fori],
    "gan_losses": [gan_loops, gan_logaddexp, gan_log_sigmoid],
}
