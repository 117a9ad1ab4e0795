"""Exercises of lesson 01: a neuron that learns."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from nnjax.exercises import laws
from nnjax.exercises.exercise import Case, exercise

LESSON = "01_perceptron"


# Just under the line, and on a grid on which nothing is rounded.
_UNDER = -1 / 1024


def _neuron(rng: np.random.Generator, inputs: int, samples: int | None, first: float = 0) -> Case:
    """Return params and points, all on a grid, of which the weighted sum W x + b of the first is ``first``."""
    W, b = rng.choice([-2.0, -1.0, 1.0, 2.0], inputs), rng.choice([-1.0, 1.0])
    W[-1] = rng.choice([-1.0, 1.0])
    x = rng.integers(-3, 4, (samples or 1, inputs)).astype(float)
    x[0, 0] = (first - b - x[0, 1:] @ W[1:]) / W[0]
    params = {"W": W.astype(np.float32), "b": np.array(b, np.float32)}
    return params, np.float32(x if samples else x[0])


def _as_many_samples_as_inputs(rng: np.random.Generator) -> Case:
    """Return params and a batch of as many samples as inputs, to which a neuron of its columns answers otherwise."""
    while True:
        params, x = _neuron(rng, 3, 3)
        if np.any((x @ params["W"] + params["b"] >= 0) != (params["W"] @ x + params["b"] >= 0)):
            return params, x


def _neurons(rng: np.random.Generator) -> list[Case]:
    params, (under, *_) = _neuron(rng, 3, 8, _UNDER)
    cloud = params, np.vstack([under, rng.normal(0, 2, (199, 3)).astype(np.float32)])
    positive = {"W": np.float32([1, 1]), "b": np.array(-1.5, np.float32)}
    square = _as_many_samples_as_inputs(rng)
    return [(positive, np.float32([0.5, 0.5])), _neuron(rng, 2, None), square, _neuron(rng, 2, 1), cloud]


@exercise(
    LESSON,
    draw=_neurons,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "The weighted sum of a batch is one product: x @ W, plus b.",
        "step(z) is 1 where z >= 0 and 0 elsewhere; jnp.where or a comparison turned into numbers gives it.",
    ],
)
def neuron(params, x):
    """Return the output of a McCulloch-Pitts neuron, step(x W + b), with step(0) = 1.

    params is {"W": (in,), "b": ()}; x is one sample (in,) or a batch (batch, in). The output, of zeros and ones, has
    the shape () or (batch,).
    """
    return jnp.where(x @ params["W"] + params["b"] >= 0, 1.0, 0.0)


neuron.mistake(
    "At 0 the step must give 1: compare with >= 0, not > 0.",
    lambda params, x: jnp.where(x @ params["W"] + params["b"] > 0, 1.0, 0.0),
)
neuron.mistake(
    "The bias is missing: add b to the weighted sum.", lambda params, x: jnp.where(x @ params["W"] >= 0, 1.0, 0.0)
)
neuron.mistake(
    "The bias is subtracted: in this course it is added, x W + b.",
    lambda params, x: jnp.where(x @ params["W"] - params["b"] >= 0, 1.0, 0.0),
)
neuron.mistake(
    "Those are -1 and 1; this neuron answers with 0 and 1.",
    lambda params, x: jnp.where(x @ params["W"] + params["b"] >= 0, 1.0, -1.0),
)
neuron.mistake(
    "That is the weighted sum itself; the step is missing.",
    lambda params, x: x @ params["W"] + params["b"],
)
neuron.mistake(
    "The step is the wrong way round: it is 1 where the sum is at least 0.",
    lambda params, x: jnp.where(x @ params["W"] + params["b"] >= 0, 0.0, 1.0),
)
neuron.mistake(
    "Over a batch you add everything up to one number; sum over the features of each sample only (the last axis).",
    lambda params, x: jnp.where(jnp.sum(x * params["W"]) + params["b"] >= 0, 1.0, 0.0),
)
neuron.mistake(
    "A batch of one sample is a batch: its output has the shape (1,), so do not squeeze that axis away.",
    lambda params, x: jnp.squeeze(jnp.where(jnp.atleast_2d(x) @ params["W"] + params["b"] >= 0, 1.0, 0.0)),
)


def _neuron_by_length(params, x):
    W, b = params["W"], params["b"]
    return jnp.where((W @ x if len(x) == len(W) else x @ W) + b >= 0, 1.0, 0.0)


neuron.mistake(
    "A batch of as many samples as inputs is a batch too: look at x.ndim, not at the length of x, or write x @ W: it "
    "is right for both.",
    _neuron_by_length,
)
neuron.mistake(
    "The step is at 0 itself: a weighted sum just below it, such as -0.001, gives 0.",
    lambda params, x: jnp.where(x @ params["W"] + params["b"] >= -1e-2, 1.0, 0.0),
    lambda params, x: jnp.where(x @ params["W"] + params["b"] > -1e-3, 1.0, 0.0),
)
neuron.mistake(
    "A step is not a sigmoid: it jumps from 0 to 1.",
    lambda params, x: 1 / (1 + jnp.exp(-(x @ params["W"] + params["b"]))),
)


# perceptron_update


def _grid(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return normal numbers rounded to multiples of 1/16: at rates such as 1/2 nothing is ever rounded again."""
    return np.asarray(np.round(16 * rng.normal(size=shape)) / 16, np.float32)


