"""Right answers to lesson 05, written otherwise than the reference: by loops, with NumPy, in other styles of JAX."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax


def one_hot_loops(labels, classes):
    return [[1 if int(label) == k else 0 for k in range(classes)] for label in labels]


def one_hot_eye(labels, classes):
    return jnp.eye(classes)[labels]


def one_hot_set(labels, classes):
    return jnp.zeros((len(labels), classes)).at[jnp.arange(len(labels)), labels].set(1)


def cross_entropy_loops(logits, labels):
    total = 0.0
    for row, label in zip(np.asarray(logits, float).tolist(), labels, strict=True):
        largest = max(row)
        total += largest + math.log(sum(math.exp(z - largest) for z in row)) - row[int(label)]
    return total / len(labels)


def cross_entropy_logsumexp(logits, labels):
    picked = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - picked)


def cross_entropy_hand(logits, labels):
    z = logits - jnp.max(logits, axis=1, keepdims=True)
    surprise = jnp.log(jnp.sum(jnp.exp(z), axis=1, keepdims=True)) - z
    return jnp.sum(surprise * jax.nn.one_hot(labels, logits.shape[1])) / labels.size


def cross_entropy_optax(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def minibatches_numpy(key, n, batch_size):
    order = np.random.default_rng(np.asarray(jax.random.key_data(key))).permutation(n).tolist()
    return [order[start : start + batch_size] for start in range(0, n - batch_size + 1, batch_size)]


def minibatches_argsort(key, n, batch_size):
    order = jnp.argsort(jax.random.uniform(key, (n,)))
    return jnp.reshape(order[n % batch_size :], (-1, batch_size))


def minibatches_choice(key, n, batch_size):
    return jax.random.choice(key, n, (n // batch_size, batch_size), replace=False)


def accuracy_loops(logits, labels):
    right = 0
    for row, label in zip(np.asarray(logits).tolist(), labels, strict=True):
        right += row.index(max(row)) == int(label)
    return right / len(labels)


def accuracy_vmap(logits, labels):
    return jax.vmap(lambda row, label: row[label] == row.max())(logits, labels).astype(jnp.float32).mean()


def forward(params, x):
    *hidden, last = params
    for layer in hidden:
        x = jnp.maximum(x @ layer["W"] + layer["b"], 0)
    return x @ last["W"] + last["b"]


def step_by_hand(params, x, labels, learning_rate):
    hs, zs = [np.asarray(x, np.float64)], []
    layers = [{name: np.asarray(p, np.float64) for name, p in layer.items()} for layer in params]
    for layer in layers:
        zs.append(hs[-1] @ layer["W"] + layer["b"])
        hs.append(np.maximum(zs[-1], 0))
    p = np.exp(zs[-1] - zs[-1].max(axis=1, keepdims=True))
    delta = p / p.sum(axis=1, keepdims=True)
    delta[np.arange(len(labels)), np.asarray(labels)] -= 1
    delta /= len(labels)
    new = []
    for place in reversed(range(len(layers))):
        W, b = layers[place]["W"], layers[place]["b"]
        new.insert(0, {"W": W - learning_rate * hs[place].T @ delta, "b": b - learning_rate * delta.sum(axis=0)})
        if place:
            delta = delta @ W.T * (zs[place - 1] > 0)
    return new


def step_optax(params, x, labels, learning_rate):
    def cost(params):
        losses = jax.vmap(lambda x, label: -jax.nn.log_softmax(forward(params, x))[label])(x, labels)
        return losses.mean()

    optimizer = optax.sgd(learning_rate)
    updates, _ = optimizer.update(jax.grad(cost)(params), optimizer.init(params))
    return optax.apply_updates(params, updates)


def step_per_example(params, x, labels, learning_rate):
    def surprise(params, x, label):
        logits = forward(params, x)
        return jax.nn.logsumexp(logits) - logits[label]

    grads = jax.vmap(jax.grad(surprise), in_axes=(None, 0, 0))(params, x, labels)
    return jax.tree.map(lambda p, g: p - learning_rate * jnp.mean(g, axis=0), params, grads)


def epoch_by_hand(params, xs, labels, learning_rate):
    for x, y in zip(xs, labels, strict=True):
        params = step_by_hand(params, x, y, learning_rate)
    return params


def epoch_loop(params, xs, labels, learning_rate):
    for batch in range(xs.shape[0]):
        params = step_per_example(params, xs[batch], labels[batch], learning_rate)
    return params


def epoch_fori(params, xs, labels, learning_rate):
    return jax.lax.fori_loop(
        0, len(xs), lambda i, params: step_optax(params, xs[i], labels[i], learning_rate), params
    )  # fmt: skip


def improve_neighbours(dataset, key):
    def apply(params, x):
        """Return minus the mean of the three smallest squared distances to each class."""
        examples, labels = params
        x = np.asarray(x, np.float64).reshape(len(x), -1)
        distances = (x**2).sum(axis=1, keepdims=True) - 2 * x @ examples.T + (examples**2).sum(axis=1)
        nearest = [np.partition(distances[:, labels == digit], 3, axis=1)[:, :3].mean(axis=1) for digit in range(10)]
        return -np.stack(nearest, axis=1)

    return apply, (dataset.x.reshape(len(dataset.x), -1).astype(np.float64), dataset.y)


def improve_random_features(dataset, key):
    hidden = jax.random.normal(key, (65, 1000)) / 4

    def features(x):
        x = jnp.concatenate([x.reshape(len(x), -1), jnp.ones((len(x), 1))], axis=1)
        return jax.nn.relu(x @ hidden)

    h = features(dataset.x)
    targets = jax.nn.one_hot(dataset.y, 10)
    W = jnp.linalg.solve(h.T @ h + 10 * jnp.eye(1000), h.T @ targets)
    return [lambda W, x: features(x) @ W, W]


ANSWERS = {
    "one_hot": [one_hot_loops, one_hot_eye, one_hot_set],
    "cross_entropy": [cross_entropy_loops, cross_entropy_logsumexp, cross_entropy_hand, cross_entropy_optax],
    "minibatches": [minibatches_numpy, minibatches_argsort, minibatches_choice],
    "accuracy": [accuracy_loops, accuracy_vmap],
    "train_step": [step_by_hand, step_optax, step_per_example],
    "improve": [improve_neighbours, improve_random_features],
    "train_epoch": [epoch_by_hand, epoch_loop, epoch_fori],
}
