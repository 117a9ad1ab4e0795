"""The same network, 784-512-512-10, batch 64, plain SGD, as each library's own documentation would have it written."""

from collections.abc import Callable
from itertools import islice, pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnjax import losses, models, optimizers, training
from nnjax.data import Dataset

SIZES, BATCH, RATE = (784, 512, 512, 10), 64, 0.1
# The DataLoader is so slow that an eighth of an epoch must do; its seconds are multiplied by eight.
LOADER_PART = 8
Epoch = Callable[[], object]


def batches(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.permutation(n)[: n // BATCH * BATCH].reshape(-1, BATCH)


def nnjax(dataset: Dataset, epochs: int) -> Epoch:
    class Data:
        x, y = dataset.x, dataset.y

    params, optimizer = models.mlp.init(jax.random.key(0), SIZES), optimizers.sgd(RATE)

    def run() -> object:
        return training.fit(
            models.mlp.apply, params, Data, epochs=epochs, key=jax.random.key(1), loss=losses.cross_entropy,
            optimizer=optimizer, batch_size=BATCH, progress=False,
        )  # fmt: skip

    return run


def flax_nnx(dataset: Dataset, epochs: int) -> Epoch:
    from flax import nnx

    class Network(nnx.Module):
        def __init__(self, rngs: nnx.Rngs):
            self.layers = nnx.List([nnx.Linear(i, o, rngs=rngs) for i, o in pairwise(SIZES)])

        def __call__(self, x: jax.Array) -> jax.Array:
            *hidden, output = self.layers
            for layer in hidden:
                x = nnx.relu(layer(x))
            return output(x)

    model = Network(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.sgd(RATE), wrt=nnx.Param)

    @nnx.jit
    def step(model: Network, optimizer: nnx.Optimizer, x: jax.Array, y: jax.Array) -> jax.Array:
        def loss(model: Network) -> jax.Array:
            return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

        value, grads = nnx.value_and_grad(loss)(model)
        optimizer.update(model, grads)
        return value

    def run() -> object:
        rng = np.random.default_rng(0)
        for _ in range(epochs):
            for rows in batches(rng, len(dataset.x)):
                value = step(model, optimizer, dataset.x[rows], dataset.y[rows])
        return value.block_until_ready()

    return run


def equinox(dataset: Dataset, epochs: int) -> Epoch:
    import equinox as eqx

    model = eqx.nn.MLP(784, 10, 512, 2, key=jax.random.key(0))
    optimizer = optax.sgd(RATE)
    start = optimizer.init(eqx.filter(model, eqx.is_array))

    @eqx.filter_jit
    def step(model, state, x, y):
        def loss(model):
            return optax.softmax_cross_entropy_with_integer_labels(jax.vmap(model)(x), y).mean()

        value, grads = eqx.filter_value_and_grad(loss)(model)
        updates, state = optimizer.update(grads, state)
        return eqx.apply_updates(model, updates), state, value

    def run() -> object:
        rng, trained, state = np.random.default_rng(0), model, start
        for _ in range(epochs):
            for rows in batches(rng, len(dataset.x)):
                trained, state, value = step(trained, state, jnp.asarray(dataset.x[rows]), jnp.asarray(dataset.y[rows]))
        return value.block_until_ready()

    return run


def torch_parts():
    import torch

    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for inputs, outputs in pairwise(SIZES):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer, criterion = torch.optim.SGD(model.parameters(), lr=RATE), torch.nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()

    return torch, step


def torch_in_memory(dataset: Dataset, epochs: int) -> Epoch:
    torch, step = torch_parts()
    x, y = torch.from_numpy(dataset.x), torch.from_numpy(dataset.y).long()

    def run() -> None:
        for _ in range(epochs):
            order = torch.randperm(len(x))
            for start in range(0, len(x) // BATCH * BATCH, BATCH):
                rows = order[start : start + BATCH]
                step(x[rows], y[rows])

    return run


def torch_dataloader(dataset: Dataset, epochs: int) -> Epoch:
    torch, step = torch_parts()
    examples = torch.utils.data.TensorDataset(torch.from_numpy(dataset.x), torch.from_numpy(dataset.y).long())
    loader = torch.utils.data.DataLoader(examples, batch_size=BATCH, shuffle=True, drop_last=True)

    def run() -> None:
        for _ in range(epochs):
            for x, y in islice(loader, len(loader) // LOADER_PART):
                step(x, y)

    return run