def _single_samples(rng: np.random.Generator) -> list[Case]:
    """Return samples: one that should fire and does not, the other way round, on the line, just under it, and right."""
    small = {"W": np.float32([1, -2]), "b": np.array(-1.5, np.float32)}, np.float32([3, 1]), np.array(1, np.int32), 0.5
    W, b = rng.choice(np.float32([-2, -1, 1, 2]), 3), np.array(-0.75, np.float32)
    along, back = (np.sign(W) * (1 + np.abs(_grid(rng, 3))) for _ in range(2))
    fires = {"W": W, "b": b}, along, np.array(0, np.int32), 0.25
    on_the_line = {"W": W, "b": np.array(back @ W, np.float32)}, -back, np.array(0, np.int32), 2.0
    under = {"W": W, "b": np.array(_UNDER - back @ W, np.float32)}, back, np.array(1, np.int32), 0.5
    right = {"W": W, "b": np.array(2 * along @ W, np.float32)}, along, np.array(1, np.int32), 0.5
    return [small, fires, on_the_line, under, right]


@exercise(
    LESSON,
    draw=_single_samples,
    difficulty=2,
    points=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Let the neuron answer first: y' = step(x W + b), 0 or 1.",
        "The error y - y' is 1, 0 or -1, and 0 where the answer is right: no if is needed.",
        "W moves by learning_rate (y - y') x. The bias is the weight of a constant input 1.",
    ],
)
def perceptron_update(params, x, y, learning_rate):
    """Return the parameters after Rosenblatt's rule for one sample: W + eta (y - y') x and b + eta (y - y').

    y' = step(x W + b), with step(0) = 1, is the answer of the neuron before the update; y, 0 or 1, is the right one;
    eta is the learning rate. params is {"W": (in,), "b": ()}, x is (in,), y and learning_rate are numbers. Returned is
    a new dict like params.
    """
    answer = jnp.where(x @ params["W"] + params["b"] >= 0, 1.0, 0.0)
    change = learning_rate * (y - answer)
    return {"W": params["W"] + change * x, "b": params["b"] + change}


def _answer(params: Any, x: Any) -> Any:
    return jnp.where(x @ params["W"] + params["b"] >= 0, 1.0, 0.0)


def _moved(params: Any, change: Any, x: Any) -> Any:
    return {"W": params["W"] + change * x, "b": params["b"] + change}


