"""Exercises of lesson 04: the chain rule, by hand."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import drawing, laws, slips
from nnjax.exercises.exercise import Case, Loss, exercise
from nnjax.exercises.inputs import Function

LESSON = "04_backprop"


def _log_sum_exp(z):
    top = z.max(axis=-1)
    return top + np.log(np.exp(z - top[..., None]).sum(axis=-1))


def _mean_cross_entropy(logits, labels):
    return np.mean(_log_sum_exp(logits) - logits[np.arange(len(labels)), labels])


def _rows(rng: np.random.Generator) -> list[Case]:
    far = drawing.normal(rng, 4, 3) + np.float32(
        [[1000, 1000, -1000], [-1000, -1000, -1000], [0, 0, 0], [-1000, 1000, 0]]
    )
    return [(drawing.short(rng, 3),), (2 * drawing.normal(rng, 4, 3),), (drawing.normal(rng, 2, 3, 4),), (far,)]


def _normalised(e):
    return e / jnp.sum(e, axis=-1, keepdims=True)


def _from_top(z):
    return z - jnp.max(z, axis=-1, keepdims=True)


def _softmax_without_kept_axes(z):
    e = jnp.exp(z - jnp.max(z, axis=-1))
    return e / jnp.sum(e, axis=-1)


@exercise(
    LESSON,
    draw=_rows,
    laws=[laws.PURE, laws.JIT, laws.vmap(0)],
    hints=[
        "exp(1000) is infinite in float32. Which number may you subtract from a whole row without changing the result?",
        "A common factor cancels: exp(z - c) / sum exp(z - c) is the same for every c. Take the row's maximum for c.",
        "jnp.max and jnp.sum take axis=-1, keepdims=True, so that what they give lines up with the rows.",
    ],
)
def softmax(z):
    """Return the softmax along the last axis, p_k = exp(z_k) / sum_l exp(z_l), safe for entries of any size.

    z is one row (classes,), a batch (batch, classes), or has more axes; the output has its shape, and every row is
    positive and sums to 1. Entries such as -1000 and 1000, also whole rows of them, must give right numbers.
    """
    e = jnp.exp(z - jnp.max(z, axis=-1, keepdims=True))
    return e / jnp.sum(e, axis=-1, keepdims=True)


softmax.mistake(
    "exp overflows at large entries, or all of a row vanishes at small ones: subtract the row's maximum first.",
    lambda z: _normalised(jnp.exp(z)),
)
softmax.mistake(
    "One maximum for the whole array is not enough: a row far below it vanishes. Subtract each row's own.",
    lambda z: _normalised(jnp.exp(z - jnp.max(z))),
)
softmax.mistake(
    "The sum goes over the first axis; classes lie along the last, axis=-1.",
    lambda z: jnp.exp(z - jnp.max(z, axis=0)) / jnp.sum(jnp.exp(z - jnp.max(z, axis=0)), axis=0),
)
softmax.mistake(
    "The sum goes over all entries; each row must sum to 1 by itself.",
    lambda z: jnp.exp(z - jnp.max(z)) / jnp.sum(jnp.exp(z - jnp.max(z))),
    lambda z: jnp.exp(_from_top(z)) / jnp.sum(jnp.exp(_from_top(z))),
)
softmax.mistake(
    "The maximum and the sum have lost their axis, so that they do not line up with the rows: keepdims=True keeps it.",
    _softmax_without_kept_axes,
)
softmax.mistake("That is the logarithm of the softmax.", lambda z: jnp.log(_normalised(jnp.exp(_from_top(z)))))
softmax.mistake("The exponentials are not divided by their sum yet.", lambda z: jnp.exp(_from_top(z)))
softmax.mistake("The exponential is missing: the entries themselves are divided by their sum.", _normalised)
softmax.mistake(
    "The sign in the exponent is wrong: the largest entry must get the largest probability.",
    lambda z: _normalised(jnp.exp(-z - jnp.max(-z, axis=-1, keepdims=True))),
)
softmax.mistake("A sigmoid looks at each entry alone; in a softmax the entries of a row share one sum.", jax.nn.sigmoid)
softmax.mistake(
    "That is 1 at the largest entry and 0 elsewhere; the softmax is soft, the others get their share.",
    lambda z: jax.nn.one_hot(jnp.argmax(z, axis=-1), z.shape[-1]),
)
softmax.mistake(
    "The exponentials are divided by their Euclidean length; divide by their sum.",
    lambda z: jnp.exp(_from_top(z)) / jnp.linalg.norm(jnp.exp(_from_top(z)), axis=-1, keepdims=True),
)
softmax.mistake(
    "Clipping the entries changes the result where rows are far from 0; subtract each row's maximum instead.",
    lambda z: _normalised(jnp.exp(jnp.clip(z, -50, 50))),
)


def _scores(rng: np.random.Generator) -> list[Case]:
    """Return logits and labels, in the first case none of the last class, in the last far logits."""
    far = drawing.normal(rng, 4, 3) + np.float32([[1000, 0, 0], [-1000, -1000, -1000], [0, 0, 0], [0, -1000, 1000]])
    labels = rng.integers(1, 3, 4)
    labels[2] = 0
    return [
        (drawing.short(rng, 2, 4), np.int32(rng.permutation(3)[:2])),
        (drawing.normal(rng, 4, 3), np.int32([*rng.permutation(3), rng.integers(3)])),
        (far, np.int32(labels)),
    ]


def _probabilities(logits):
    return _normalised(jnp.exp(_from_top(logits)))


def _targets(logits, labels):
    return jax.nn.one_hot(labels, logits.shape[-1])


def _error_of_those_that_occur(logits, labels, xp=jnp):
    """Return the output error with as many classes as the labels show, in JAX or in NumPy, which raise differently."""
    p, labels = xp.asarray(_probabilities(logits)), xp.asarray(labels)
    return (p - xp.eye(int(labels.max()) + 1)[labels]) / len(labels)


@exercise(
    LESSON,
    draw=_scores,
    points=2,
    difficulty=3,
    by_hand=True,
    loss=Loss(lambda case, logits: _mean_cross_entropy(logits, case[1]), lambda case: case[0]),
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Write the loss of one sample without a fraction: -log p_y = log(sum_l exp(z_l)) - z_y, y being its label.",
        "The derivative of log(sum_l exp(z_l)) by z_k is p_k, that of z_y is 1 where k = y and else 0.",
        "So for one sample it is p - d, d being the one-hot row of the label. The mean divides it by the batch size.",
    ],
)
def softmax_cross_entropy_gradient(logits, labels):
    """Return the gradient, with respect to the logits, of the batch mean of the cross-entropy after a softmax.

    The loss is the mean over the batch of -log p_y, p being the softmax of a row of logits and y its label. logits is
    (batch, classes), with entries of any size, such as -1000 or 1000; labels is (batch,), whole numbers from 0 to
    classes - 1. The answer has the shape of logits. Derive it by hand: JAX's autodiff is switched off.
    """
    return (jax.nn.softmax(logits) - jax.nn.one_hot(labels, logits.shape[-1])) / len(labels)


softmax_cross_entropy_gradient.mistake(
    "That is the gradient of the sum; the loss is the mean over the batch, so divide by the batch size.",
    lambda logits, labels: _probabilities(logits) - _targets(logits, labels),
)
softmax_cross_entropy_gradient.mistake(
    "The mean is taken over all entries; it goes over the batch only, not over the classes.",
    lambda logits, labels: (_probabilities(logits) - _targets(logits, labels)) / logits.size,
    lambda logits, labels: (_probabilities(logits) - _targets(logits, labels)) / logits.shape[1],
)
softmax_cross_entropy_gradient.mistake(
    "The sign is wrong: the gradient points uphill, it is p - d, not d - p.",
    lambda logits, labels: (_targets(logits, labels) - _probabilities(logits)) / len(labels),
)
softmax_cross_entropy_gradient.mistake(
    "The targets are missing: at the label's place 1 is subtracted from the probability.",
    lambda logits, labels: _probabilities(logits) / len(labels),
)
softmax_cross_entropy_gradient.mistake(
    "A label is subtracted as a number; it only names a class, so turn it into a one-hot row first.",
    lambda logits, labels: (_probabilities(logits) - labels[:, None]) / len(labels),
)
softmax_cross_entropy_gradient.mistake(
    "The derivative of the softmax is multiplied in once more; p - d contains it already.",
    lambda logits, labels: (
        (_probabilities(logits) - _targets(logits, labels))
        * _probabilities(logits)
        * (1 - _probabilities(logits))
        / len(labels)
    ),
)
softmax_cross_entropy_gradient.mistake(
    "That is the gradient by the probabilities, -d / p; the chain rule goes on through the softmax to the logits.",
    lambda logits, labels: -_targets(logits, labels) / _probabilities(logits) / len(labels),
)
softmax_cross_entropy_gradient.mistake(
    "Only the entry of the right class gets a gradient; raising any other logit raises the loss as well.",
    lambda logits, labels: (_probabilities(logits) - _targets(logits, labels)) * _targets(logits, labels) / len(labels),
)
softmax_cross_entropy_gradient.mistake(
    "The softmax overflows at large logits: subtract the row's maximum before exp.",
    lambda logits, labels: (_normalised(jnp.exp(logits)) - _targets(logits, labels)) / len(labels),
)
softmax_cross_entropy_gradient.mistake(
    "The softmax is taken over the batch; it goes over the classes, the last axis.",
    lambda logits, labels: (jax.nn.softmax(logits, axis=0) - _targets(logits, labels)) / len(labels),
)
softmax_cross_entropy_gradient.mistake(
    "The softmax is missing: the targets are subtracted from the logits themselves.",
    lambda logits, labels: (logits - _targets(logits, labels)) / len(labels),
)
softmax_cross_entropy_gradient.mistake(
    slips.CLASSES_OF_LABELS, _error_of_those_that_occur, functools.partial(_error_of_those_that_occur, xp=np)
)
softmax_cross_entropy_gradient.mistake(
    "Labels are counted from 0: yours meet the class beside the right one.",
    lambda logits, labels: (_probabilities(logits) - _targets(logits, labels - 1)) / len(labels),
    lambda logits, labels: (_probabilities(logits) - _targets(logits, labels + 1)) / len(labels),
)


def _kinks(rng: np.random.Generator) -> list[Case]:
    """Return inputs z of both signs and, in the first and last case, exactly 0, met by da of both signs."""
    z = np.abs(drawing.short(rng, 5)) * np.float32([1, 0, -1, 1, -1])
    da = np.abs(drawing.short(rng, 5)) * np.float32([1, 1, 1, -1, -1])
    tables = [drawing.normal(rng, 2, 3, 2) for _ in range(4)]
    tables[2][0, :, 0] = 0
    return [(z, da), (tables[0], tables[1]), (tables[2], tables[3])]


@exercise(
    LESSON,
    draw=_kinks,
    by_hand=True,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "The ReLU acts on each entry alone, so the chain rule is a product entry by entry: dE/dz = dE/da * da/dz.",
        "Where z > 0 the slope is 1 and da passes unchanged; elsewhere it is 0 and nothing passes.",
    ],
)
def relu_backward(z, da):
    """Return dE/dz for a = max(0, z), entry by entry, given da = dE/da; the slope of the ReLU at z = 0 is taken as 0.

    z, the input of the forward pass, and da are arrays of the same shape, which may be any; the answer has it too.
    Derive it by hand: JAX's autodiff is switched off.
    """
    return jnp.where(z > 0, da, 0)


relu_backward.mistake(
    "At z = 0 the slope is taken as 0 here: compare with >, not >=.", lambda z, da: jnp.where(z >= 0, da, 0)
)
relu_backward.mistake(
    "At z = 0 the slope is taken as 0 here, not as the mean of both sides.",
    lambda z, da: da * jnp.where(z > 0, 1, jnp.where(z < 0, 0, 0.5)),
)
relu_backward.mistake("da passes everywhere; where z <= 0 the ReLU is flat, and nothing may pass.", lambda z, da: da)
relu_backward.mistake(
    "That is the slope of the ReLU alone; the chain rule multiplies it by da.",
    lambda z, da: (z > 0) * 1.0,
    lambda z, da: z > 0,
)
relu_backward.mistake(
    "The gate is the wrong way round: da passes where z > 0.",
    lambda z, da: jnp.where(z > 0, 0, da),
    lambda z, da: jnp.where(z < 0, da, 0),
)
relu_backward.mistake(
    "da is multiplied by the ReLU's output; multiply by its slope, which is 1 or 0.",
    lambda z, da: jnp.maximum(z, 0) * da,
)
relu_backward.mistake(
    "da is multiplied by z; multiply by the slope of the ReLU, which is 1 or 0.", lambda z, da: z * da
)
relu_backward.mistake(
    "The gate looks at the sign of da; it is z, the input of the forward pass, that opens it.",
    lambda z, da: jnp.maximum(da, 0),
    lambda z, da: jnp.where(da > 0, z, 0),
)
relu_backward.mistake(
    "Negative da are cut off as well; a gradient may have either sign, only z decides.",
    lambda z, da: jnp.where(z > 0, jnp.maximum(da, 0), 0),
)
relu_backward.mistake(
    "A part of da passes where z < 0, as in a leaky ReLU; here nothing does.",
    lambda z, da: jnp.where(z > 0, da, 0.1 * da),
    lambda z, da: jnp.where(z > 0, da, 0.01 * da),
)
relu_backward.mistake(
    "You divide by the batch size; da holds that factor already, if there is one.",
    lambda z, da: jnp.where(z > 0, da, 0) / len(z),
)


def _curves(rng: np.random.Generator) -> list[Case]:
    """Return one number, several, some along three axes, and far ones."""
    far = np.float32([-1000, 1000, rng.uniform(0.5, 2), -100, 100, rng.uniform(0.5, 2)])
    cases = [
        (drawing.short(rng), drawing.short(rng)),
        (drawing.short(rng, 3), drawing.short(rng, 3)),
        (2 * drawing.normal(rng, 2, 3, 2), drawing.normal(rng, 2, 3, 2)),
        (far, drawing.normal(rng, 6)),
    ]
    # da has the sign of z, and so not of the sigmoid's second derivative: in the Taylor test no curvatures cancel.
    return [(z, np.asarray(np.abs(da) * np.sign(z))) for z, da in cases]


def _sigmoid(z):
    return 1 / (1 + np.exp(-z)) if np.all(np.abs(z) < 50) else np.exp(-np.logaddexp(0, -z))


@exercise(
    LESSON,
    draw=_curves,
    by_hand=True,
    loss=Loss(lambda case, z: float(np.sum(case[1] * _sigmoid(z))), lambda case: case[0]),
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Differentiate s = 1 / (1 + exp(-z)), and write the result with s alone.",
        "ds/dz = s (1 - s). The chain rule multiplies it by da, entry by entry.",
        "With a safe sigmoid, such as jax.nn.sigmoid, s (1 - s) is safe too.",
    ],
)
def sigmoid_backward(z, da):
    """Return dE/dz for a = sigmoid(z) = 1 / (1 + exp(-z)), entry by entry, given da = dE/da.

    z, the input of the forward pass, and da are arrays of the same shape, which may be any; the answer has it too, and
    is finite for entries z of any size, such as -1000 or 1000. Derive it by hand: JAX's autodiff is switched off.
    """
    s = jax.nn.sigmoid(z)
    return da * s * (1 - s)


sigmoid_backward.mistake(
    "z is used as if it were the output: compute s = sigmoid(z) first, then s (1 - s).", lambda z, da: da * z * (1 - z)
)
sigmoid_backward.mistake(
    "da is multiplied by the sigmoid itself; multiply by its slope.", lambda z, da: da * jax.nn.sigmoid(z)
)
sigmoid_backward.mistake(
    "That is the slope of the sigmoid alone; the chain rule multiplies it by da.",
    lambda z, da: jax.nn.sigmoid(z) * (1 - jax.nn.sigmoid(z)),
)
sigmoid_backward.mistake(
    "da is multiplied by 1 - s only; the slope of the sigmoid is s (1 - s).",
    lambda z, da: da * (1 - jax.nn.sigmoid(z)),
)
sigmoid_backward.mistake(
    "1 - s^2 is the slope of tanh; that of the sigmoid is s (1 - s).",
    lambda z, da: da * (1 - jnp.tanh(z) ** 2),
    lambda z, da: da * (1 - jax.nn.sigmoid(z) ** 2),
)
sigmoid_backward.mistake(
    "The sign is wrong: the sigmoid rises everywhere, so its slope is positive.",
    lambda z, da: -da * jax.nn.sigmoid(z) * (1 - jax.nn.sigmoid(z)),
)
sigmoid_backward.mistake(
    "The sigmoid is applied to da; it acts on z, the input of the forward pass.",
    lambda z, da: z * jax.nn.sigmoid(da) * (1 - jax.nn.sigmoid(da)),
    lambda z, da: jax.nn.sigmoid(da) * (1 - jax.nn.sigmoid(da)),
)
sigmoid_backward.mistake(
    "The sigmoid is applied twice: its slope is s (1 - s) with s = sigmoid(z).",
    lambda z, da: da * jax.nn.sigmoid(jax.nn.sigmoid(z)) * (1 - jax.nn.sigmoid(jax.nn.sigmoid(z))),
)
sigmoid_backward.mistake(
    "exp(z) overflows at z = 1000, and infinite by infinite is nan: use 1 / (1 + exp(-z)) or jax.nn.sigmoid.",
    lambda z, da: da * jnp.exp(z) / (1 + jnp.exp(z)) * (1 - jnp.exp(z) / (1 + jnp.exp(z))),
    lambda z, da: da * jnp.exp(z) / (1 + jnp.exp(z)) ** 2,
)
sigmoid_backward.mistake(
    "exp(-z) overflows at z = -1000, and infinite by infinite is nan: compute s first, then s (1 - s).",
    lambda z, da: da * jnp.exp(-z) / (1 + jnp.exp(-z)) ** 2,
)
sigmoid_backward.mistake(
    "You divide by the number of entries; da holds that factor already, if there is one.",
    lambda z, da: da * jax.nn.sigmoid(z) * (1 - jax.nn.sigmoid(z)) / len(z),
    lambda z, da: da * jax.nn.sigmoid(z) * (1 - jax.nn.sigmoid(z)) / z.shape[0],
    lambda z, da: da * jax.nn.sigmoid(z) * (1 - jax.nn.sigmoid(z)) / z.size,
)


def _passes(rng: np.random.Generator) -> list[Case]:
    def case(inputs: int, outputs: int, batch: int, numbers=drawing.normal) -> Case:
        return drawing.layer(rng, inputs, outputs, numbers), numbers(rng, batch, inputs), numbers(rng, batch, outputs)

    return [case(2, 2, 3, drawing.short), case(3, 3, 3), case(3, 1, 5)]


def _dense_loss(case, point):
    """Return sum(dy * y), whose gradient by the outputs y is dy."""
    x, params = point
    return float(np.sum(case[2] * (x @ params["W"] + params["b"])))


def _dense_wrong(
    dx=lambda params, x, dy: dy @ params["W"].T,
    W=lambda params, x, dy: x.T @ dy,
    b=lambda params, x, dy: jnp.sum(dy, axis=0),
):
    """Return a backward pass of which one part is other than it should be."""
    return lambda *case: (dx(*case), {"W": W(*case), "b": b(*case)})


@exercise(
    LESSON,
    draw=_passes,
    points=2,
    difficulty=2,
    by_hand=True,
    loss=Loss(_dense_loss, lambda case: (case[1], case[0])),
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Entry by entry, y_nj = sum_i x_ni W_ij + b_j. In which outputs does W_ij occur, in which x_ni, in which b_j?",
        "W_ij touches y_nj for every sample n, so its gradient sums over the batch: sum_n x_ni dy_nj.",
        "As matrices: W gets x^T dy, x gets dy W^T, and b the sum of dy over the batch. The shapes allow nothing else.",
    ],
)
def dense_backward(params, x, dy):
    """Return (dx, grads) of a dense layer y = x W + b, given dy = dE/dy: the gradients of E by x and by the parameters.

    params is {"W": (in, out), "b": (out,)}, x (batch, in), dy (batch, out). dx has the shape of x, and grads is
    {"W": (in, out), "b": (out,)}, summed over the batch: if E is a mean, dy holds the factor 1 / batch already. Derive
    it by hand: JAX's autodiff is switched off.
    """
    return dy @ params["W"].T, {"W": x.T @ dy, "b": jnp.sum(dy, axis=0)}


dense_backward.mistake(
    "dx goes back through the same weights, but transposed: from outputs to inputs.",
    _dense_wrong(dx=lambda params, x, dy: dy @ params["W"]),
)
dense_backward.mistake(
    "The gradient of W is transposed: like W it is (in, out).", _dense_wrong(W=lambda params, x, dy: dy.T @ x)
)
dense_backward.mistake(
    "The gradient of W needs the inputs x, not the weights: how does y change with W?",
    _dense_wrong(W=lambda params, x, dy: params["W"] * jnp.sum(dy, axis=0)),
    _dense_wrong(W=lambda params, x, dy: params["W"]),
)
dense_backward.mistake(
    "The gradient of b is not summed over the batch: every sample adds its part to the same b.",
    _dense_wrong(b=lambda params, x, dy: dy),
)
dense_backward.mistake(
    "The gradient of b is averaged over the batch; it is a sum, since dy holds 1 / batch already.",
    _dense_wrong(b=lambda params, x, dy: jnp.mean(dy, axis=0)),
)
dense_backward.mistake(
    "The gradient of b is summed over the outputs; sum over the batch, one number for each output.",
    _dense_wrong(b=lambda params, x, dy: jnp.sum(dy, axis=1)),
)
dense_backward.mistake(
    "An axis of one stays: of a layer of one output W has the gradient (in, 1) and b (1,); do not squeeze.",
    _dense_wrong(W=lambda params, x, dy: jnp.squeeze(x.T @ dy), b=lambda params, x, dy: jnp.squeeze(jnp.sum(dy, 0))),
    _dense_wrong(b=lambda params, x, dy: jnp.squeeze(jnp.sum(dy, axis=0))),
    _dense_wrong(W=lambda params, x, dy: jnp.squeeze(x.T @ dy)),
    lambda params, x, dy: jax.tree.map(jnp.squeeze, _dense_wrong()(params, x, dy)),
)
dense_backward.mistake(
    "The gradient of b forgets dy: the slope of y by b is 1, and the chain rule multiplies it by dy.",
    _dense_wrong(b=lambda params, x, dy: jnp.full(dy.shape[1], len(dy), float)),
    _dense_wrong(b=lambda params, x, dy: jnp.ones(dy.shape[1])),
)
dense_backward.mistake(
    "The gradient of b is 0 in your answer; b moves every output, so it has one.",
    _dense_wrong(b=lambda params, x, dy: jnp.zeros(dy.shape[1])),
)
dense_backward.mistake(
    "You divide by the batch size; dy holds that factor already, if there is one.",
    _dense_wrong(
        W=lambda params, x, dy: x.T @ dy / len(x),
        b=lambda params, x, dy: jnp.mean(dy, axis=0),
    ),
    _dense_wrong(
        dx=lambda params, x, dy: dy @ params["W"].T / len(x),
        W=lambda params, x, dy: x.T @ dy / len(x),
        b=lambda params, x, dy: jnp.mean(dy, axis=0),
    ),
    _dense_wrong(W=lambda params, x, dy: x.T @ dy / len(x)),
)
dense_backward.mistake(
    "The bias has no part in dx: it is added to y and vanishes when y is differentiated by x.",
    _dense_wrong(dx=lambda params, x, dy: dy @ params["W"].T + jnp.sum(params["b"])),
    _dense_wrong(dx=lambda params, x, dy: (dy + params["b"]) @ params["W"].T),
)
dense_backward.mistake(
    "The two parts have changed places: the answer is (dx, grads).",
    lambda params, x, dy: _dense_wrong()(params, x, dy)[::-1],
)
dense_backward.mistake(
    "Only the gradients of the parameters are there; return dx too, for the layer below.",
    lambda params, x, dy: _dense_wrong()(params, x, dy)[1],
)
dense_backward.mistake(
    "The sign is wrong: return the gradients themselves; the minus belongs to the update.",
    _dense_wrong(
        dx=lambda params, x, dy: -dy @ params["W"].T,
        W=lambda params, x, dy: -x.T @ dy,
        b=lambda params, x, dy: -jnp.sum(dy, axis=0),
    ),
    _dense_wrong(W=lambda params, x, dy: -x.T @ dy, b=lambda params, x, dy: -jnp.sum(dy, axis=0)),
)


def _forward(params, x):
    """Return the logits, and how close a hidden unit comes to the kink, where rounding decides whether it is on."""
    least = np.inf
    for layer in params[:-1]:
        a = x @ layer["W"] + layer["b"]
        least, x = min(least, np.min(np.abs(a))), np.maximum(a, 0)
    return x @ params[-1]["W"] + params[-1]["b"], least


def _errors(rng: np.random.Generator) -> list[Case]:
    """Return networks, the last two of which have logits so far apart that a careless softmax overflows.

    The first has a hidden layer of a single unit, and among the labels of the second the last class does not occur.
    In the last one sample has far larger ones than the others; it is of the class that the network takes it for.
    """

    def case(
        *sizes: int, batch: int = 7, numbers=drawing.normal, last: np.ndarray | None = None, scale=1, never=0
    ) -> Case:
        while True:
            params = [drawing.layer(rng, *pair, numbers) for pair in itertools.pairwise(sizes)]
            for layer in params[:-1]:  # Units of which at least one is on for most samples.
                layer["b"] = np.abs(layer["b"])
            if last is not None:
                params[-1]["b"] = last
            x = numbers(rng, batch, sizes[0])
            x[-1] *= scale
            logits, least = _forward(params, x)
            *_, second, first = np.sort(logits[-1])
            # Its own error must vanish, for it would drown those of the others.
            if least > 1e-3 and (scale == 1 or first > max(second + 50, np.max(logits[:-1]) + 110)):
                break
        # Two samples are of the least likely class: their errors are large, so that gradients are not all rounding.
        classes = sizes[-1] - never
        unlikely = np.argmin(logits[:2, :classes], axis=1)
        labels = [*unlikely, *range(classes), *rng.integers(classes, size=batch)][:batch]
        if scale != 1:
            labels[-1] = np.argmax(logits[-1])
        return params, x, np.int32(labels)

    far = rng.permutation(np.float32([-200, 0, 100, 200]))
    small = case(2, 1, 3, batch=2, numbers=drawing.short)
    return [
        small, case(4, 4, never=1), case(3, 4, 4, 4), case(4, 4, 4, last=far), case(4, 4, 4, last=far, scale=200),
    ]  # fmt: skip


def _mlp_loss(case, point):
    """Return the mean cross-entropy at ``point``, with two changes that leave the gradient at the case as it is.

    The gates of the ReLUs stay as they are, so that no step crosses a kink; and a bowl around the case is added, so
    that curvatures of both signs do not cancel, by chance, along the direction in which the gradient is tested.
    """
    params, x, labels = case
    h = moved = np.asarray(x, float)
    for layer, there in zip(params[:-1], point[:-1], strict=True):
        a = h @ layer["W"] + layer["b"]
        h, moved = np.maximum(a, 0), (moved @ there["W"] + there["b"]) * (a > 0)
    pairs = [(layer[name], there[name]) for layer, there in zip(params, point, strict=True) for name in layer]
    bowl = sum(np.sum((here - there) ** 2) for here, there in pairs)
    return float(_mean_cross_entropy(moved @ point[-1]["W"] + point[-1]["b"], labels) + bowl / 2)


def _output_error(logits, labels):
    return (_probabilities(logits) - _targets(logits, labels)) / len(labels)


def _mlp_wrong(
    error=_output_error,
    sums=lambda h, layer: h @ layer["W"] + layer["b"],
    W=lambda x, h, a, delta: h.T @ delta,
    b=lambda delta: jnp.sum(delta, axis=0),
    through=lambda delta, layer: delta @ layer["W"].T,
    gate=lambda dh, a, delta: dh * (a > 0),
):
    """Return a backward pass of which one part is other than it should be.

    h and a are a layer's input and the weighted sums that it comes from, x the network's input, delta = dE/da.
    """

    def body(params, x, labels):
        inputs, sources, h, a = [], [], x, x
        for layer in params:
            inputs.append(h)
            sources.append(a)
            a = sums(h, layer)
            h = jnp.maximum(a, 0)
        delta = error(a, labels)
        grads = []
        for layer, h, a in reversed(list(zip(params, inputs, sources, strict=True))):
            grads.insert(0, {"W": W(x, h, a, delta), "b": b(delta)})
            if len(grads) < len(params):
                delta = gate(through(delta, layer), a, delta)
        return grads

    return body


@exercise(
    LESSON,
    draw=_errors,
    points=3,
    difficulty=3,
    by_hand=True,
    loss=Loss(_mlp_loss, lambda case: case[0]),
    laws=[laws.PURE, laws.JIT],
    seconds=30,
    hints=[
        "Go forward first, and keep each layer's input h. Then go back, from the last layer to the first.",
        "At the output, delta = (softmax(logits) - one-hot) / batch. In each layer W gets h^T delta, b its sum.",
        "To the layer below: delta W^T, times the slope of the ReLU there, which is 1 where its output h is above 0.",
        "In a loop from the last layer to the first: grads.insert(0, ...), then delta = (delta @ W.T) * (h > 0).",
    ],
)
def mlp_backward(params, x, labels):
    """Return the gradients, with respect to all parameters, of a multilayer perceptron's mean cross-entropy.

    The network has hidden layers with ReLU, h = max(0, h W + b), and a linear output layer that gives the logits; the
    loss is the batch mean of -log p_y, p being the softmax of the logits and y the label. params is a list of one or
    more layers {"W": (in, out), "b": (out,)}, x is (batch, in), labels (batch,) whole numbers from 0. The answer is a
    list like params. Logits of any size must give finite gradients. Derive it by hand: JAX's autodiff is switched off.
    """
    inputs, h = [], x
    for layer in params:
        inputs.append(h)
        logits = h @ layer["W"] + layer["b"]
        h = jnp.maximum(logits, 0)
    delta = (jax.nn.softmax(logits) - jax.nn.one_hot(labels, logits.shape[1])) / len(x)
    grads = []
    for layer, h in zip(params[::-1], inputs[::-1], strict=True):
        grads.insert(0, {"W": h.T @ delta, "b": jnp.sum(delta, axis=0)})
        delta = delta @ layer["W"].T * (h > 0)
    return grads


mlp_backward.mistake(
    "Those are the gradients of the sum; the loss is the mean over the batch, so divide the output error by its size.",
    _mlp_wrong(error=lambda logits, labels: _output_error(logits, labels) * len(labels)),
)
mlp_backward.mistake(
    "The sign is wrong: the output error is p - d; the minus belongs to the update.",
    _mlp_wrong(error=lambda logits, labels: -_output_error(logits, labels)),
)
mlp_backward.mistake(
    "The derivative of the softmax is multiplied in once more; the output error p - d contains it already.",
    _mlp_wrong(
        error=lambda logits, labels: (
            _output_error(logits, labels) * _probabilities(logits) * (1 - _probabilities(logits))
        )
    ),
)
mlp_backward.mistake(
    "The softmax overflows at large logits: subtract each row's maximum before exp.",
    _mlp_wrong(
        error=lambda logits, labels: (
            (_normalised(jnp.exp(logits)) - jax.nn.one_hot(labels, logits.shape[1])) / len(labels)
        )
    ),
)
mlp_backward.mistake(
    "One maximum is subtracted from the whole batch, so that rows far below it become 0 / 0; subtract each row's own.",
    _mlp_wrong(
        error=lambda logits, labels: (
            (_normalised(jnp.exp(logits - jnp.max(logits))) - jax.nn.one_hot(labels, logits.shape[1])) / len(labels)
        )
    ),
)
mlp_backward.mistake(
    "The softmax is missing: the output error is softmax(logits) - d.",
    _mlp_wrong(error=lambda logits, labels: (logits - _targets(logits, labels)) / len(labels)),
)
mlp_backward.mistake(
    "The output error passes through a ReLU; the output layer is linear, and only hidden layers have a gate.",
    _mlp_wrong(error=lambda logits, labels: _output_error(logits, labels) * (logits > 0)),
)
mlp_backward.mistake(
    slips.CLASSES_OF_LABELS,
    _mlp_wrong(error=_error_of_those_that_occur),
    _mlp_wrong(error=functools.partial(_error_of_those_that_occur, xp=np)),
)
mlp_backward.mistake(
    "An axis of one stays: of a hidden layer of one unit W has the gradient (in, 1) and b (1,); do not squeeze.",
    lambda params, x, labels: jax.tree.map(jnp.squeeze, _mlp_wrong()(params, x, labels)),
    _mlp_wrong(b=lambda delta: jnp.squeeze(jnp.sum(delta, axis=0))),
    _mlp_wrong(W=lambda x, h, a, delta: jnp.squeeze(h.T @ delta)),
)
mlp_backward.mistake(
    "The slope of the ReLU is missing: where a hidden unit is off, nothing passes to the layers below.",
    _mlp_wrong(gate=lambda dh, a, delta: dh),
)
mlp_backward.mistake(
    "The gate looks at the sign of the error; it is the unit's own sum a > 0 in the forward pass that opens it.",
    _mlp_wrong(gate=lambda dh, a, delta: jnp.maximum(dh, 0)),
)
mlp_backward.mistake(
    "The error is multiplied by the hidden output; multiply by the slope of the ReLU, 1 or 0.",
    _mlp_wrong(gate=lambda dh, a, delta: dh * jnp.maximum(a, 0)),
)
mlp_backward.mistake(
    "h (1 - h) is the slope of a sigmoid; that of the ReLU is 1 where the unit is on and 0 elsewhere.",
    _mlp_wrong(gate=lambda dh, a, delta: dh * jnp.maximum(a, 0) * (1 - jnp.maximum(a, 0))),
    _mlp_wrong(gate=lambda dh, a, delta: dh * jax.nn.sigmoid(a) * (1 - jax.nn.sigmoid(a))),
)
mlp_backward.mistake(
    "The gradient of W takes the sums before the ReLU; what enters a layer is the output after it.",
    _mlp_wrong(W=lambda x, h, a, delta: a.T @ delta),
)
mlp_backward.mistake(
    "The gradient of every W takes the network's input x; a layer's own input is the output of the layer before.",
    _mlp_wrong(W=lambda x, h, a, delta: x.T @ delta),
)
mlp_backward.mistake(
    "The gradients of W are transposed: like W they are (in, out).", _mlp_wrong(W=lambda x, h, a, delta: delta.T @ h)
)
mlp_backward.mistake(
    "The gradients of b are averaged over the batch; delta holds the 1 / batch already, so sum.",
    _mlp_wrong(b=lambda delta: jnp.mean(delta, axis=0)),
)
mlp_backward.mistake(
    "The gradients of W and b are divided by the batch size twice: once is enough, in the output error.",
    _mlp_wrong(
        W=lambda x, h, a, delta: h.T @ delta / len(x),
        b=lambda delta: jnp.mean(delta, axis=0),
    ),
)
mlp_backward.mistake(
    "The error goes back through W as it stands; it needs W transposed, from outputs to inputs.",
    _mlp_wrong(through=lambda delta, layer: delta @ layer["W"]),
)
mlp_backward.mistake("The biases are missing in your forward pass.", _mlp_wrong(sums=lambda h, layer: h @ layer["W"]))
mlp_backward.mistake(
    "The gradients come from the last layer to the first; return them in the order of params.",
    lambda params, x, labels: _mlp_wrong()(params, x, labels)[::-1],
)
mlp_backward.mistake(
    "That is one step of descent; return the gradients, not the new parameters.",
    lambda params, x, labels: jax.tree.map(jnp.subtract, params, _mlp_wrong()(params, x, labels)),
)


def _fields(rng: np.random.Generator) -> list[Case]:
    centre, steepness = np.abs(drawing.short(rng, 2)), np.abs(drawing.short(rng, 2))
    words = f"x -> 1/2 sum({steepness.round(1)} * (x - {centre.round(1)})**2)"
    bowl = Function("bowl", (centre, steepness), words)

    def at_an_angle(ripple: Function, x: np.ndarray) -> np.ndarray:
        """Return x moved in one entry to where the ripple has slopes that are not all near 0."""
        (frequencies,) = ripple.constants
        x[0, 0, 0] += (rng.uniform(0.3, 1) - np.sum(frequencies * x)) / frequencies[0, 0, 0]
        return x

    def drawn(name: str, words: str, *shape: int) -> Function:
        return Function(name, (np.array(rng.uniform(1.5, 3, shape), np.float32),), words)

    ripple = drawn("ripple", "x -> sin(sum(c * x))", 2, 3, 2)
    return [
        (bowl, centre + np.float32([1, -2]), 0.1),
        (ripple, at_an_angle(ripple, drawing.normal(rng, 2, 3, 2)), 0.1),
        (drawn("waves", "x -> sin(c * x)"), np.array(rng.uniform(0.2, 0.4), np.float32), 0.2),
        (drawn("waves", "x -> sum(sin(c * x))", 2, 3, 2), drawing.normal(rng, 2, 3, 2), 0.05),
    ]


def _directions(x):
    """Return the arrays like x that are 1 in one entry and 0 in all others."""
    return jnp.eye(x.size).reshape(-1, *x.shape)


def _differences(f, x, step, slope=lambda f, x, h: (f(x + h) - f(x - h)) / 2):
    """Return slope(f, x, h) / step, h the step in each entry in turn."""
    return jnp.stack([slope(f, x, step * e) / step for e in _directions(x)]).reshape(x.shape)


def _differences_that_wander(f, x, step):
    slopes = []
    for e in _directions(x):
        x = x + step * e
        up = f(x)
        x = x - 2 * step * e
        slopes.append((up - f(x)) / (2 * step))
    return jnp.stack(slopes).reshape(x.shape)


@exercise(
    LESSON,
    draw=_fields,
    points=2,
    difficulty=2,
    by_hand=True,
    tolerance=1e-3,
    laws=[laws.PURE],
    hints=[
        "Move one entry up by step and, from the same start, down by step; compare the two values of f.",
        "They lie 2 step apart. All other entries stay where they are.",
        "x.at[index].add(step) moves one entry; np.ndindex(x.shape) walks through the indices of any shape.",
    ],
)
def numerical_gradient(f, x, step):
    """Return the gradient of f at x by central differences, (f(x + step e_i) - f(x - step e_i)) / (2 step) in entry i.

    e_i is 1 in entry i and 0 in all others. f is a function of an array like x that returns a number; x is an array of
    any shape, also of none, and the answer has its shape; step is a small number. JAX's autodiff is switched off.
    """
    slopes = [(f(x + step * e) - f(x - step * e)) / (2 * step) for e in jnp.eye(x.size).reshape(-1, *x.shape)]
    return jnp.stack(slopes).reshape(x.shape)


numerical_gradient.mistake(
    "Those are forward differences, (f(x + step) - f(x)) / step; central ones go the same way to both sides.",
    lambda f, x, step: _differences(f, x, step, lambda f, x, h: f(x + h) - f(x)),
)
numerical_gradient.mistake(
    "Those are backward differences; central ones go the same way to both sides.",
    lambda f, x, step: _differences(f, x, step, lambda f, x, h: f(x) - f(x - h)),
)
numerical_gradient.mistake(
    "The two points lie 2 step apart: divide by 2 step, not by step.",
    lambda f, x, step: 2 * _differences(f, x, step),
)
numerical_gradient.mistake(
    "You multiply by step where you should divide: (a - b) / 2 * step is read from the left. Set brackets.",
    lambda f, x, step: _differences(f, x, step) * step * step,
)
numerical_gradient.mistake(
    "The difference is not divided by the distance of the two points, 2 step.",
    lambda f, x, step: _differences(f, x, step) * 2 * step,
)
numerical_gradient.mistake(
    "The sign is wrong: the value at x + step comes first, that at x - step is subtracted.",
    lambda f, x, step: -_differences(f, x, step),
)
numerical_gradient.mistake(
    "You go half a step to each side; the formula goes a whole step and divides by 2 step.",
    lambda f, x, step: _differences(f, x, step / 2),
)
numerical_gradient.mistake(
    "You go two steps to each side; the formula goes one.", lambda f, x, step: _differences(f, x, 2 * step)
)
numerical_gradient.mistake(
    "All entries are moved at once; the gradient has a number for each, found by moving that one alone.",
    lambda f, x, step: jnp.full(x.shape, (f(x + step) - f(x - step)) / (2 * step)),
    lambda f, x, step: (f(x + step) - f(x - step)) / (2 * step),
)
numerical_gradient.mistake(
    "An entry is not put back before the next is moved: start from the same x each time.", _differences_that_wander
)
numerical_gradient.mistake(
    "The answer is flat; give it the shape of x.", lambda f, x, step: _differences(f, x, step).ravel()
)
numerical_gradient.mistake(
    "Whole rows are moved; move one entry at a time, whatever the shape of x.",
    lambda f, x, step: jnp.stack([
        (f(x.at[i].add(step)) - f(x.at[i].add(-step))) / (2 * step) for i in range(len(x))
    ])
    if x.ndim
    else _differences(f, x, step),
)  # fmt: skip
numerical_gradient.mistake(
    "The step is written into your function as a number; use the argument.",
    lambda f, x, step: _differences(f, x, 0.1),
)
numerical_gradient.mistake(
    "That is finer than asked: go one step to each side, as large as the argument step, and no further.",
    lambda f, x, step: _differences(f, x, 1e-2),
    lambda f, x, step: _differences(f, x, step / 10),
    lambda f, x, step: _differences(f, x, step**2),
    lambda f, x, step: (4 * _differences(f, x, step / 2) - _differences(f, x, step)) / 3,
    lambda f, x, step: (4 * _differences(f, x, step) - _differences(f, x, 2 * step)) / 3,
)


def _claims(rng: np.random.Generator) -> list[Case]:
    """Return waves with the right gradient, and with ones wrong in the largest, in the smallest and in all entries.

    One of them is of a single number and so flat that its gradient is far below 1.
    """

    def case(*shape: int, scale: float = 1.0, wrong=None, flatness: float = 1) -> Case:
        angles = rng.uniform(0.2, 1.2, shape) + np.pi * rng.integers(2, size=shape)
        frequencies = rng.uniform(5, 8, shape) / flatness
        x = angles / frequencies
        slopes = frequencies * np.cos(angles)
        # The largest slope is negative, so that taking no absolute value shows.
        frequencies = frequencies * -np.sign(np.ravel(slopes)[np.argmax(np.abs(slopes))])
        scales = np.full(shape, scale if wrong is None else 1.0)
        if wrong is not None:
            scales.flat[wrong(np.abs(slopes))] = scale
        constants = np.asarray(frequencies, np.float32), np.asarray(scales, np.float32)
        f = Function("waves", constants[:1], "x -> sum(sin(c * x))")
        told = "x -> c * cos(c * x)" if scale == 1 else "a gradient that is wrong"
        return f, Function("scaled_waves_gradient", constants, told), np.asarray(x, np.float32)

    return [
        case(2),
        case(2, 2, scale=1.5, wrong=np.argmax),
        case(3, scale=0.5, wrong=np.argmin),
        case(scale=0.5, flatness=50),
        case(3),
        case(2, 1, 2, scale=-1),
    ]


def _checked(error, step=0.01, slope=lambda f, x, h: (f(x + h) - f(x - h)) / 2):
    """Return a wrong body: another error(g, n), another step, or other differences than central ones."""
    return lambda f, gradient, x: error(gradient(x), _differences(f, x, step, slope))


def _size(g, n):
    return jnp.maximum(jnp.max(jnp.abs(g)), jnp.max(jnp.abs(n)))


def _relative(g, n):
    return jnp.max(jnp.abs(g - n)) / _size(g, n)


@exercise(
    LESSON,
    draw=_claims,
    points=2,
    difficulty=2,
    by_hand=True,
    tolerance=0.05,
    laws=[laws.PURE],
    hints=[
        "Compute the gradient twice: as claimed, gradient(x), and by central differences, as in numerical_gradient.",
        "Take the largest absolute difference of the two arrays, and divide by the largest absolute entry of both.",
    ],
)
def gradient_check(f, gradient, x):
    """Return the relative error of a claimed gradient, max |g - n| / max(max |g|, max |n|), over all entries.

    g is gradient(x), and n is the gradient of f at x by central differences with step 0.01,
    (f(x + 0.01 e_i) - f(x - 0.01 e_i)) / 0.02 in entry i. f is a function of an array like x that returns a number; x
    is of any shape. The answer is one number: about 0.001 or less for a right gradient, 2 for one of the wrong sign.
    JAX's autodiff is switched off.
    """
    slopes = [(f(x + 0.01 * e) - f(x - 0.01 * e)) / 0.02 for e in jnp.eye(x.size).reshape(-1, *x.shape)]
    g, n = gradient(x), jnp.stack(slopes).reshape(x.shape)
    return jnp.max(jnp.abs(g - n)) / jnp.maximum(jnp.max(jnp.abs(g)), jnp.max(jnp.abs(n)))


gradient_check.mistake(
    "That is the absolute error; divide by the largest entry, or it says nothing about a gradient of another size.",
    _checked(lambda g, n: jnp.max(jnp.abs(g - n))),
)
gradient_check.mistake(
    "You divide by the sum of both sizes; divide by the larger of the two.",
    _checked(lambda g, n: jnp.max(jnp.abs(g - n)) / (jnp.max(jnp.abs(g)) + jnp.max(jnp.abs(n)))),
)
gradient_check.mistake(
    "The number that you divide by is never below 1, so that of small gradients even wrong ones pass: divide by the "
    "larger of the two sizes, however small it is.",
    _checked(lambda g, n: jnp.max(jnp.abs(g - n)) / jnp.maximum(1, _size(g, n))),
    _checked(lambda g, n: jnp.max(jnp.abs(g - n)) / (1 + _size(g, n))),
)
gradient_check.mistake(
    "You divide by the size of one of the two gradients; divide by the larger of both.",
    _checked(lambda g, n: jnp.max(jnp.abs(g - n)) / jnp.max(jnp.abs(n))),
    _checked(lambda g, n: jnp.max(jnp.abs(g - n)) / jnp.max(jnp.abs(g))),
)
gradient_check.mistake(
    "The differences are averaged; take the largest, or one wrong entry among many goes unseen.",
    _checked(lambda g, n: jnp.mean(jnp.abs(g - n)) / _size(g, n)),
    _checked(lambda g, n: jnp.mean(jnp.abs(g - n)) / jnp.maximum(jnp.mean(jnp.abs(g)), jnp.mean(jnp.abs(n)))),
)
gradient_check.mistake(
    "The differences are added up; take the largest.", _checked(lambda g, n: jnp.sum(jnp.abs(g - n)) / _size(g, n))
)
gradient_check.mistake(
    "You divide entry by entry, where rounding in an entry near 0 counts as a large error; divide the largest "
    "difference by the largest entry.",
    _checked(lambda g, n: jnp.max(jnp.abs(g - n) / jnp.maximum(jnp.abs(g), jnp.abs(n)))),
)
gradient_check.mistake(
    "The difference is taken with its sign, so that entries that are too small go unseen: use jnp.abs.",
    _checked(lambda g, n: jnp.max(g - n) / _size(g, n)),
)
gradient_check.mistake(
    "The size is taken without absolute values; the largest entry may be a negative one.",
    _checked(lambda g, n: jnp.max(jnp.abs(g - n)) / jnp.maximum(jnp.max(g), jnp.max(n))),
)
gradient_check.mistake(
    "You compare Euclidean lengths; here the error is that of the entry that is worst.",
    _checked(lambda g, n: jnp.linalg.norm(g - n) / jnp.maximum(jnp.linalg.norm(g), jnp.linalg.norm(n))),
    _checked(lambda g, n: jnp.linalg.norm(g - n) / (jnp.linalg.norm(g) + jnp.linalg.norm(n))),
)
gradient_check.mistake(
    "Those are forward differences, which are less exact; use central ones.",
    _checked(_relative, slope=lambda f, x, h: f(x + h) - f(x)),
)
gradient_check.mistake(
    "The difference quotient is twice too large: the two points lie two steps apart, 0.02.",
    _checked(_relative, slope=lambda f, x, h: f(x + h) - f(x - h)),
)
gradient_check.mistake(
    "The step is so small that in float32 x does not move at all, and the differences are 0: use 0.01.",
    _checked(_relative, 1e-10),
)
gradient_check.mistake("The step is too large: use 0.01.", _checked(_relative, 0.1))
gradient_check.mistake(
    "All entries are moved at once; move one entry at a time, as in numerical_gradient.",
    lambda f, gradient, x: _relative(gradient(x), (f(x + 0.01) - f(x - 0.01)) / 0.02),
)
gradient_check.mistake(
    "The answer is the error itself, not whether it is small.",
    _checked(lambda g, n: _relative(g, n) < 1e-2),
    _checked(lambda g, n: jnp.allclose(g, n, rtol=1e-2)),
)
