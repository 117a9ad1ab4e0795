"""Exercises of lesson 05: a classifier for real digits."""

import functools
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import drawing, laws, slips
from nnjax.exercises.exercise import Case, exercise
from nnjax.exercises.independence import different, of_few_keys
from nnjax.exercises.inputs import Key

LESSON = "05_training"


def _labels(rng: np.random.Generator, classes: int, *shape: int) -> np.ndarray:
    return np.asarray(rng.integers(0, classes, shape), np.int32)


def _key(rng: np.random.Generator) -> Key:
    return Key(int(rng.integers(2**31)))


# --- one-hot --------------------------------------------------------------------------------------------------------


def _named(rng: np.random.Generator) -> list[Case]:
    return [(np.int32([2, 0, 1]), 4), (np.append(rng.permutation(5), _labels(rng, 5, 3)).astype(np.int32), 7)]


@exercise(
    LESSON,
    draw=_named,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Each label is compared with each class: labels as a column, jnp.arange(classes) as a row.",
        "labels[:, None] == jnp.arange(classes) is the answer as booleans; turn it into numbers.",
    ],
)
def one_hot(labels, classes):
    """Return the one-hot rows of labels: entry [i, k] is 1 where labels[i] = k and 0 elsewhere.

    labels (batch,) are integers from 0 to classes - 1, in which not every class need occur; the answer has the shape
    (batch, classes).
    """
    return (labels[:, None] == jnp.arange(classes)).astype(jnp.float32)


one_hot.mistake(
    "The number of columns is taken from the labels; it is classes, also where the last classes do not occur.",
    lambda labels, classes: jnp.eye(int(labels.max()) + 1)[labels],
)
one_hot.mistake(
    "The axes are swapped: one row for each label, one column for each class.",
    lambda labels, classes: jnp.eye(classes)[labels].T,
)
one_hot.mistake(
    "The ones stand one column too far to the left: labels count from 0.",
    lambda labels, classes: jnp.eye(classes)[labels - 1],
    lambda labels, classes: (labels[:, None] == jnp.arange(1, classes + 1)) * 1.0,
)
one_hot.mistake(
    "The ones stand one column too far to the right: class 0 is the first column.",
    lambda labels, classes: jnp.eye(classes)[(labels + 1) % classes],
    lambda labels, classes: (labels[:, None] == jnp.arange(-1, classes - 1)) * 1.0,
)
one_hot.mistake(
    "The labels themselves stand where the ones should be.",
    lambda labels, classes: jnp.eye(classes)[labels] * labels[:, None],
)
one_hot.mistake(
    "Ones and zeros are swapped: the class of the label has the one.",
    lambda labels, classes: 1 - jnp.eye(classes)[labels],
)
one_hot.mistake(
    "All columns up to the label hold ones; compare with ==, so that there is a single one in each row.",
    lambda labels, classes: (labels[:, None] >= jnp.arange(classes)) * 1.0,
)
one_hot.mistake(
    "The rows are added up to the counts of the classes; each label has a row of its own.",
    lambda labels, classes: jnp.eye(classes)[labels].sum(axis=0),
)
one_hot.mistake("The other classes must hold 0, not -1.", lambda labels, classes: 2 * jnp.eye(classes)[labels] - 1)
one_hot.mistake(
    "The classes are counted from the right; class 0 is the first column.",
    lambda labels, classes: jnp.eye(classes)[labels][:, ::-1],
)


# --- cross-entropy --------------------------------------------------------------------------------------------------


def _guesses(rng: np.random.Generator) -> list[Case]:
    """Return logits and labels, the second time none of the last class, the third time with far logits."""
    extreme = 1000 * rng.choice([-1, 1], (5, 4)) + rng.normal(0, 3, (5, 4))
    extreme[0] = [1000, -1000, *rng.normal(0, 3, 2)]
    extreme[1] = -1000 + rng.normal(0, 3, 4)
    labels = _labels(rng, 4, 5)
    labels[0] = 1
    return [
        (np.round(drawing.normal(rng, 2, 3), 2), np.int32([2, 0])),
        (3 * drawing.normal(rng, 7, 4), _labels(rng, 3, 7)),
        (np.float32(extreme), labels),
    ]  # fmt: skip


@exercise(
    LESSON,
    draw=_guesses,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT, laws.gradient(0, 1, 2)],
    hints=[
        "log softmax(z) at k is z_k - log(sum over j of exp(z_j)): no softmax has to be computed.",
        "The sum overflows for large logits; jax.nn.logsumexp, or subtracting each row's largest logit first, is safe.",
        "logits[jnp.arange(len(labels)), labels] picks the logit of each label.",
    ],
)
def cross_entropy(logits, labels):
    """Return the mean over the batch of -log p, where p = softmax(logits)[label] is the probability of the true class.

    logits has the shape (batch, classes), labels (batch,) are integers; the logarithm is the natural one. The answer is
    a number. It must be finite and right for logits of any size, such as +-1000, whatever the label.
    """
    rows = jnp.arange(len(labels))
    return -jnp.mean(jax.nn.log_softmax(logits)[rows, labels])


def _at(table, labels):
    return table[jnp.arange(len(labels)), labels]


def _softmax(logits, axis=-1):
    return jax.nn.softmax(logits, axis=axis)