perceptron_update.mistake(
    "The error has the wrong sign, so the neuron moves away from what is right: it is y - y', target minus answer.",
    lambda params, x, y, rate: _moved(params, rate * (_answer(params, x) - y), x),
)
perceptron_update.mistake(
    "The learning rate is missing.",
    lambda params, x, y, rate: _moved(params, y - _answer(params, x), x),
)
perceptron_update.mistake(
    "The bias moves without the learning rate; it is the weight of a constant input 1 and learns like the others.",
    lambda params, x, y, rate: {
        "W": params["W"] + rate * (y - _answer(params, x)) * x,
        "b": params["b"] + y - _answer(params, x),
    },
)
perceptron_update.mistake(
    "The bias does not learn: it is the weight of a constant input 1, so it moves too.",
    lambda params, x, y, rate: {"W": params["W"] + rate * (y - _answer(params, x)) * x, "b": params["b"]},
)
perceptron_update.mistake(
    "The bias is moved along x, but its input is the constant 1.",
    lambda params, x, y, rate: {
        "W": params["W"] + rate * (y - _answer(params, x)) * x,
        "b": params["b"] + rate * (y - _answer(params, x)) * x,
    },
    lambda params, x, y, rate: {
        "W": params["W"] + rate * (y - _answer(params, x)) * x,
        "b": params["b"] + rate * (y - _answer(params, x)) * jnp.sum(x),
    },
)
perceptron_update.mistake(
    "The weights move by the error alone; each must move in proportion to its own input: times x.",
    lambda params, x, y, rate: _moved(params, rate * (y - _answer(params, x)), 1.0),
)
perceptron_update.mistake(
    "The error is taken of the weighted sum, which is ADALINE's rule; the perceptron compares y with step(x W + b).",
    lambda params, x, y, rate: _moved(params, rate * (y - x @ params["W"] - params["b"]), x),
)
perceptron_update.mistake(
    "On the line, where x W + b = 0, the neuron fires: step(0) = 1, so compare with >= 0.",
    lambda params, x, y, rate: _moved(params, rate * (y - jnp.where(x @ params["W"] + params["b"] > 0, 1.0, 0.0)), x),
)
perceptron_update.mistake(
    "The step is at 0 itself: a weighted sum just below it, such as -0.001, gives 0.",
    lambda params, x, y, rate: _moved(params, rate * (y - (x @ params["W"] + params["b"] >= -1e-2)), x),
    lambda params, x, y, rate: _moved(params, rate * (y - (x @ params["W"] + params["b"] > -1e-3)), x),
)
perceptron_update.mistake(
    "The neuron answers without its bias: y' = step(x W + b).",
    lambda params, x, y, rate: _moved(params, rate * (y - jnp.where(x @ params["W"] >= 0, 1.0, 0.0)), x),
)
perceptron_update.mistake(
    "The neuron subtracts its bias; its weighted sum is x W + b.",
    lambda params, x, y, rate: _moved(params, rate * (y - jnp.where(x @ params["W"] - params["b"] >= 0, 1.0, 0.0)), x),
)
perceptron_update.mistake(
    "A sample that is answered right must change nothing; yours moves the weights whatever the answer was.",
    lambda params, x, y, rate: _moved(params, rate * (2 * y - 1), x),
)
perceptron_update.mistake(
    "That is Hebb's rule, eta y x, which never looks at the answer; here the error y - y' stands in the place of y.",
    lambda params, x, y, rate: _moved(params, rate * y, x),
)
perceptron_update.mistake(
    "Nothing is learnt where y = 0: eta y x is the correction for targets -1 and 1; with 0 and 1 it is eta (y - y') x.",
    lambda params, x, y, rate: _moved(params, rate * jnp.where(_answer(params, x) != y, y, 0), x),
)
perceptron_update.mistake(
    "The answer of the neuron is 0 or 1 like y, not -1 or 1.",
    lambda params, x, y, rate: _moved(params, rate * (y - (2 * _answer(params, x) - 1)), x),
)


def _perceptron_update_by_if(params, x, y, learning_rate):
    answer = 1 if x @ params["W"] + params["b"] >= 0 else 0
    return params if answer == y else _moved(params, learning_rate * (y - answer), x)


def _perceptron_update_in_place(params, x, y, learning_rate):
    change = learning_rate * (y - _answer(params, x))
    params["W"] += change * x
    params["b"] += change
    return params


perceptron_update.mistake(
    "Right, but not under jax.jit, where neither if nor float() can ask for the value of a traced array; jnp.where "
    "gives the step, and y - y' is 0 where the answer is right.",
    _perceptron_update_by_if,
)
perceptron_update.mistake(
    "The numbers are right, but the dict params is changed as well: return a new dict and leave the old one alone.",
    _perceptron_update_in_place,
)


# perceptron_train


