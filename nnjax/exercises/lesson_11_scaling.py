"""Exercises of lesson 11: gradients in pieces, a step on many devices, and counting what a network costs."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import drawing, laws
from nnjax.exercises.exercise import Case, Loss, exercise
from nnjax.exercises.inputs import Function, Mesh

LESSON = "11_scaling"

LINEAR = Function("linear_loss", (), 'loss(params, (x, y)), the batch mean of 1/2 ||x W + b - y||^2, params {"W", "b"}')
NETWORK = Function(
    "network_loss", (), 'loss(params, (x, y)), the batch mean of 1/2 ||y\' - y||^2 of a network {"hidden", "out"}'
)


# ------------------------------------------------------------------------------------------------ accumulate_gradients


def _batches(rng: np.random.Generator) -> list[Case]:
    def batches(count: int, rows: int, n: int, m: int) -> list:
        return [(drawing.normal(rng, rows, n), drawing.normal(rng, rows, m)) for _ in range(count)]

    # So wide and long that the largest array is what the hidden layer gives for a batch: all inputs together, and a
    # stack of all gradients, stay below 1.5 times its size.
    network = {"hidden": drawing.layer(rng, 3, 16), "out": drawing.layer(rng, 16, 2)}
    return [(LINEAR, drawing.layer(rng, 2, 1), batches(3, 4, 2, 1)), (NETWORK, network, batches(2, 10, 3, 2))]


AT_ONCE = (
    "All batches are in memory at the same time, as one large batch would be: take the gradient of one batch, add it "
    "up, and only then take the next."
)


def _loss_of_all(case: Case, point: Any) -> float:
    """Return the mean of the losses of the batches, in NumPy."""

    def loss(x: Any, y: Any) -> float:
        last = point
        if case[0].name == "network_loss":
            x, last = np.tanh(x @ point["hidden"]["W"] + point["hidden"]["b"]), point["out"]
        return float(np.mean(np.sum((x @ last["W"] + last["b"] - y) ** 2, axis=1)) / 2)

    return float(np.mean([loss(np.float64(x), y) for x, y in case[2]]))


@exercise(
    LESSON,
    draw=_batches,
    seconds=30,
    points=2,
    difficulty=2,
    loss=Loss(_loss_of_all, lambda case: case[1]),
    laws=[laws.PURE, laws.JIT, laws.largest(1, 1.5, AT_ONCE), laws.flops(3)],
    hints=[
        "jax.grad(loss)(params, batch) is the gradient on one batch, a pytree like params.",
        "Keep a running sum: start from zeros like params, and add the gradient of each batch with jax.tree.map.",
        "The batches are equally large, so the mean of their gradients is the sum divided by len(batches).",
    ],
)
def accumulate_gradients(loss, params, batches):
    """Return the mean over the batches of the gradient of loss(params, batch) with respect to params.

    loss is a function of (params, batch) that returns a number, already a mean over its batch; params is any pytree,
    and the answer is a pytree like it. batches is a list of equally large batches, each of which is what loss takes,
    such as (x, y). The answer equals the gradient on one big batch, but take the batches one after the other, so that
    no array grows with their number. params stay the same throughout.
    """
    total = jax.tree.map(jnp.zeros_like, params)
    for batch in batches:
        total = jax.tree.map(jnp.add, total, jax.grad(loss)(params, batch))
    return jax.tree.map(lambda g: g / len(batches), total)


def _gradients(loss, params, batches):
    return [jax.grad(loss)(params, batch) for batch in batches]


def _sum(trees, factor=1.0):
    return jax.tree.map(lambda *leaves: factor * sum(leaves), *trees)


def _halving(loss, params, batches):
    total = jax.tree.map(jnp.zeros_like, params)
    for grads in _gradients(loss, params, batches):
        total = jax.tree.map(lambda a, g: (a + g) / 2, total, grads)
    return total


def _halving_from_first(loss, params, batches):
    total, *others = _gradients(loss, params, batches)
    for grads in others:
        total = jax.tree.map(lambda a, g: (a + g) / 2, total, grads)
    return total


def _walking(loss, params, batches, rate=1.0):
    found = []
    for batch in batches:
        found.append(jax.grad(loss)(params, batch))
        params = jax.tree.map(lambda p, g: p - rate * g, params, found[-1])
    return _sum(found, 1 / len(batches))


def _into_params(loss, params, batches):
    params.update(_sum(_gradients(loss, params, batches), 1 / len(batches)))
    return params


accumulate_gradients.mistake(
    "The gradients are summed; divide by the number of batches.",
    lambda loss, params, batches: _sum(_gradients(loss, params, batches)),
)
accumulate_gradients.mistake(
    "Only one batch counts: each new gradient replaces the sum instead of being added to it, or you return too early.",
    lambda loss, params, batches: _gradients(loss, params, batches)[-1],
    lambda loss, params, batches: _gradients(loss, params, batches)[0],
)
accumulate_gradients.mistake(
    "The sum is divided by the number of batches, but one batch is left out of it.",
    lambda loss, params, batches: _sum(_gradients(loss, params, batches)[1:], 1 / len(batches)),
    lambda loss, params, batches: _sum(_gradients(loss, params, batches)[:-1], 1 / len(batches)),
)
accumulate_gradients.mistake(
    "len of a batch (x, y) is 2, the number of its parts; divide by the number of batches.",
    lambda loss, params, batches: _sum(_gradients(loss, params, batches), 1 / len(batches[0])),
)
accumulate_gradients.mistake(
    "You divide by the number of samples of a batch; the loss is a mean over its batch already.",
    lambda loss, params, batches: _sum(_gradients(loss, params, batches), 1 / len(batches[0][0])),
    lambda loss, params, batches: _sum(_gradients(loss, params, batches), 1 / len(batches) / len(batches[0][0])),
)
accumulate_gradients.mistake(
    "Halving after each batch gives the last ones more weight; add everything up and divide once, at the end.",
    _halving,
    _halving_from_first,
)
accumulate_gradients.mistake(
    "You step between the batches, so later gradients are taken somewhere else; params stay the same throughout.",
    _walking,
    lambda loss, params, batches: _walking(loss, params, batches, 0.1),
)
accumulate_gradients.mistake(
    "That is the mean of the losses; their gradient is asked for, jax.grad.",
    lambda loss, params, batches: sum(loss(params, batch) for batch in batches) / len(batches),
)
accumulate_gradients.mistake(
    "jax.value_and_grad gives (value, gradient); only the gradient is asked for.",
    lambda loss, params, batches: (
        sum(loss(params, batch) for batch in batches) / len(batches),
        _sum(_gradients(loss, params, batches), 1 / len(batches)),
    ),
)
accumulate_gradients.mistake(
    "That is the gradient with respect to the batch; params are the first argument of loss.",
    lambda loss, params, batches: _sum(
        [jax.grad(loss, argnums=1)(params, batch) for batch in batches], 1 / len(batches)
    ),
)
accumulate_gradients.mistake(
    "The gradients are subtracted; add them up.",
    lambda loss, params, batches: _sum(_gradients(loss, params, batches), -1 / len(batches)),
)
accumulate_gradients.mistake(
    "Those are the params after a step; only the gradient is asked for.",
    lambda loss, params, batches: jax.tree.map(
        jnp.subtract, params, _sum(_gradients(loss, params, batches), 1 / len(batches))
    ),
)
accumulate_gradients.mistake(
    "The gradients are put together as a list; average them leaf by leaf, with jax.tree.map.",
    lambda loss, params, batches: _gradients(loss, params, batches),
)
accumulate_gradients.mistake(
    AT_ONCE,
    lambda loss, params, batches: jax.grad(loss)(params, jax.tree.map(lambda *xs: jnp.concatenate(xs), *batches)),
    lambda loss, params, batches: jax.tree.map(
        lambda g: g.mean(0),
        jax.vmap(jax.grad(loss), (None, 0))(params, jax.tree.map(lambda *xs: jnp.stack(xs), *batches)),
    ),
    lambda loss, params, batches: jax.tree.map(
        np.asarray, jax.grad(loss)(params, jax.tree.map(lambda *xs: np.concatenate(xs), *batches))
    ),
    lambda loss, params, batches: jax.tree.map(
        lambda g: np.mean(g, axis=0),
        jax.vmap(jax.grad(loss), (None, 0))(params, jax.tree.map(lambda *xs: np.stack(xs), *batches)),
    ),
)
accumulate_gradients.mistake(
    "The sum is written into params itself, which changes the argument: start from new zeros, such as "
    "jax.tree.map(jnp.zeros_like, params).",
    _into_params,
)


# -------------------------------------------------------------------------------------------------------- sharded_step


def _steps(rng: np.random.Generator) -> list[Case]:
    """Return cases whose batches have three rows for each device of the mesh, all of eight devices or half of them."""
    network = {"hidden": drawing.layer(rng, 3, 5), "out": drawing.layer(rng, 5, 2)}
    return [
        (Mesh(8), LINEAR, drawing.layer(rng, 2, 1), (drawing.normal(rng, 24, 2), drawing.normal(rng, 24, 1)), 0.5),
        (Mesh(4), NETWORK, network, (drawing.normal(rng, 12, 3), drawing.normal(rng, 12, 2)), 0.1),
    ]


NOT_CUT = (
    "The values are right, but not every array of the batch is cut over the devices of the mesh: shard its first axis "
    'along "data", for example with jax.device_put and a NamedSharding, and go on with what that returns.'
)


@exercise(
    LESSON,
    draw=_steps,
    points=3,
    difficulty=2,
    seconds=30,
    laws=[laws.PURE, laws.JIT, laws.cut(3, NOT_CUT), laws.flops(3)],
    hints=[
        "Say where the numbers live, and JAX does the rest: the mean in the loss becomes a sum over the devices.",
        'jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("data")) cuts the first axis into one piece for '
        "each device; with PartitionSpec() every device holds everything.",
        "jax.device_put(batch, rows) and jax.device_put(params, everywhere) take whole pytrees. After that it is an "
        "ordinary step of gradient descent.",
        "With jax.shard_map instead, each device has a mean over its own rows: take jax.lax.pmean of the loss before "
        "you differentiate it.",
    ],
)
def sharded_step(mesh, loss, params, batch, learning_rate):
    """Return the params after one step of gradient descent, params - learning_rate * gradient, with the batch sharded.

    mesh is a jax.sharding.Mesh with one axis, "data", of one device or of many. batch is a pytree of arrays, such as
    (x, y); cut the first axis of each into equal pieces, one for each device (their number divides it), and hold
    params, any pytree, on every device. loss(params, batch) is a mean over the batch, and the gradient is that of the
    whole batch, so the answer does not depend on the number of devices. learning_rate is a Python number; mesh is
    static under jit.
    """
    rows = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("data"))
    everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    batch, params = jax.device_put(batch, rows), jax.device_put(params, everywhere)
    grads = jax.grad(loss)(params, batch)
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)


def _pieces(batch):
    """Return the number of devices that a case asks for; a machine may have fewer."""
    return len(batch[0]) // 3


def _step(loss, params, batch, rate):
    return jax.tree.map(lambda p, g: p - rate * g, params, jax.grad(loss)(params, batch))


def _step_in_place(mesh, loss, params, batch, learning_rate):
    params.update(_step(loss, params, batch, learning_rate))
    return params


sharded_step.mistake(
    "You go uphill: the gradient is subtracted.",
    lambda mesh, loss, params, batch, rate: _step(loss, params, batch, -rate),
)
sharded_step.mistake(
    "The learning rate is missing: the gradient is multiplied by it.",
    lambda mesh, loss, params, batch, rate: _step(loss, params, batch, 1),
)
sharded_step.mistake(
    "Those are the gradients; the params after the step are asked for.",
    lambda mesh, loss, params, batch, rate: jax.grad(loss)(params, batch),
)
sharded_step.mistake(
    "That is the change alone; add it to the params.",
    lambda mesh, loss, params, batch, rate: jax.tree.map(lambda g: -rate * g, jax.grad(loss)(params, batch)),
    lambda mesh, loss, params, batch, rate: jax.tree.map(lambda g: rate * g, jax.grad(loss)(params, batch)),
)
sharded_step.mistake(
    "The params did not change: a new pytree has to be returned, built from params and gradients.",
    lambda mesh, loss, params, batch, rate: params,
)
sharded_step.mistake(
    "The gradients of the rows are summed; the loss is a mean over the whole batch, and so is its gradient.",
    lambda mesh, loss, params, batch, rate: _step(loss, params, batch, rate * len(batch[0])),
)
sharded_step.mistake(
    "You divide by the number of rows once more: loss is a mean over the batch already.",
    lambda mesh, loss, params, batch, rate: _step(loss, params, batch, rate / len(batch[0])),
)
sharded_step.mistake(
    "The gradient is as many times too large as there are devices: those of the pieces are averaged, not added up. "
    "jax.shard_map itself sums the gradient by params that devices share; in it, differentiate the pmean of the loss.",
    lambda mesh, loss, params, batch, rate: _step(loss, params, batch, rate * _pieces(batch)),
)
sharded_step.mistake(
    "The gradient is as many times too small as there are devices: do not divide a mean by their number once more.",
    lambda mesh, loss, params, batch, rate: _step(loss, params, batch, rate / _pieces(batch)),
)
sharded_step.mistake(
    "Only one device's rows are used; the gradient is that of the whole batch, whatever devices there are.",
    lambda mesh, loss, params, batch, rate: _step(loss, params, jax.tree.map(lambda x: x[:3], batch), rate),
)
sharded_step.mistake(
    "That is one step for each piece of the batch, one after the other; all pieces make one step together.",
    lambda mesh, loss, params, batch, rate: _piece_by_piece(loss, params, batch, rate),
)
sharded_step.mistake(
    "Two steps are taken; one is asked for.",
    lambda mesh, loss, params, batch, rate: _step(loss, _step(loss, params, batch, rate), batch, rate),
)
sharded_step.mistake(
    "That is the gradient with respect to the batch; params are the first argument of loss.",
    lambda mesh, loss, params, batch, rate: jax.grad(loss, argnums=1)(params, batch),
)
sharded_step.mistake(
    "Return the params alone, not together with the loss.",
    lambda mesh, loss, params, batch, rate: (_step(loss, params, batch, rate), loss(params, batch)),
    lambda mesh, loss, params, batch, rate: (loss(params, batch), _step(loss, params, batch, rate)),
)


def _put(mesh, tree, *axes):
    return jax.device_put(tree, jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*axes)))


def _put_in_vain(mesh, loss, params, batch, rate):
    _put(mesh, batch, "data")
    return _step(loss, _put(mesh, params), batch, rate)


def _step_in_numpy(mesh, loss, params, batch, rate):
    """Cut by hand, put each piece on its device, and average in NumPy."""
    devices = list(mesh.devices.flat)
    pieces = zip(*[np.split(np.asarray(part), len(devices)) for part in batch], strict=True)
    put = [jax.device_put((params, piece), device) for device, piece in zip(devices, pieces, strict=True)]
    found = [jax.tree.map(np.asarray, jax.grad(loss)(*own)) for own in put]
    return jax.tree.map(lambda p, *gs: np.asarray(p) - rate * sum(gs) / len(gs), params, *found)


sharded_step.mistake(
    NOT_CUT,
    _put_in_vain,
    lambda mesh, loss, params, batch, rate: _step(loss, params, (_put(mesh, batch[0], "data"), batch[1]), rate),
    lambda mesh, loss, params, batch, rate: _step(loss, params, batch, rate),
    lambda mesh, loss, params, batch, rate: _step(loss, _put(mesh, params), _put(mesh, batch), rate),
)
sharded_step.mistake(
    "The values are right, but NumPy takes part in them, and it computes on no device of the mesh: let jax.device_put "
    "cut the batch, jnp and jax.tree.map do the rest.",
    lambda mesh, loss, params, batch, rate: jax.tree.map(np.asarray, _step(loss, params, batch, rate)),
    lambda mesh, loss, params, batch, rate: _step(
        loss, params, _put(mesh, jax.tree.map(np.asarray, batch), "data"), rate
    ),
    _step_in_numpy,
)
sharded_step.mistake(
    "The params of the caller are overwritten: build a new pytree, for example with jax.tree.map.", _step_in_place
)


def _piece_by_piece(loss, params, batch, rate):
    for start in range(0, len(batch[0]), 3):
        params = _step(loss, params, jax.tree.map(lambda x, start=start: x[start : start + 3], batch), rate)
    return params


# ---------------------------------------------------------------------------------------------------- count_parameters


def _networks(rng: np.random.Generator) -> list[Case]:
    conv = {"W": drawing.normal(rng, 3, 3, 1, 4), "b": drawing.normal(rng, 4)}
    nested = {
        "conv": conv,
        "blocks": [{"mlp": [drawing.layer(rng, 4, 6), drawing.layer(rng, 6, 4)]}, {"scale": drawing.normal(rng, 4)}],
        "slope": np.array(rng.normal(), np.float32),
    }  # fmt: skip
    return [(drawing.layer(rng, 2, 3),), ([drawing.layer(rng, 5, 4), drawing.layer(rng, 4, 3)],), (nested,)]


@exercise(
    LESSON,
    draw=_networks,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "jax.tree.leaves(params) is the list of all arrays, however deeply they are nested.",
        "An array of shape (2, 3) holds 6 numbers, one of shape () holds 1: its size.",
    ],
)
def count_parameters(params):
    """Return how many numbers a pytree of parameters holds: the sum of the sizes of all its arrays.

    params is any pytree: dicts and lists within one another, with arrays of any shape, also (), which is one number.
    The answer is one integer.
    """
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def _over_leaves(count):
    return lambda params: sum(count(leaf) for leaf in jax.tree.leaves(params))


def _weights_only(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params) if leaf.ndim > 1)


count_parameters.mistake(
    "You count the arrays; each holds many numbers, its size.", lambda params: len(jax.tree.leaves(params))
)
count_parameters.mistake(
    "The length of an array is that of its first axis only; its size is the product of all axes.",
    _over_leaves(lambda leaf: leaf.shape[0] if leaf.ndim else 1),
    _over_leaves(lambda leaf: leaf.shape[0] if leaf.ndim else 0),
    _over_leaves(len),
)
count_parameters.mistake("The axes of an array are multiplied, not added.", _over_leaves(lambda leaf: sum(leaf.shape)))
count_parameters.mistake(
    "An array of shape () holds one number; you count it as none.",
    _over_leaves(lambda leaf: leaf.size if leaf.ndim else 0),
)
count_parameters.mistake("Biases are parameters too; you count the weights alone.", _weights_only)
count_parameters.mistake(
    "Those are bytes; a float32 number takes four of them.", _over_leaves(lambda leaf: leaf.nbytes)
)
count_parameters.mistake("You add up the numbers themselves; count them.", _over_leaves(lambda leaf: jnp.sum(leaf)))
count_parameters.mistake(
    "The sizes of the arrays are multiplied with one another; add them up.",
    lambda params: math.prod(leaf.size for leaf in jax.tree.leaves(params)),
)
count_parameters.mistake(
    "That is a pytree of sizes; add them up to one number.",
    lambda params: jax.tree.map(lambda leaf: leaf.size, params),
)
count_parameters.mistake(
    "That is the number of entries of the outermost dict or list; the arrays inside are meant.", len
)
count_parameters.mistake(
    "The product over the empty shape () is 1.0, which makes the whole sum a float; an array's size is an integer.",
    _over_leaves(lambda leaf: np.prod(leaf.shape)),
    _over_leaves(lambda leaf: jnp.prod(jnp.array(leaf.shape))),
)
count_parameters.mistake(
    "Arrays may have more than two axes: a kernel of shape (3, 3, 1, 4) holds 36 numbers. Multiply all axes.",
    _over_leaves(lambda leaf: math.prod(leaf.shape[:2])),
    _over_leaves(lambda leaf: math.prod(leaf.shape[-2:])),
)


# -------------------------------------------------------------------------------------------------------- matmul_flops


def _sizes(rng: np.random.Generator) -> list[Case]:
    odd = 2 * rng.integers(1500, 2500, 3) + 1  # float32 cannot hold their product
    return [(2, 3, 4), tuple(int(n) for n in rng.permutation([5, 7, 11])), tuple(map(int, odd))]


@exercise(
    LESSON,
    draw=_sizes,
    laws=[laws.PURE],
    hints=[
        "The result has m n entries; how many products go into each of them, and how many additions?",
        "k products and, by convention, k additions, for each of the m n entries.",
    ],
)
def matmul_flops(m, k, n):
    """Return the floating-point operations of a product of matrices (m, k) and (k, n): 2 m k n.

    Each of the m n entries takes k multiplications and, counted as is usual, k additions. m, k and n are Python
    integers, and so is the answer; it may be too large for 32 bits.
    """
    return 2 * m * k * n


matmul_flops.mistake("You count the multiplications only; each comes with an addition.", lambda m, k, n: m * k * n)
matmul_flops.mistake(
    "That is exact, k products and k - 1 additions an entry; the usual count takes k of each.",
    lambda m, k, n: m * n * (2 * k - 1),
)
matmul_flops.mistake(
    "That is the number of entries of the result; each of them costs k products and k additions.",
    lambda m, k, n: m * n,
    lambda m, k, n: 2 * m * n,
)
matmul_flops.mistake(
    "Those are the numbers that are read or written, not the operations.",
    lambda m, k, n: m * k + k * n,
    lambda m, k, n: m * k + k * n + m * n,
)
matmul_flops.mistake(
    "n is missing: the second matrix has n columns, and each of them takes 2 m k operations.",
    lambda m, k, n: 2 * m * k,
    lambda m, k, n: m * k,
)
matmul_flops.mistake(
    "m is missing: the first matrix has m rows, and each of them takes 2 k n operations.",
    lambda m, k, n: 2 * k * n,
    lambda m, k, n: k * n,
)
matmul_flops.mistake(
    "The three sizes are multiplied, not added.", lambda m, k, n: 2 * (m + k + n), lambda m, k, n: m + k + n
)
matmul_flops.mistake(
    "That does not fit into 32 bits: multiply Python's whole numbers, not JAX's.",
    lambda m, k, n: 2 * jnp.int32(m) * jnp.int32(k) * jnp.int32(n),
)
matmul_flops.mistake(
    "That is rounded: float32 holds no whole number above 2^24 for certain. Multiply Python's whole numbers.",
    lambda m, k, n: int(np.float32(2) * np.float32(m) * np.float32(k) * np.float32(n)),
    lambda m, k, n: int(np.float32(2 * m * k * n)),
)