def _of_those_that_occur(labels):
    """Return one-hot rows with as many classes as the labels show."""
    return jnp.eye(int(labels.max()) + 1)[labels]


def _loss_of_those_that_occur(logits, labels):
    return -jnp.mean(jnp.sum(_of_those_that_occur(labels) * jax.nn.log_softmax(logits), axis=1))


def _plain_softmax(logits):
    return jnp.exp(logits) / jnp.exp(logits).sum(axis=1, keepdims=True)


def _with_epsilon(epsilon):
    return lambda logits, labels: -jnp.mean(jnp.log(_at(_softmax(logits), labels) + epsilon))


cross_entropy.mistake(
    "nan comes out where a logit is large: either exp overflows, or a 0 of a one-hot row is multiplied by log 0. Take "
    "log softmax itself, each logit minus jax.nn.logsumexp of its row, and pick the label's.",
    lambda logits, labels: -jnp.mean(jnp.log(_at(_plain_softmax(logits), labels))),
    lambda logits, labels: jnp.mean(jnp.log(jnp.exp(logits).sum(axis=1)) - _at(logits, labels)),
    lambda logits, labels: (
        -jnp.mean(jnp.sum(jax.nn.one_hot(labels, logits.shape[1]) * jnp.log(_softmax(logits)), axis=1))
    ),
)
cross_entropy.mistake(
    slips.CLASSES_OF_LABELS,
    _loss_of_those_that_occur,
    lambda logits, labels: -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * _of_those_that_occur(labels), axis=1)),
    lambda logits, labels: (
        -np.mean(np.sum(np.asarray(_of_those_that_occur(labels)) * np.asarray(jax.nn.log_softmax(logits)), axis=1))
    ),
    lambda logits, labels: (
        -np.mean(np.sum(np.asarray(jax.nn.log_softmax(logits)) * np.asarray(_of_those_that_occur(labels)), axis=1))
    ),
)
cross_entropy.mistake(
    "The softmax is safe, but a small probability becomes 0 and its logarithm infinite: compute log softmax directly.",
    lambda logits, labels: -jnp.mean(jnp.log(_at(_softmax(logits), labels))),
)
cross_entropy.mistake(
    "A small number inside the logarithm keeps it finite but wrong where the network is very sure and errs.",
    *[_with_epsilon(epsilon) for epsilon in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20)],
)
cross_entropy.mistake(
    "The losses are added up over the batch; take their mean.",
    lambda logits, labels: -jnp.sum(_at(jax.nn.log_softmax(logits), labels)),
)
cross_entropy.mistake(
    "The sign is missing: logarithms of probabilities are negative, the loss is positive.",
    lambda logits, labels: jnp.mean(_at(jax.nn.log_softmax(logits), labels)),
)
cross_entropy.mistake(
    "The mean runs over the classes too, so the loss is too small by their number: sum over the classes first.",
    lambda logits, labels: -jnp.mean(jax.nn.log_softmax(logits) * jax.nn.one_hot(labels, logits.shape[1])),
)
cross_entropy.mistake(
    "Those are the losses of the single examples; take their mean.",
    lambda logits, labels: -_at(jax.nn.log_softmax(logits), labels),
)
cross_entropy.mistake(
    "The softmax runs over the batch (axis 0); it must run over the classes of each example.",
    lambda logits, labels: -jnp.mean(_at(jax.nn.log_softmax(logits, axis=0), labels)),
)
cross_entropy.mistake(
    "That is the logarithm of the mean probability; take the logarithm of each first, then the mean.",
    lambda logits, labels: -jnp.log(jnp.mean(_at(_softmax(logits), labels))),
)
cross_entropy.mistake(
    "[:, labels] takes all labels' columns from every row; pair each row with its own label, by jnp.arange(batch).",
    lambda logits, labels: -jnp.mean(jax.nn.log_softmax(logits)[:, labels]),
)
cross_entropy.mistake(
    "The probability of the predicted class is used; the loss asks for that of the true one.",
    lambda logits, labels: -jnp.mean(jax.nn.log_softmax(logits).max(axis=1)),
)
cross_entropy.mistake(
    "The logarithm is to base 2; use the natural one.",
    lambda logits, labels: -jnp.mean(_at(jax.nn.log_softmax(logits), labels)) / jnp.log(2.0),
)
cross_entropy.mistake(
    "The logarithm is missing: the loss is the mean of -log p, not of 1 - p or -p.",
    lambda logits, labels: jnp.mean(1 - _at(_softmax(logits), labels)),
    lambda logits, labels: -jnp.mean(_at(_softmax(logits), labels)),
)
cross_entropy.mistake(
    "That is minus the logit of the true class; the logarithm of the sum of exponentials is missing.",
    lambda logits, labels: -jnp.mean(_at(logits, labels)),
)
cross_entropy.mistake(
    "softmax is taken twice: logits go straight into log softmax.",
    lambda logits, labels: -jnp.mean(_at(jax.nn.log_softmax(_softmax(logits)), labels)),
)


# --- mini-batches ---------------------------------------------------------------------------------------------------