def _training_sets(rng: np.random.Generator) -> list[Case]:
    """Return the gate OR, and clouds with random labels, of which the very last update still corrects a sample."""
    corners = np.float32([[0, 0], [0, 1], [1, 0], [1, 1]])
    gate = {"W": np.zeros(2, np.float32), "b": np.zeros((), np.float32)}, corners, np.int32([0, 1, 1, 1]), 1.0, 2

    def cloud(samples: int, inputs: int, rate: float, epochs: int) -> Case:
        while True:
            params = {"W": _grid(rng, inputs), "b": _grid(rng)}
            ys = rng.permutation(np.arange(samples) % 2).astype(np.int32)
            xs = _grid(rng, samples, inputs)
            before = _trained(params, np.tile(xs, (epochs, 1))[:-1], np.tile(ys, epochs)[:-1], rate, 1)
            if (xs[-1] @ before["W"] + before["b"] >= 0) != ys[-1]:
                return params, xs, ys, rate, epochs

    return [gate, cloud(12, 3, 0.5, 3), cloud(16, 2, 0.25, 2)]


@exercise(
    LESSON,
    draw=_training_sets,
    difficulty=2,
    points=2,
    laws=[laws.PURE, laws.JIT.on(0)],
    hints=[
        "One update for each sample, in order, and all of that epochs times: two nested loops, or one jax.lax.scan.",
        "Each update starts from the parameters that the one before it gave.",
        "zip(xs, ys) gives the samples one by one; a scan takes them as (xs, ys).",
    ],
)
def perceptron_train(params, xs, ys, learning_rate, epochs):
    """Return the parameters after epochs passes over the samples, each sample one update by Rosenblatt's rule.

    xs is (samples, in), ys (samples,) of zeros and ones, params {"W": (in,), "b": ()}, epochs a whole number of Python.
    In every epoch the samples come in their order, and each finds the parameters that the one before it left:
    W <- W + eta (y - y') x and b <- b + eta (y - y'), with y' = step(x W + b) and step(0) = 1.
    """

    W, b = params["W"], params["b"]
    for _ in range(epochs):
        for x, y in zip(xs, ys, strict=True):
            change = learning_rate * (y - jnp.where(x @ W + b >= 0, 1.0, 0.0))
            W, b = W + change * x, b + change
    return {"W": W, "b": b}


def _trained(params: Any, xs: Any, ys: Any, rate: Any, epochs: int, answer: Any = None, b_rate: Any = 1) -> Any:
    """Return the parameters after an update for each sample in order, in each epoch; in NumPy, which is quick at it."""
    W, b = np.asarray(params["W"]), np.asarray(params["b"])
    for _ in range(epochs):
        for x, y in zip(np.asarray(xs), np.asarray(ys), strict=True):
            change = rate * (y - (answer(x @ W + b) if answer else np.heaviside(x @ W + b, 1)))
            W, b = W + change * x, b + b_rate * change
    return {"W": W, "b": b}


def _trained_in_batches(params, xs, ys, learning_rate, epochs, mean):
    for _ in range(epochs):
        error = ys - _answer(params, xs)
        scale = learning_rate / (len(xs) if mean else 1)
        params = {"W": params["W"] + scale * error @ xs, "b": params["b"] + scale * jnp.sum(error)}
    return params


def _trained_on_old_answers(params, xs, ys, learning_rate, epochs):
    error = epochs * learning_rate * (ys - _answer(params, xs))
    return {"W": params["W"] + error @ xs, "b": params["b"] + jnp.sum(error)}