def _orders(rng: np.random.Generator) -> list[Case]:
    """Return a small epoch, a large one twice, with another key, and in other batches, and more small ones.

    Nothing is left over, less than half a batch, and all but one of a batch.
    """
    first, one, other, third, *more = (Key(int(seed)) for seed in rng.choice(2**31, 9, replace=False))
    large = [(one, 1003, 100), (one, 1003, 100), (other, 1003, 100), (third, 1003, 59)]
    return [(first, 11, 3), *large, *((key, 11, 3) for key in more)]


@exercise(
    LESSON,
    draw=_orders,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "jax.random.permutation(key, n) is 0, 1, ..., n - 1 in a random order.",
        "n // batch_size full batches fit; cut off what is left over at the end of the shuffled order.",
        "Reshape the indices that remain to (n // batch_size, batch_size).",
    ],
)
def minibatches(key, n, batch_size):
    """Return the indices of the mini-batches of one epoch: an integer array of shape (n // batch_size, batch_size).

    Each row is one batch. The indices are 0, 1, ..., n - 1 in a random order, cut into rows: none occurs twice, and the
    n % batch_size that are left over are dropped, other ones for another key. The same key gives the same batches.
    n and batch_size are Python integers.
    """
    batches = n // batch_size
    return jax.random.permutation(key, n)[: batches * batch_size].reshape(batches, batch_size)


def _cut(order, batch_size):
    batches = len(order) // batch_size
    return order[: batches * batch_size].reshape(batches, batch_size)


def _by_batch(key, n, batch_size):
    """Return batches of neighbours, each shuffled in itself."""
    rows = _cut(jnp.arange(n), batch_size)
    return jax.vmap(jax.random.permutation)(jax.random.split(key, len(rows)), rows)