perceptron_train.mistake(
    "That is what one epoch gives: every epoch must go on from where the last one ended.",
    lambda params, xs, ys, rate, epochs: _trained(params, xs, ys, rate, 1),
)
perceptron_train.mistake(
    "That is one epoch too many.",
    lambda params, xs, ys, rate, epochs: _trained(params, xs, ys, rate, epochs + 1),
)
perceptron_train.mistake(
    "The whole batch is answered with the same parameters; here every sample finds those that the one before it left.",
    lambda *case: _trained_in_batches(*case, mean=False),
    lambda *case: _trained_in_batches(*case, mean=True),
)
perceptron_train.mistake(
    "The answers y' are those of the first parameters; they must be asked for anew before each update.",
    _trained_on_old_answers,
)
perceptron_train.mistake(
    "Only the first sample of each epoch is used: the return stands inside the loop over the samples.",
    lambda params, xs, ys, rate, epochs: _trained(params, xs[:1], ys[:1], rate, epochs),
    lambda params, xs, ys, rate, epochs: _trained(params, xs[:1], ys[:1], rate, 1),
)
perceptron_train.mistake(
    "The last sample of each epoch is left out.",
    lambda params, xs, ys, rate, epochs: _trained(params, xs[:-1], ys[:-1], rate, epochs),
)
perceptron_train.mistake(
    "The loops are nested the wrong way round: each sample comes once an epoch, not epochs times in a row.",
    lambda params, xs, ys, rate, epochs: _trained(
        params, np.repeat(xs, epochs, axis=0), np.repeat(ys, epochs), rate, 1
    ),
)
perceptron_train.mistake(
    "Training starts from the params that are given, not from zeros.",
    lambda params, xs, ys, rate, epochs: _trained({"W": 0 * params["W"], "b": 0}, xs, ys, rate, epochs),
)
perceptron_train.mistake(
    "The bias stays as it was: it is the weight of a constant input 1 and learns with the others.",
    lambda *case: _trained(*case, b_rate=0),
)
perceptron_train.mistake(
    "The training runs without its learning rate.",
    lambda params, xs, ys, rate, epochs: _trained(params, xs, ys, 1.0, epochs),
)
perceptron_train.mistake(
    "The corrections have the wrong sign: add eta (y - y') x, target minus answer.",
    lambda params, xs, ys, rate, epochs: _trained(params, xs, ys, -rate, epochs),
)
perceptron_train.mistake(
    "A sample that lies on the line, x W + b = 0, is answered with 1: step(0) = 1.",
    lambda *case: _trained(*case, answer=lambda z: np.heaviside(z, 0)),
)
perceptron_train.mistake(
    "You correct by the weighted sum, as ADALINE does; a perceptron is corrected by y - step(x W + b).",
    lambda *case: _trained(*case, answer=lambda z: z),
)


def _perceptron_train_in_place(params, xs, ys, learning_rate, epochs):
    for _ in range(epochs):
        for x, y in zip(xs, ys, strict=True):
            change = learning_rate * (y - _answer(params, x))
            params["W"] += change * x
            params["b"] += change
    return params


perceptron_train.mistake(
    "The parameters that you were given have changed: make a new dict in each update instead of assigning into it.",
    _perceptron_train_in_place,
)


# hebb_update


def _synapses(rng: np.random.Generator) -> list[Case]:
    def drawn(inputs: int, rate: float) -> Case:
        w, x = (rng.normal(0, 1, inputs).astype(np.float32) for _ in range(2))
        return w, x, np.array(rng.uniform(0.5, 2) * rng.choice([-1, 1]), np.float32), rate

    return [(np.float32([1, -1]), np.float32([2, 3]), np.array(2, np.float32), 0.5), drawn(4, 0.1), drawn(1, 2.0)]


@exercise(
    LESSON,
    draw=_synapses,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "What is active together grows together: the change of a weight is the product of its two activities.",
        "x holds the activities before the synapses, y the one behind them: their product is y * x.",
    ],
)
def hebb_update(w, x, y, learning_rate):
    """Return the weights after Hebb's rule: w + eta y x.

    w and x are (in,): the weights and the activities of the inputs. y is a number, the activity of the neuron, of any
    sign; eta is the learning rate, a number. There is no bias and no target. The answer is (in,).
    """
    return w + learning_rate * y * x


hebb_update.mistake("The learning rate is missing.", lambda w, x, y, rate: w + y * x)
hebb_update.mistake(
    "The activity y of the neuron is missing: both sides of a synapse must be active.",
    lambda w, x, y, rate: w + rate * x,
)
hebb_update.mistake(
    "Each weight grows with its own input: the change is a multiple of x.", lambda w, x, y, rate: w + rate * y
)
hebb_update.mistake(
    "The weights shrink where both sides are active together; by Hebb's rule they grow.",
    lambda w, x, y, rate: w - rate * y * x,
)
hebb_update.mistake(
    "That is the change alone; add it to the weights that are there.", lambda w, x, y, rate: rate * y * x
)
hebb_update.mistake(
    "Hebb's rule knows no error: the change is eta y x, not eta (y - w.x) x.",
    lambda w, x, y, rate: w + rate * (y - w @ x) * x,
)
hebb_update.mistake(
    "The activity y is given; you compute one from w and x instead.",
    lambda w, x, y, rate: w + rate * (w @ x) * x,
    lambda w, x, y, rate: w + rate * jnp.where(w @ x >= 0, 1.0, 0.0) * x,
)
hebb_update.mistake(
    "That is Oja's rule, with a term that lets weights decay; Hebb's has none.",
    lambda w, x, y, rate: w + rate * y * (x - y * w),
)
hebb_update.mistake(
    "The change is in proportion to the input, not to the weight: y times x.",
    lambda w, x, y, rate: w + rate * y * w,
)
hebb_update.mistake(
    "Weights and inputs have changed places: it is w that learns.", lambda w, x, y, rate: x + rate * y * w
)
hebb_update.mistake(
    "An axis of one stays: with a single input the weights have the shape (1,); do not squeeze.",
    lambda w, x, y, rate: jnp.squeeze(w + rate * y * x),
)
hebb_update.mistake(
    "The products are added up to one number; every weight keeps its own.",
    lambda w, x, y, rate: w + rate * jnp.sum(y * x),
    lambda w, x, y, rate: jnp.sum(w + rate * y * x),
)


# adaline_update


def _batches(rng: np.random.Generator) -> list[Case]:
    def drawn(batch: int, inputs: int, rate: float) -> Case:
        params = {"W": rng.normal(0, 1, inputs).astype(np.float32), "b": np.array(rng.uniform(0.5, 1), np.float32)}
        ys = rng.permutation(np.arange(batch) % 2).astype(np.int32)
        return params, rng.normal(0.5, 1, (batch, inputs)).astype(np.float32), ys, rate

    small = {"W": np.float32([1, -1]), "b": np.array(0.5, np.float32)}
    return [(small, np.float32([[1, 2], [3, 1]]), np.int32([1, 0]), 0.5), drawn(6, 3, 0.3), drawn(5, 2, 0.2)]


@exercise(
    LESSON,
    draw=_batches,
    difficulty=2,
    points=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "The error of each sample is that of the weighted sum, ys - (xs W + b): the step plays no part in learning.",
        "The gradient of the mean of 1/2 error^2 is the mean of -error times the input; a step goes against it.",
        "error @ xs adds error times input over the batch; divide by its size. The bias has the input 1.",
    ],
)
def adaline_update(params, xs, ys, learning_rate):
    """Return the parameters after one step of gradient descent on the batch mean of 1/2 (xs W + b - ys)^2.

    W + eta mean of (y - x W - b) x, and b + eta mean of (y - x W - b), eta the learning rate. All samples of the batch
    are taken at once, with the same old parameters. params is {"W": (in,), "b": ()}, xs (batch, in), ys (batch,) of
    zeros and ones. The error is that of the weighted sum, before any step. The answer is a new dict like params.
    """
    error = ys - (xs @ params["W"] + params["b"])
    return {
        "W": params["W"] + learning_rate * error @ xs / len(xs),
        "b": params["b"] + learning_rate * jnp.mean(error),
    }


def _stepped(params: Any, xs: Any, error: Any, rate: Any) -> Any:
    return {"W": params["W"] + rate * error @ xs / len(xs), "b": params["b"] + rate * jnp.mean(error)}


def _error(params: Any, xs: Any, ys: Any) -> Any:
    return ys - (xs @ params["W"] + params["b"])


def _one_sample_after_another(params, xs, ys, learning_rate):
    for x, y in zip(xs, ys, strict=True):
        params = _moved(params, learning_rate * _error(params, x, y), x)
    return params