def _drawn_anew(key, n, batch_size):
    """Return batches without repetition inside, but each drawn from all indices."""
    keys = jax.random.split(key, n // batch_size)
    return jax.vmap(lambda key: jax.random.permutation(key, n)[:batch_size])(keys)


def _turned(key, order, batch_size):
    """Return the order from another start, which is in the middle of a batch."""
    batches, places = jax.random.split(key)
    whole = jax.random.randint(batches, (), 0, len(order) // batch_size - 1)
    return jnp.roll(order, batch_size * whole + jax.random.randint(places, (), 1, batch_size))


def _of_all(holds):
    """Return the rule that something holds of the order, all batches in one row, of every big case."""
    return lambda cases, answers: all(
        holds(answers[number].reshape(-1), *cases[number][1:]) for number in (1, 3, 4)
    )  # fmt: skip


minibatches.mistake(
    "The axes are swapped: one row for each batch, so the shape is (n // batch_size, batch_size).",
    lambda key, n, batch_size: minibatches.reference(key, n, batch_size).reshape(batch_size, n // batch_size),
)
minibatches.mistake(
    "There is one batch too many: what does not fill a batch is dropped, not filled up.",
    lambda key, n, batch_size: jnp.resize(jax.random.permutation(key, n), (-(-n // batch_size), batch_size)),
)
minibatches.mistake(
    "That is one long row of indices: cut it into batches with reshape.",
    lambda key, n, batch_size: jax.random.permutation(key, n),
    lambda key, n, batch_size: minibatches.reference(key, n, batch_size).reshape(-1),
)
minibatches.rule(
    "Some indices are not among 0, ..., n - 1: indices start at 0 and end before n.",
    _of_all(lambda order, n, size: order.min() >= 0 and order.max() < n),
    lambda key, n, batch_size: 1 + minibatches.reference(key, n, batch_size),
)
minibatches.rule(
    "The same key must give the same batches; shuffle with jax.random and the key, not with NumPy.",
    lambda cases, answers: np.array_equal(answers[1], answers[2]),
    lambda key, n, batch_size: _cut(np.random.default_rng().permutation(n), batch_size),
)
minibatches.rule(
    "The examples stand in their old order: shuffle them, differently for each key.",
    _of_all(lambda order, n, size: np.any(np.diff(order) != 1)),
    lambda key, n, batch_size: _cut(jnp.arange(n), batch_size),
)
minibatches.rule(
    "Another key gives the same batches: use the key that comes in, not one of your own.",
    lambda cases, answers: different([answers[0], *answers[5:]]) > 1,
    lambda key, n, batch_size: minibatches.reference(jax.random.key(0), n, batch_size),
)
minibatches.rule(
    "Every batch holds the same examples: shuffle all n indices once and cut them into batches.",
    lambda cases, answers: len(np.unique(np.sort(answers[4], axis=1), axis=0)) > 1,
    lambda key, n, batch_size: jnp.tile(jax.random.permutation(key, n)[:batch_size], (n // batch_size, 1)),
    lambda key, n, batch_size: jnp.stack([jax.random.permutation(key, batch_size)] * (n // batch_size)),
)
minibatches.rule(
    "Some examples come twice in an epoch and others never: shuffle once and cut, instead of drawing anew.",
    _of_all(lambda order, n, size: len(np.unique(order)) == len(order)),
    lambda key, n, batch_size: jax.random.randint(key, (n // batch_size, batch_size), 0, n),
    _drawn_anew,
)
minibatches.rule(
    "Only the batches change places; the same examples stay together: shuffle the examples before you cut.",
    _of_all(lambda order, n, size: np.any(np.diff(order.reshape(-1, size)) != 1)),
    lambda key, n, batch_size: jax.random.permutation(key, _cut(jnp.arange(n), batch_size)),
)
minibatches.rule(
    "Each batch is shuffled in itself only, so the same examples stay together: shuffle before you cut.",
    _of_all(lambda order, n, size: np.any(np.ptp(order.reshape(-1, size), axis=1) >= size)),
    _by_batch,
    lambda key, n, batch_size: jax.random.permutation(key, _by_batch(key, n, batch_size)),
)
minibatches.rule(
    "Neighbours stay neighbours: that is the old order from another start, or backwards, not a shuffled one.",
    _of_all(lambda order, n, size: np.mean(np.abs(np.diff(order)) == 1) < 0.3),
    lambda key, n, batch_size: _cut(_turned(key, jnp.arange(n), batch_size), batch_size),
    lambda key, n, batch_size: _cut(_turned(key, jnp.arange(n)[::-1], batch_size), batch_size),
)
minibatches.rule(
    "From one index to the next it is nearly always as far: that is no random order; use jax.random.permutation.",
    _of_all(lambda order, n, size: len(np.unique(np.diff(order) % n)) > 0.3 * n),
    lambda key, n, batch_size: _cut((7 * jnp.arange(n) + jax.random.randint(key, (), 0, n)) % n, batch_size),
)
minibatches.rule(
    "Only a few orders ever come, whatever the key: shuffle with the key that is passed itself.",
    # Of six orders two are alike once in 240,000 tries, which is forgiven.
    lambda cases, answers: different([answers[0], *answers[5:]]) > 4 and not np.array_equal(answers[1], answers[3]),
    of_few_keys(minibatches.reference),
)
minibatches.rule(
    "It is always the same examples that are dropped: shuffle all n of them first, then cut off what is left over.",
    lambda cases, answers: set(answers[1].ravel().tolist()) != set(answers[3].ravel().tolist()),
    lambda key, n, batch_size: minibatches.reference(key, n - n % batch_size, batch_size),
    lambda key, n, batch_size: minibatches.reference(key, n - n % batch_size, batch_size) + n % batch_size,
)


# --- accuracy -------------------------------------------------------------------------------------------------------


def _predicted(rng: np.random.Generator) -> list[Case]:
    cases = [(np.float32([[0.1, 2, -1], [3, 0.5, 1], [0.2, 0.3, 1.5], [2, 1, 0.4]]), np.int32([1, 0, 1, 0]))]
    for batch, classes, right in ((40, 6, 25), (11, 11, 7)):
        logits = 2 * drawing.normal(rng, batch, classes)
        labels = logits.argmax(axis=1)
        wrong = rng.permutation(batch)[right:]
        labels[wrong] = (labels[wrong] + rng.integers(1, classes, len(wrong))) % classes
        labels[wrong[0]] = logits[wrong[0]].argmin()
        cases.append((logits, labels.astype(np.int32)))
    return cases


@exercise(
    LESSON,
    draw=_predicted,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "The predicted class of an example is the index of its largest logit: argmax over the classes.",
        "The mean of the booleans predicted == labels is the share that is right.",
    ],
)
def accuracy(logits, labels):
    """Return the share, between 0 and 1, of the examples whose largest logit is that of their label.

    logits has the shape (batch, classes), labels (batch,) are integers. The answer is a number.
    """
    return jnp.mean(jnp.argmax(logits, axis=-1) == labels)


accuracy.mistake(
    "That is the number of right answers; divide it by the size of the batch.",
    lambda logits, labels: jnp.sum(jnp.argmax(logits, axis=-1) == labels),
)
accuracy.mistake(
    "That is in per cent; a share between 0 and 1 is wanted.",
    lambda logits, labels: 100 * jnp.mean(jnp.argmax(logits, axis=-1) == labels),
)
accuracy.mistake(
    "That is the share of errors; one minus it is the accuracy.",
    lambda logits, labels: jnp.mean(jnp.argmax(logits, axis=-1) != labels),
)
accuracy.mistake(
    "argmax runs over the batch (axis 0); it must run over the classes of each example.",
    lambda logits, labels: jnp.mean(jnp.argmax(logits, axis=0) == labels),
)
accuracy.mistake(
    "The smallest logit is looked for; the network's choice is the largest.",
    lambda logits, labels: jnp.mean(jnp.argmin(logits, axis=-1) == labels),
)
accuracy.mistake(
    "That says of each example whether it is right; take the mean.",
    lambda logits, labels: jnp.argmax(logits, axis=-1) == labels,
    lambda logits, labels: (jnp.argmax(logits, axis=-1) == labels) * 1.0,
)
accuracy.mistake(
    "That is the mean probability of the true class; accuracy counts only whether it has the largest logit.",
    lambda logits, labels: jnp.mean(_at(_softmax(logits), labels)),
)
accuracy.mistake(
    "The right answers are divided by the number of classes; divide by the size of the batch.",
    lambda logits, labels: jnp.sum(jnp.argmax(logits, axis=-1) == labels) / logits.shape[1],
)
accuracy.mistake(
    "The right answers are divided by the number of logits; divide by the size of the batch, the number of rows.",
    lambda logits, labels: jnp.sum(jnp.argmax(logits, axis=-1) == labels) / logits.size,
)
accuracy.mistake(
    "The share is rounded; return it with all its digits.",
    *(lambda logits, labels, n=n: jnp.round(jnp.mean(jnp.argmax(logits, axis=-1) == labels), n) for n in (0, 1, 2, 3)),
)
accuracy.mistake(
    "That is the mean of the predicted classes; compare them with the labels first.",
    lambda logits, labels: jnp.mean(jnp.argmax(logits, axis=-1)),
)


# --- a step of training ---------------------------------------------------------------------------------------------


def _network(rng: np.random.Generator, *sizes: int) -> list:
    return [
        {"W": drawing.normal(rng, n, m) / np.float32(np.sqrt(n)), "b": drawing.normal(rng, m)}
        for n, m in pairwise(sizes)
    ]


def _single_layer(rng: np.random.Generator) -> Case:
    """Return a network without hidden layer, which is very sure of the first sample, and errs.

    That sample lies 40 logits on the wrong side; the last class occurs nowhere.
    """
    (layer,) = _network(rng, 2, 2)
    w, x = layer["W"][:, 0], drawing.normal(rng, 3, 2)
    layer["W"][:, 1] = -w
    x[0] = -20 * w / (w @ w)
    return [layer], x, np.int32([0, 0, 0]), 0.5


def _steps(rng: np.random.Generator) -> list[Case]:
    deep = _network(rng, 5, 8, 6, 4)
    deep[-1]["b"][0] = -3  # so that some logits are negative
    return [
        (_network(rng, 2, 3, 2), drawing.normal(rng, 3, 2), np.int32([1, 0, 1]), 0.5),
        _single_layer(rng),
        (deep, 2 * drawing.normal(rng, 10, 5), _labels(rng, 4, 10), drawing.between(rng, 0.4, 0.8)),
    ]


@exercise(
    LESSON,
    draw=_steps,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Write the loss as a function of params alone, inside train_step, so that jax.grad can differentiate it.",
        "Forward: h = relu(h @ W + b) for all layers but the last, which is linear; then the mean cross-entropy.",
        "grads has the form of params: jax.tree.map(lambda p, g: p - learning_rate * g, params, grads).",
    ],
)
def train_step(params, x, labels, learning_rate):
    """Return the params after one step of gradient descent on a mini-batch: p - learning_rate dC/dp for each p.

    params is a list of layers {"W": (in, out), "b": (out,)} with ReLU between them and a linear output, the logits. C
    is the mean over the batch of the cross-entropy of softmax(logits) with labels. x has the shape (batch, in), labels
    (batch,) are integers. jax.grad may be used. The params that came in are not changed.
    """

    def cost(params):
        h = x
        for layer in params[:-1]:
            h = jax.nn.relu(h @ layer["W"] + layer["b"])
        logits = h @ params[-1]["W"] + params[-1]["b"]
        return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels])

    grads = jax.grad(cost)(params)
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)


def _logits(params, x, activation=jax.nn.relu):
    for layer in params[:-1]:
        x = activation(x @ layer["W"] + layer["b"])
    return x @ params[-1]["W"] + params[-1]["b"]


def _mean_loss(logits, labels):
    return -jnp.mean(_at(jax.nn.log_softmax(logits), labels))


def _grads(params, x, labels, loss=_mean_loss, activation=jax.nn.relu):
    return jax.grad(lambda params: loss(_logits(params, x, activation), labels))(params)


def _moved(params, grads, rate):
    return jax.tree.map(lambda p, g: p - rate * g, params, grads)


def _descent(
    loss=_mean_loss, activation=jax.nn.relu, rate=lambda rate, x: rate, frozen=lambda layers, place, name: False
):
    """Return a step that is right but for what is given; ``frozen`` tells which parameters stay as they are."""

    def step(params, x, labels, learning_rate):
        new = _moved(params, _grads(params, x, labels, loss, activation), rate(learning_rate, x))
        return [
            {name: old[name] if frozen(len(params), place, name) else layer[name] for name in layer}
            for place, (old, layer) in enumerate(zip(params, new, strict=True))
        ]

    return step


_RIGHT_STEP = _descent()


def _squared(logits, labels):
    return jnp.mean(jnp.sum((_softmax(logits) - jax.nn.one_hot(labels, logits.shape[1])) ** 2, axis=1)) / 2


def _squared_of_logits(logits, labels):
    return jnp.mean(jnp.sum((logits - jax.nn.one_hot(labels, logits.shape[1])) ** 2, axis=1)) / 2


def _step_in_place(params, x, labels, learning_rate):
    for layer, grads in zip(params, _grads(params, x, labels), strict=True):
        layer["W"] = layer["W"] - learning_rate * grads["W"]
        layer["b"] = layer["b"] - learning_rate * grads["b"]
    return params


def _step_of_two_layers(params, x, labels, learning_rate):
    """Return the step of a network of which the first layer is always taken for a hidden one."""

    def cost(params):
        h = jax.nn.relu(x @ params[0]["W"] + params[0]["b"])
        return _mean_loss(_logits([*params[1:-1], params[-1]], h), labels)

    return _moved(params, jax.grad(cost)(params), learning_rate)


_NO_HIDDEN_LAYER = (
    "A network may have a single layer: then it is the output, which is linear. Apply the ReLU in a loop over "
    "params[:-1], which may be empty, and then params[-1]."
)
train_step.mistake(_NO_HIDDEN_LAYER, _step_of_two_layers)
train_step.mistake(
    "A small number inside the logarithm spoils the gradient where the network is sure and errs: take log softmax.",
    *[_descent(_with_epsilon(epsilon)) for epsilon in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)],
)
train_step.mistake(slips.CLASSES_OF_LABELS, _descent(_loss_of_those_that_occur))
train_step.mistake(
    "The losses of the batch are added up; take their mean, so that the step does not grow with the batch.",
    _descent(lambda logits, labels: len(labels) * _mean_loss(logits, labels)),
)
train_step.mistake("That is a step uphill: subtract the gradient.", _descent(rate=lambda rate, x: -rate))
train_step.mistake("The learning rate is missing from the step.", _descent(rate=lambda rate, x: 1))
train_step.mistake(
    "The cost is a mean already; do not divide by the size of the batch once more.",
    _descent(rate=lambda rate, x: rate / len(x)),
)
train_step.mistake(
    "Those are the gradients; return the params after the step.",
    lambda params, x, labels, learning_rate: _grads(params, x, labels),
)
train_step.mistake(
    "Those are only the changes of the params; add them to the params.",
    lambda params, x, labels, rate: jax.tree.map(lambda g: -rate * g, _grads(params, x, labels)),
)
train_step.mistake(
    "The biases do not learn: they have gradients too.", _descent(frozen=lambda layers, place, name: name == "b")
)
train_step.mistake(
    "Only the output layer learns: every layer moves.", _descent(frozen=lambda layers, place, name: place < layers - 1)
)
train_step.mistake(
    "The output layer does not learn: every layer moves.",
    _descent(frozen=lambda layers, place, name: place == layers - 1),
)
train_step.mistake(
    "There is a ReLU after the last layer; its output, the logits, is linear.",
    _descent(lambda logits, labels: _mean_loss(jax.nn.relu(logits), labels)),
)
train_step.mistake(
    "The ReLU between the layers is missing: without it the network is one linear map.",
    _descent(activation=lambda z: z),
)
train_step.mistake(
    "The hidden layers are to have ReLU, no other activation.",
    _descent(activation=jax.nn.sigmoid),
    _descent(activation=jnp.tanh),
)
train_step.mistake(
    "The cost is a squared error; asked is the cross-entropy.", _descent(_squared), _descent(_squared_of_logits)
)
train_step.mistake(
    "The cost takes the softmax twice: cross-entropy starts from the logits.",
    _descent(lambda logits, labels: _mean_loss(_softmax(logits), labels)),
)
train_step.mistake(
    "The cost is the mean over batch and classes; sum over the classes, then take the mean over the batch.",
    _descent(lambda logits, labels: _mean_loss(logits, labels) / logits.shape[1]),
)
train_step.mistake(
    "The layers that came in are overwritten; build new ones, for instance with jax.tree.map.", _step_in_place
)


# --- an epoch of training -------------------------------------------------------------------------------------------


def _epochs(rng: np.random.Generator) -> list[Case]:
    return [
        (_network(rng, 2, 2), drawing.normal(rng, 2, 3, 2), np.int32([[1, 0, 1], [0, 0, 1]]), 0.5),
        (
            _network(rng, 4, 6, 3),
            2 * drawing.normal(rng, 4, 5, 4),
            _labels(rng, 3, 4, 5),
            drawing.between(rng, 0.4, 0.8),
        ),
    ]


@exercise(
    LESSON,
    draw=_epochs,
    seconds=30,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "jax.lax.scan(step, params, (xs, labels)) calls step(params, (x, y)) for one batch after the other.",
        "step returns the pair (new params, None): what is carried on, and what is collected.",
        "scan returns a pair too: the last params, and what was collected. Return the first.",
    ],
)
def train_epoch(params, xs, labels, learning_rate):
    """Return the params after one epoch: a step of gradient descent for each batch, each starting where the last ended.

    xs has the shape (batches, batch, in), labels (batches, batch). The network and the step are those of train_step:
    ReLU hidden layers, a linear output, p - learning_rate dC/dp, C the mean cross-entropy of the batch. Write the loop
    as jax.lax.scan over the batches, so that an epoch of any length compiles to one small program.
    """

    def cost(params, x, labels):
        h = x
        for layer in params[:-1]:
            h = jax.nn.relu(h @ layer["W"] + layer["b"])
        logits = h @ params[-1]["W"] + params[-1]["b"]
        return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels])

    def step(params, batch):
        grads = jax.grad(cost)(params, *batch)
        return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads), None

    return jax.lax.scan(step, params, (xs, labels))[0]


def _loop(params, xs, labels, rate, step=_RIGHT_STEP):
    """Return the params after a step for each batch, in a plain loop."""
    for x, y in zip(xs, labels, strict=True):
        params = step(params, x, y, rate)
    return params


def _each_from_the_start(params, xs, labels, rate):
    """Return the params after every batch's step from the same start, along a new first axis."""
    parts = [_RIGHT_STEP(params, x, y, rate) for x, y in zip(xs, labels, strict=True)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)


def _all_params(params, xs, labels, rate):
    parts = [_loop(params, xs[:count], labels[:count], rate) for count in range(1, len(xs) + 1)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)


def _epoch_in_place(params, xs, labels, rate):
    for x, y in zip(xs, labels, strict=True):
        _step_in_place(params, x, y, rate)
    return params


train_epoch.mistake(
    "Only the last batch counts: each step must start from the params that the step before it returned.",
    lambda params, xs, labels, rate: _loop(params, xs[-1:], labels[-1:], rate),
)
train_epoch.mistake(_NO_HIDDEN_LAYER, functools.partial(_loop, step=_step_of_two_layers))
train_epoch.mistake(
    "Training ends after the first batch: is there a return inside the loop?",
    lambda params, xs, labels, rate: _loop(params, xs[:1], labels[:1], rate),
)
train_epoch.mistake(
    "That is a single step, the mean of all batches' steps from the first params; make one for each batch in turn.",
    lambda params, xs, labels, rate: jax.tree.map(
        lambda p: p.mean(axis=0), _each_from_the_start(params, xs, labels, rate)
    ),
)
train_epoch.mistake(
    "The gradients of all batches are taken at the first params and added up; move after each batch.",
    lambda params, xs, labels, rate: jax.tree.map(
        lambda p, q: p + (q - p).sum(axis=0), params, _each_from_the_start(params, xs, labels, rate)
    ),
)
train_epoch.mistake(
    "The batches are taken from the last to the first.",
    lambda params, xs, labels, rate: _loop(params, xs[::-1], labels[::-1], rate),
)
train_epoch.mistake(
    "The xs and the labels are cut along their second axis: it is the first that counts the batches.",
    lambda params, xs, labels, rate: _loop(params, xs.swapaxes(0, 1), labels.swapaxes(0, 1), rate),
)
train_epoch.mistake(
    "You return the params after every step; only the last are wanted, the first part of what scan returns.",
    _all_params,
    lambda params, xs, labels, rate: (_loop(params, xs, labels, rate), _all_params(params, xs, labels, rate)),
)
train_epoch.mistake(
    "You return both things that scan returns; only the first, the params, is wanted.",
    lambda params, xs, labels, rate: (_loop(params, xs, labels, rate), None),
    lambda params, xs, labels, rate: (
        _loop(params, xs, labels, rate),
        jnp.stack(
            [_mean_loss(_logits(_loop(params, xs[:i], labels[:i], rate), xs[i]), labels[i]) for i in range(len(xs))]
        ),
    ),
)
train_epoch.mistake(
    "The epoch is run twice.",
    lambda params, xs, labels, rate: _loop(_loop(params, xs, labels, rate), xs, labels, rate),
)
train_epoch.mistake(
    "The params come back as they were: what the step returns must be carried on and returned at the end.",
    lambda params, xs, labels, rate: params,
)
train_epoch.mistake(
    "The cost of a batch is a sum; it must be the mean over the batch.",
    functools.partial(_loop, step=_descent(lambda logits, labels: len(labels) * _mean_loss(logits, labels))),
)
train_epoch.mistake(
    "The steps go uphill: subtract the gradients.", functools.partial(_loop, step=_descent(rate=lambda rate, x: -rate))
)
train_epoch.mistake(
    "The biases stay as they were: they learn too.",
    functools.partial(_loop, step=_descent(frozen=lambda layers, place, name: name == "b")),
)
train_epoch.mistake(
    "The learning rate is divided by the number of batches; each step is a whole one.",
    lambda params, xs, labels, rate: _loop(params, xs, labels, rate / len(xs)),
)
train_epoch.mistake(
    "The layers of the params that came in are overwritten: the step must build new ones.", _epoch_in_place
)


# --- the open exercise ----------------------------------------------------------------------------------------------


class _Sealed(tuple):
    """A case with its labels beside it, not in it: they do not travel to where a learner's code runs."""

    labels: np.ndarray


@functools.cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """Return the 1,797 digits of scikit-learn, (n, 8, 8) in [0, 1], and their labels, in an order without meaning."""
    from nnjax.data import load

    data = load("digits")
    return np.concatenate([data.x, data.x_test])[..., 0], np.concatenate([data.y, data.y_test])


def _shifted(rng: np.random.Generator, images: np.ndarray) -> np.ndarray:
    """Return the images, each moved by up to one pixel along both axes, with linear interpolation."""
    places = np.arange(8)
    across, down = (
        np.maximum(0, 1 - np.abs(places[:, None] + rng.uniform(-1, 1, (len(images), 1, 1)) - places)) for _ in range(2)
    )
    return down @ images @ across.swapaxes(1, 2)


def _blurred_digits(rng: np.random.Generator, sources: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return new digits, NHWC, and their labels: each the mean of two of the same class, shifted, with noise."""
    images, labels = _digits()
    first = rng.choice(sources, count)
    second = np.empty_like(first)
    for digit in range(10):
        alike = labels[first] == digit
        second[alike] = rng.choice(sources[labels[sources] == digit], alike.sum())
    share = rng.uniform(0.3, 0.7, (count, 1, 1))
    mixed = share * _shifted(rng, images[first]) + (1 - share) * _shifted(rng, images[second])
    noisy = np.clip(mixed + rng.normal(0, 0.1, mixed.shape), 0, 1)
    return noisy.astype(np.float32)[..., None], labels[first]


def _data_and_unseen(rng: np.random.Generator) -> list[Case]:
    """Return training and test digits, a key, and unseen digits, made from three parts of the digits.

    The parts are the same for all seeds, so that the task is equally hard for everybody.
    """
    train, test, unseen = np.split(np.random.default_rng(1).permutation(len(_digits()[0])), [1000, 1200])
    x, labels = _blurred_digits(rng, unseen, 2000)
    case = _Sealed(((*_blurred_digits(rng, train, 4000), *_blurred_digits(rng, test, 500)), _key(rng), x))
    case.labels = labels
    return [case]


def _share_right(cases: list[Case], answers: list) -> float:
    """Return the accuracy on the unseen digits."""
    (case,), (logits,) = cases, answers
    return float(np.mean(np.argmax(logits, axis=1) == case.labels))


NOTHING, ALL = 0.82, 0.90  # accuracies that earn no point and all points


def _share_of_points(cases: list[Case], answers: list) -> float:
    return float(np.clip((_share_right(cases, answers) - NOTHING) / (ALL - NOTHING), 0, 1))


@exercise(
    LESSON,
    draw=_data_and_unseen,
    points=5,
    difficulty=3,
    library=True,
    score=_share_of_points,
    manner="predictions",
    seconds=60,
    hints=[
        "Start with what the lesson has: models.mlp.init(key, (64, 128, 10)), its apply on x.reshape(len(x), -1), "
        "training.fit.",
        "Use dataset.x_test and dataset.y_test to choose between networks; what you are marked on is like them.",
        "Then widen the hidden layer, add a second one, train longer, and look where the test loss begins to rise.",
        "Shifted digits ask for a convolution, or for more training examples: shift those that you have.",
    ],
)
def improve(dataset, key):
    """Return (apply, params), a network trained on dataset that recognises digits it has not seen, as well as you can.

    apply(params, x) must give the logits, of shape (n, 10), for any batch x of shape (n, 8, 8, 1). dataset is a
    nnjax.data.Dataset of blurred and shifted digits: x (4000, 8, 8, 1) and y to learn from, x_test (500, 8, 8, 1) and
    y_test to choose with. Marked is the accuracy on 2,000 others, whose labels are not in the dataset: up to 82 %,
    about what a network without a hidden layer reaches, earns no point, 90 % and more earn all, and between the two the
    points rise evenly. Everything together may take 60 seconds. All of nnjax, JAX and optax may be used; random numbers
    come from key.
    """
    from nnjax import models, training

    def apply(params, x):
        return models.mlp.apply(params, x.reshape(len(x), -1))

    shifts = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    x = np.concatenate([np.roll(dataset.x, shift, axis=(1, 2)) for shift in shifts])
    more = dataset._replace(x=x, y=np.tile(dataset.y, len(shifts)))
    start_key, fit_key = jax.random.split(key)
    start = models.mlp.init(start_key, (64, 512, 10))
    return apply, training.fit(apply, start, more, epochs=15, batch_size=64, key=fit_key, progress=False).params


def _linear(change=lambda logits: logits, labels=lambda dataset: dataset.y):
    """Return a body that fits a linear classifier by least squares, and then changes its logits."""

    def body(dataset, key):
        def columns(x):
            return np.c_[np.asarray(x).reshape(len(x), -1), np.ones(len(x))]

        x, targets = columns(dataset.x), np.eye(10)[labels(dataset)]
        weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ targets)
        return lambda weights, x: change(columns(x) @ weights), weights

    return body


def _untrained(dataset, key):
    params = [0.1 * jax.random.normal(key, (64, 10)), jnp.zeros(10)]
    return lambda params, x: x.reshape(len(x), -1) @ params[0] + params[1], params


improve.mistake(
    "apply returns classes; return the logits, a number for each class, the largest of which is the network's choice.",
    _linear(lambda logits: logits.argmax(axis=1)),
)
improve.mistake(
    "The logits are nan: training has diverged, so try a smaller learning rate.",
    _linear(lambda logits: np.full_like(logits, np.nan)),
)
improve.rule(
    "All images get the same logits: does apply use x, and are the weights different from 0?",
    lambda cases, answers: np.any(np.ptp(answers[0], axis=0) > 0),
    _linear(lambda logits: np.zeros_like(logits)),
    _linear(lambda logits: np.broadcast_to(logits.mean(axis=0), logits.shape)),
)
improve.rule(
    "The network is right less often than by chance: the largest logit must be that of the class, in the order 0 to 9.",
    lambda cases, answers: _share_right(cases, answers) > 0.04,
    _linear(lambda logits: -logits),
    _linear(lambda logits: logits[:, ::-1]),
)
improve.rule(
    "The network is hardly better than chance: are the params trained, and do images and labels belong together?",
    lambda cases, answers: _share_right(cases, answers) > 0.4,
    _untrained,
    _linear(labels=lambda dataset: dataset.y[::-1]),
    _linear(labels=lambda dataset: np.sort(dataset.y)),
)
improve.rule(
    "Some digits are never recognised: the network needs an output for each of the ten, and examples of each.",
    lambda cases, answers: len(np.unique(np.argmax(answers[0], axis=1))) == 10,
    _linear(lambda logits: np.where(np.arange(10) == 9, -10.0, logits)),
    _linear(lambda logits: np.where(np.arange(10) == 0, -10.0, logits)),
)