adaline_update.mistake(
    "You take the sum over the batch; the loss is a mean: divide by the number of samples.",
    lambda params, xs, ys, rate: _stepped(params, xs, len(xs) * _error(params, xs, ys), rate),
)
adaline_update.mistake(
    "The step is twice too long: the 1/2 of the loss cancels the 2 of the square.",
    lambda params, xs, ys, rate: _stepped(params, xs, 2 * _error(params, xs, ys), rate),
)
adaline_update.mistake(
    "The step is half as long as it should be: the derivative of 1/2 error^2 is the error itself.",
    lambda params, xs, ys, rate: _stepped(params, xs, _error(params, xs, ys) / 2, rate),
)
adaline_update.mistake(
    "You climb: with the error y - x W - b the change is added.",
    lambda params, xs, ys, rate: _stepped(params, xs, -_error(params, xs, ys), rate),
)
adaline_update.mistake(
    "That is the perceptron's error, taken behind the step; ADALINE's is that of the weighted sum.",
    lambda params, xs, ys, rate: _stepped(params, xs, ys - _answer(params, xs), rate),
)
adaline_update.mistake(
    "The error is taken without the bias: the weighted sum is x W + b.",
    lambda params, xs, ys, rate: _stepped(params, xs, ys - xs @ params["W"], rate),
)
adaline_update.mistake(
    "The bias does not move: its gradient is the mean of the error.",
    lambda params, xs, ys, rate: {**_stepped(params, xs, _error(params, xs, ys), rate), "b": params["b"]},
)
adaline_update.mistake(
    "The weights move by the mean, but the bias by the sum of the errors.",
    lambda params, xs, ys, rate: {
        **_stepped(params, xs, _error(params, xs, ys), rate),
        "b": params["b"] + rate * jnp.sum(_error(params, xs, ys)),
    },
)
adaline_update.mistake(
    "The bias has become one for each sample: take the mean of the errors.",
    lambda params, xs, ys, rate: {
        **_stepped(params, xs, _error(params, xs, ys), rate),
        "b": params["b"] + rate * _error(params, xs, ys),
    },
)
adaline_update.mistake(
    "The step is taken without the learning rate.",
    lambda params, xs, ys, rate: _stepped(params, xs, _error(params, xs, ys), 1.0),
)
adaline_update.mistake(
    "You update after every sample; one step is wanted, along the mean over the batch, from the old parameters.",
    _one_sample_after_another,
    lambda params, xs, ys, rate: _one_sample_after_another(params, xs, ys, rate / len(xs)),
)
adaline_update.mistake(
    "The mean runs over the inputs as well: divide by the number of samples only.",
    lambda params, xs, ys, rate: {
        **_stepped(params, xs, _error(params, xs, ys), rate),
        "W": params["W"] + rate * jnp.mean(_error(params, xs, ys)[:, None] * xs),
    },
    lambda params, xs, ys, rate: {
        **_stepped(params, xs, _error(params, xs, ys), rate),
        "W": params["W"] + rate * _error(params, xs, ys) @ xs / xs.size,
    },
)
adaline_update.mistake(
    "The mean error is multiplied by the mean input; multiply sample by sample, then take the mean.",
    lambda params, xs, ys, rate: {
        **_stepped(params, xs, _error(params, xs, ys), rate),
        "W": params["W"] + rate * jnp.mean(_error(params, xs, ys)) * jnp.mean(xs, axis=0),
    },
)
adaline_update.mistake(
    "The product is transposed: xs @ error adds over the inputs; error @ xs (or xs.T @ error) adds over the batch.",
    lambda params, xs, ys, rate: {
        **_stepped(params, xs, _error(params, xs, ys), rate),
        "W": params["W"] + rate * xs @ _error(params, xs, ys) / len(xs),
    },
)
adaline_update.mistake(
    "The targets are 0 and 1 as they are given, not -1 and 1.",
    lambda params, xs, ys, rate: _stepped(params, xs, _error(params, xs, 2 * ys - 1), rate),
)
adaline_update.mistake(
    "That is the gradient; the parameters after the step are wanted, params - eta gradient.",
    lambda params, xs, ys, rate: {
        "W": -_error(params, xs, ys) @ xs / len(xs),
        "b": -jnp.mean(_error(params, xs, ys)),
    },
)


def _adaline_update_in_place(params, xs, ys, learning_rate):
    error = _error(params, xs, ys)
    params["W"] += learning_rate * error @ xs / len(xs)
    params["b"] += learning_rate * jnp.mean(error)
    return params


adaline_update.mistake(
    "The new numbers are right, but they are written into the old dict: return a new one.", _adaline_update_in_place
)
