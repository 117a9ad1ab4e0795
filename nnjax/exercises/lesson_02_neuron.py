"""Exercises of lesson 02: regression and gradient descent."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import drawing, laws, slips
from nnjax.exercises.exercise import Case, Loss, exercise
from nnjax.exercises.inputs import Function

LESSON = "02_neuron"


def _bits(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return zeros and ones in random order, as many of each."""
    return rng.permutation(np.arange(size) % 2).astype(np.int32)


# squared_error


def _outputs_and_targets(rng: np.random.Generator) -> list[Case]:
    """Return batches of one number and of several; in the last, one row of outputs is already right."""
    met = drawing.normal(rng, 3, 2)
    near = met + np.float32([[1], [0], [-2]]) * (1 + np.abs(drawing.normal(rng, 3, 2)))
    small = np.float32([1, 3]), np.float32([0, 1])
    return [
        small,
        (drawing.normal(rng, 5), drawing.normal(rng, 5)),
        (drawing.normal(rng, 4, 3), drawing.normal(rng, 4, 3)),
        (near, met),
    ]


@exercise(
    LESSON,
    draw=_outputs_and_targets,
    laws=[laws.PURE, laws.JIT, laws.gradient(0, 2, 3)],
    hints=[
        "Square the differences first; whatever the shape, all squares are added and halved.",
        "The mean is that of the batch: divide the sum by the size of the first axis, y.shape[0].",
    ],
)
def squared_error(y, d):
    """Return the squared error, the batch mean of 1/2 ||y - d||^2.

    y (outputs) and d (targets) have the same shape, (batch,) or (batch, features). The squares of the features of one
    example are added, the examples averaged. The answer is one number.
    """
    return jnp.sum((y - d) ** 2) / (2 * y.shape[0])


squared_error.mistake("The factor 1/2 is missing.", lambda y, d: jnp.sum((y - d) ** 2) / y.shape[0])
squared_error.mistake(
    "You add up the whole batch; the examples are averaged: divide by the batch size.",
    lambda y, d: jnp.sum((y - d) ** 2) / 2,
)
squared_error.mistake(
    "You average over the features too; they are added, and only the examples averaged.",
    lambda y, d: jnp.mean((y - d) ** 2) / 2,
)
squared_error.mistake(
    "That averages over everything and lacks the factor 1/2: add the features, average the batch, halve.",
    lambda y, d: jnp.mean((y - d) ** 2),
)
squared_error.mistake(
    "The differences are not squared: their absolute values are another loss.",
    lambda y, d: jnp.sum(jnp.abs(y - d)) / (2 * y.shape[0]),
    lambda y, d: jnp.sum(jnp.abs(y - d)) / y.shape[0],
    lambda y, d: jnp.mean(jnp.abs(y - d)),
)
squared_error.mistake(
    "Errors of opposite sign cancel: square each difference before anything is added.",
    lambda y, d: jnp.sum(y - d) ** 2 / (2 * y.shape[0]),
    lambda y, d: jnp.mean(y - d) ** 2 / 2,
    lambda y, d: jnp.sum(y - d) / (2 * y.shape[0]),
)
squared_error.mistake(
    "A root is taken at the end; the loss is the mean itself.",
    lambda y, d: jnp.sqrt(jnp.sum((y - d) ** 2) / (2 * y.shape[0])),
    lambda y, d: jnp.sqrt(jnp.sum((y - d) ** 2) / y.shape[0]),
    lambda y, d: jnp.sqrt(jnp.mean((y - d) ** 2)),
)
squared_error.mistake(
    "Those are the errors of the single examples; average them to one number.",
    lambda y, d: jnp.sum(((y - d) ** 2).reshape(len(y), -1), axis=1) / 2,
    lambda y, d: (y - d) ** 2 / 2,
)
squared_error.mistake(
    "You average over the batch but keep the features apart: add them.", lambda y, d: jnp.mean((y - d) ** 2, axis=0) / 2
)
squared_error.mistake(
    "The square is that of the difference, not the difference of the squares.",
    lambda y, d: jnp.sum(y**2 - d**2) / (2 * y.shape[0]),
)
squared_error.mistake(
    "Right, but a norm takes a root that has no slope where y = d, and jax.grad gives nan there: sum the squares.",
    lambda y, d: jnp.mean(jnp.linalg.norm((y - d).reshape(len(y), -1), axis=1) ** 2) / 2,
    lambda y, d: jnp.mean(jnp.sqrt(jnp.sum(((y - d) ** 2).reshape(len(y), -1), axis=1)) ** 2) / 2,
)


# linear_gradient


def _regressions(rng: np.random.Generator) -> list[Case]:
    """Return examples of two inputs, of three, and of one."""

    def drawn(batch: int, inputs: int) -> Case:
        params = {"W": drawing.normal(rng, inputs), "b": np.array(rng.uniform(0.5, 1.5), np.float32)}
        return params, 0.5 + drawing.normal(rng, batch, inputs), drawing.normal(rng, batch, scale=2)

    small = {"W": np.float32([1, -1]), "b": np.array(0.5, np.float32)}
    return [(small, np.float32([[1, 2], [3, 1]]), np.float32([1, -1])), drawn(6, 3), drawn(5, 1)]


def _regression_loss(case: Case, params: Any) -> float:
    _, x, d = case
    return float(np.mean((np.asarray(x, float) @ params["W"] + params["b"] - d) ** 2) / 2)


@exercise(
    LESSON,
    draw=_regressions,
    difficulty=2,
    points=2,
    laws=[laws.PURE, laws.JIT],
    by_hand=True,
    loss=Loss(_regression_loss, lambda case: case[0]),
    hints=[
        "Take one example: the slope of 1/2 (y - d)^2 by y is y - d, and y = x W + b has the slope x by W and 1 by b.",
        "So the gradient is the batch mean of (y - d) x for W and of y - d for b.",
        "error @ x, with error (batch,), adds error times x over the batch.",
    ],
)
def linear_gradient(params, x, d):
    """Return the gradient of the batch mean of 1/2 (y - d)^2, y = x W + b, by the parameters: {"W": (in,), "b": ()}.

    params is {"W": (in,), "b": ()}, x is (batch, in), d (batch,) holds the targets. Derive it by hand: JAX's autodiff
    is switched off.
    """
    error = x @ params["W"] + params["b"] - d
    return {"W": error @ x / len(x), "b": jnp.mean(error)}


def _linear(params: Any, x: Any) -> Any:
    return x @ params["W"] + params["b"]


def _pulled_back(error: Any, x: Any) -> Any:
    return {"W": error @ x / len(x), "b": jnp.mean(error)}


linear_gradient.mistake(
    "You add up the batch; the loss is a mean, so divide by the number of examples.",
    lambda params, x, d: _pulled_back(len(x) * (_linear(params, x) - d), x),
)
linear_gradient.mistake(
    "The sign is wrong: by y, the slope of 1/2 (y - d)^2 is y - d.",
    lambda params, x, d: _pulled_back(d - _linear(params, x), x),
)
linear_gradient.mistake(
    "It is twice too large: the 2 of the square cancels the 1/2.",
    lambda params, x, d: _pulled_back(2 * (_linear(params, x) - d), x),
)
linear_gradient.mistake(
    "It is half of what it should be: the 1/2 of the loss is used up by the derivative of the square.",
    lambda params, x, d: _pulled_back((_linear(params, x) - d) / 2, x),
)
linear_gradient.mistake(
    "The bias is missing in y = x W + b, so the error is wrong.",
    lambda params, x, d: _pulled_back(x @ params["W"] - d, x),
)
linear_gradient.mistake(
    "W is right, but for b you add up the errors: that is a mean as well.",
    lambda params, x, d: {**_pulled_back(_linear(params, x) - d, x), "b": jnp.sum(_linear(params, x) - d)},
)
linear_gradient.mistake(
    "b is right, but for W you add up the batch: that is a mean as well.",
    lambda params, x, d: {**_pulled_back(_linear(params, x) - d, x), "W": (_linear(params, x) - d) @ x},
)
linear_gradient.mistake(
    "The gradient of b has one entry for each example; there is one b for all of them: take the mean.",
    lambda params, x, d: {**_pulled_back(_linear(params, x) - d, x), "b": _linear(params, x) - d},
)
linear_gradient.mistake(
    "The gradient of W has one row for each example; take the mean over the batch.",
    lambda params, x, d: {**_pulled_back(_linear(params, x) - d, x), "W": (_linear(params, x) - d)[:, None] * x},
)
linear_gradient.mistake(
    "The mean error is multiplied by the mean input; multiply example by example, then take the mean.",
    lambda params, x, d: {
        **_pulled_back(_linear(params, x) - d, x),
        "W": jnp.mean(_linear(params, x) - d) * jnp.mean(x, axis=0),
    },
)
linear_gradient.mistake(
    "You average over the inputs too: each weight has its own slope, and only the examples are averaged.",
    lambda params, x, d: {
        **_pulled_back(_linear(params, x) - d, x),
        "W": jnp.mean((_linear(params, x) - d)[:, None] * x),
    },
    lambda params, x, d: {**_pulled_back(_linear(params, x) - d, x), "W": (_linear(params, x) - d) @ x / x.size},
)
linear_gradient.mistake(
    "The inner derivative is missing: y changes with W as fast as x says, so the error is multiplied by x.",
    lambda params, x, d: {
        "W": jnp.mean(_linear(params, x) - d) * jnp.ones_like(params["W"]),
        "b": jnp.mean(_linear(params, x) - d),
    },
    lambda params, x, d: {"W": jnp.mean(_linear(params, x) - d), "b": jnp.mean(_linear(params, x) - d)},
)
linear_gradient.mistake(
    "For b nothing comes back: y grows with b at the slope 1, so its gradient is the mean error.",
    lambda params, x, d: {**_pulled_back(_linear(params, x) - d, x), "b": jnp.zeros(())},
)
linear_gradient.mistake(
    "The product is transposed: x @ error adds over the inputs; error @ x (or x.T @ error) adds over the batch.",
    lambda params, x, d: {**_pulled_back(_linear(params, x) - d, x), "W": x @ (_linear(params, x) - d) / len(x)},
    lambda params, x, d: {**_pulled_back(_linear(params, x) - d, x), "W": x @ (_linear(params, x) - d)},
)
linear_gradient.mistake(
    "Those are parameters after a step; only the gradient is asked for.",
    lambda params, x, d: jax.tree.map(jnp.subtract, params, _pulled_back(_linear(params, x) - d, x)),
)
linear_gradient.mistake(
    "An axis of one stays: with a single input the gradient of W has the shape (1,); do not squeeze.",
    lambda params, x, d: jax.tree.map(jnp.squeeze, _pulled_back(_linear(params, x) - d, x)),
)
linear_gradient.mistake(
    "The target is not subtracted: the error is y - d.", lambda params, x, d: _pulled_back(_linear(params, x), x)
)


# sigmoid


def _pre_activations(rng: np.random.Generator) -> list[Case]:
    """Return one number, a few, some of moderate size along three axes, and very large ones of both signs."""
    large = np.float32([1000, -1000, 100, -100, 95, -95, 3, -2]) * rng.uniform(0.95, 1, 8).astype(np.float32)
    one = np.array(rng.uniform(0.5, 2), np.float32)
    return [(one,), (np.float32([0, 1, -2]),), (drawing.normal(rng, 2, 3, 2, scale=2),), (large,)]


# |z| has a corner at 0, of which JAX takes one side. The statement promises nothing about the slope there.
CORNER_AT_0 = laws.gradient(0, 1)._replace(
    sentence="Right, but at z = 0 exactly the slope by jax.grad is not 1/4: |z|, jnp.maximum(z, 0) and jnp.minimum(z, "
    "0) have a corner there, of which it takes one side, or both by half. (1 + jnp.tanh(z / 2)) / 2 is smooth.",
    marks=False,
)


@exercise(
    LESSON,
    draw=_pre_activations,
    laws=[laws.PURE, laws.JIT, laws.vmap(0).on(-2), laws.gradient(0, -2, -1), CORNER_AT_0],
    tolerance=2e-6,  # float32 rounds by 1e-7; z limited to 10, a habit of those who fear exp, is wrong by 5e-5
    hints=[
        "In float32 exp(89) is already infinite: exp must only ever see numbers that are not above 0.",
        "For z < 0, exp(z) / (1 + exp(z)) is the same number as 1 / (1 + exp(-z)).",
        "tanh is safe at any size, and sigmoid(z) is tanh(z / 2), moved up by 1 and halved.",
    ],
)
def sigmoid(z):
    """Return the logistic function 1 / (1 + exp(-z)) of each entry.

    z has any shape, and the answer the same. It must be safe: at z = 1000 and z = -1000 the values are 1 and 0, and the
    gradients that jax.grad takes of them are 0, not nan.
    """
    return (1 + jnp.tanh(z / 2)) / 2


sigmoid.mistake("The sign of z is wrong: it rises from 0 to 1, so exp(-z) stands below.", lambda z: jax.nn.sigmoid(-z))
sigmoid.mistake(
    "That is tanh, between -1 and 1; the sigmoid lies between 0 and 1 and is 1/2 at 0.",
    jnp.tanh,
    lambda z: 2 * jax.nn.sigmoid(z) - 1,
)
sigmoid.mistake(
    "That rises twice as fast: sigmoid(z) is (1 + tanh(z / 2)) / 2, with z halved inside.",
    lambda z: (1 + jnp.tanh(z)) / 2,
)
sigmoid.mistake("That is a step; the sigmoid rises smoothly.", lambda z: jnp.where(z >= 0, 1.0, 0.0), jnp.round)
sigmoid.mistake(
    "exp(z) overflows at z = 1000 and infinity by infinity is nan: let exp see only numbers that are not above 0.",
    lambda z: jnp.exp(z) / (1 + jnp.exp(z)),
)
sigmoid.mistake("The 1 below the line is missing: 1 / (1 + exp(-z)).", lambda z: 1 / jnp.exp(-z), jnp.exp)
sigmoid.mistake("The fraction is upside down.", lambda z: 1 + jnp.exp(-z))
sigmoid.mistake(
    "That is the derivative s (1 - s); the sigmoid itself is wanted.",
    lambda z: jax.nn.sigmoid(z) * (1 - jax.nn.sigmoid(z)),
)
sigmoid.mistake(
    "That is a softmax, in which all entries share a sum of 1; each entry of a sigmoid stands alone.",
    lambda z: jax.nn.softmax(z),
    lambda z: jax.nn.softmax(z, axis=None),
    lambda z: jnp.exp(z) / jnp.sum(jnp.exp(z)),
    lambda z: jnp.exp(z) / jnp.sum(jnp.exp(z), axis=-1, keepdims=True),
)
sigmoid.mistake(
    "The base is 2 instead of e: jnp.exp is the power of e.",
    lambda z: jax.nn.sigmoid(z * jnp.log(2.0)),
)
sigmoid.mistake(
    "Limiting z this tightly changes the values: the sigmoid goes on rising beyond 5, where it is 0.9933, and 10.",
    lambda z: jax.nn.sigmoid(jnp.clip(z, -10, 10)),
    lambda z: jax.nn.sigmoid(jnp.clip(z, -5, 5)),
    lambda z: jax.nn.sigmoid(jnp.clip(z, -3, 3)),
    lambda z: jax.nn.sigmoid(jnp.clip(z, -1, 1)),
)
sigmoid.mistake(
    "That is a line cut off at 0 and 1, which only looks like a sigmoid.",
    jax.nn.hard_sigmoid,
    lambda z: jnp.clip(0.2 * z + 0.5, 0, 1),
    lambda z: jnp.clip(0.25 * z + 0.5, 0, 1),
)
sigmoid.mistake(
    "The values are right, but far below 0 exp(-z) is infinite and jax.grad makes nan of it: find a form whose exp "
    "never sees a large number.",
    lambda z: 1 / (1 + jnp.exp(-z)),
)
sigmoid.mistake(
    "The values are right, but jnp.where differentiates both branches, and the one not taken is infinite: let each see "
    "0, by a jnp.where of its own, in place of the numbers that it is not for.",
    lambda z: jnp.where(z >= 0, 1 / (1 + jnp.exp(-z)), jnp.exp(z) / (1 + jnp.exp(z))),
)


# binary_cross_entropy


def _scores(rng: np.random.Generator) -> list[Case]:
    """Return logits of which one is exactly 0, of moderate size, and very large, some of these on the wrong side."""
    large = np.float32([1000, -1000, 1000, -1000, 200, -200, 2]) * rng.uniform(0.9, 1, 7).astype(np.float32)
    return [
        (np.float32([0, 2, -1]), np.int32([0, 1, 1])),
        (drawing.normal(rng, 6, scale=1.5), _bits(rng, 6)),
        (large, np.int32([1, 0, 0, 1, 1, 0, 1])),
    ]


# All logits of a network that starts from zeros are 0. The statement promises nothing about the slope there.
CORNER = laws.gradient(0, 0)._replace(
    sentence="Right, but at a logit of exactly 0 the slope by jax.grad is not 1/2 - d: max(z, 0), |z| and jnp.where "
    "have a corner there, of which it takes one side. jnp.logaddexp(0, z) and jax.nn.softplus(z) are smooth.",
    marks=False,
)


@exercise(
    LESSON,
    draw=_scores,
    difficulty=2,
    points=2,
    laws=[laws.PURE, laws.JIT, laws.gradient(0, 1, 2), CORNER],
    hints=[
        "A logarithm of 0 must never be taken: write log s(z) so that no s(z) is computed on the way.",
        "log s(z) = -log(1 + exp(-z)), and 1 - s(z) = s(-z), so log(1 - s(z)) = -log(1 + exp(z)).",
        "log(1 + exp(z)) is jnp.logaddexp(0, z), safe and smooth everywhere; from it d z is subtracted.",
    ],
)
def binary_cross_entropy(logits, d):
    """Return the batch mean of -d log s(z) - (1 - d) log(1 - s(z)), s the sigmoid 1 / (1 + exp(-z)), z the logits.

    logits is (batch,), d (batch,) of the integers 0 and 1; the logarithm is the natural one, the answer a number. It
    must be safe: a logit of 1000 where d = 0 costs 1000, one where d = 1 costs 0, and the gradients are finite.
    """
    return jnp.mean(jnp.logaddexp(0, logits) - d * logits)


def _surprises(logits: Any) -> tuple[Any, Any]:
    """Return -log s and -log(1 - s), as they are safe."""
    return jnp.logaddexp(0, -logits), jnp.logaddexp(0, logits)


def _careless(logits: Any) -> tuple[Any, Any]:
    """Return -log s and -log(1 - s), as they are written at first."""
    s = jax.nn.sigmoid(logits)
    return -jnp.log(s), -jnp.log(1 - s)


def _costs(surprises: Any, d: Any) -> Any:
    return d * surprises[0] + (1 - d) * surprises[1]


_UNSAFE = (
    "The logarithm of 0 is taken where the sigmoid rounds to 0 or 1 (or exp overflows): write log s(z) as -log(1 + "
    "exp(-z)), in a safe form."
)
binary_cross_entropy.mistake(
    _UNSAFE,
    lambda logits, d: jnp.mean(_costs(_careless(logits), d)),
    lambda logits, d: jnp.mean(jnp.where(d == 1, *_careless(logits))),
    lambda logits, d: jnp.mean(jnp.log(1 + jnp.exp(logits)) - d * logits),
    lambda logits, d: jnp.mean(jnp.log(1 + jnp.exp(-logits)) + (1 - d) * logits),
    lambda logits, d: jnp.mean(_costs((jnp.log(1 + jnp.exp(-logits)), jnp.log(1 + jnp.exp(logits))), d)),
)


def _limited(logits, d, eps):
    s = jnp.clip(jax.nn.sigmoid(logits), eps, 1 - eps)
    return -jnp.mean(d * jnp.log(s) + (1 - d) * jnp.log(1 - s))


def _shifted(logits, d, eps):
    s = jax.nn.sigmoid(logits)
    return -jnp.mean(d * jnp.log(s + eps) + (1 - d) * jnp.log(1 - s + eps))


binary_cross_entropy.mistake(
    "A small number added to the probability, or a limit on it, hides the loss of a confident error: it is 1000 at "
    "z = 1000, d = 0.",
    *(lambda logits, d, eps=eps: _limited(logits, d, eps) for eps in (1e-5, 1e-6, 1e-7)),
    *(lambda logits, d, eps=eps: _shifted(logits, d, eps) for eps in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)),
)
for _surprise in (_surprises, _careless):
    binary_cross_entropy.mistake(
        "You add up the batch; the loss is its mean.",
        lambda logits, d, surprise=_surprise: jnp.sum(_costs(surprise(logits), d)),
    )
    binary_cross_entropy.mistake(
        "The minus is missing: logarithms of probabilities are negative, the loss is positive.",
        lambda logits, d, surprise=_surprise: -jnp.mean(_costs(surprise(logits), d)),
    )
    binary_cross_entropy.mistake(
        "The targets are swapped: -log s(z) counts where d = 1, -log(1 - s(z)) where d = 0.",
        lambda logits, d, surprise=_surprise: jnp.mean(_costs(surprise(logits), 1 - d)),
    )
    binary_cross_entropy.mistake(
        "Examples with d = 0 cost nothing: the second term, -(1 - d) log(1 - s(z)), is missing.",
        lambda logits, d, surprise=_surprise: jnp.mean(d * surprise(logits)[0]),
    )
    binary_cross_entropy.mistake(
        "The two terms have opposite signs; both are subtracted.",
        lambda logits, d, surprise=_surprise: jnp.mean(d * surprise(logits)[0] - (1 - d) * surprise(logits)[1]),
    )
    binary_cross_entropy.mistake(
        "Those are the costs of the single examples; take their mean.",
        lambda logits, d, surprise=_surprise: _costs(surprise(logits), d),
    )
    binary_cross_entropy.mistake(
        "That is measured in bits; take the natural logarithm.",
        lambda logits, d, surprise=_surprise: jnp.mean(_costs(surprise(logits), d)) / jnp.log(2.0),
    )
    binary_cross_entropy.mistake(
        "A factor 1/2 has crept in; only the squared error has one.",
        lambda logits, d, surprise=_surprise: jnp.mean(_costs(surprise(logits), d)) / 2,
    )
    binary_cross_entropy.mistake(
        "The sigmoid is applied twice: logits go into it once.",
        lambda logits, d, surprise=_surprise: jnp.mean(_costs(surprise(jax.nn.sigmoid(logits)), d)),
    )
binary_cross_entropy.mistake(
    "The logits are taken for probabilities: the sigmoid comes first.",
    lambda logits, d: -jnp.mean(d * jnp.log(logits) + (1 - d) * jnp.log(1 - logits)),
)
binary_cross_entropy.mistake(
    "That is the squared error of the probabilities; the cross-entropy takes their logarithms.",
    lambda logits, d: jnp.mean((jax.nn.sigmoid(logits) - d) ** 2) / 2,
    lambda logits, d: jnp.mean((jax.nn.sigmoid(logits) - d) ** 2),
)
binary_cross_entropy.mistake(
    "The values are right, but jnp.where differentiates both branches, and exp is infinite in the one not taken: use "
    "jnp.logaddexp(0, z), which is log(1 + exp(z)) without branches.",
    lambda logits, d: jnp.mean(
        jnp.where(logits > 0, logits + jnp.log1p(jnp.exp(-logits)), jnp.log1p(jnp.exp(logits))) - d * logits
    ),
)


# logistic_gradient


def _classifications(rng: np.random.Generator) -> list[Case]:
    """Return examples with moderate logits, and some of one input with logits near 1000 and -1000 on either side."""

    def params(inputs: int) -> Any:
        return {"W": drawing.normal(rng, inputs), "b": np.array(rng.uniform(0.5, 1.5), np.float32)}

    small = {"W": np.float32([1, -1]), "b": np.array(0.5, np.float32)}
    mixed, far = params(3), params(1)
    far["W"] = np.float32(rng.uniform(0.5, 1.5, 1) * rng.choice([-1, 1], 1))
    x = np.outer([1000, -1000, 1000, -1000, 2], 1 / far["W"]) + rng.normal(0, 1, (5, 1))
    return [
        (small, np.float32([[1, 2], [3, 1]]), np.int32([1, 0])),
        (mixed, 0.5 + drawing.normal(rng, 6, 3), _bits(rng, 6)),
        (far, x.astype(np.float32), np.int32([1, 0, 0, 0, 1])),
    ]


def _classification_loss(case: Case, params: Any) -> float:
    _, x, d = case
    z = np.asarray(x, float) @ params["W"] + params["b"]
    return float(np.mean(np.logaddexp(0, z) - d * z))


@exercise(
    LESSON,
    draw=_classifications,
    difficulty=2,
    points=2,
    laws=[laws.PURE, laws.JIT],
    by_hand=True,
    loss=Loss(_classification_loss, lambda case: case[0]),
    hints=[
        "The slope of the sigmoid is s (1 - s), and it cancels against those of the logarithms.",
        "By the logit z, the slope of the loss of one example is s(z) - d: as in linear regression, with y = s(z).",
        "The rest is linear_gradient again: mean of error times x for W, mean of the error for b.",
    ],
)
def logistic_gradient(params, x, d):
    """Return the gradient of the batch mean of -d log y - (1 - d) log(1 - y), y = sigmoid(x W + b), by the parameters.

    params is {"W": (in,), "b": ()}, and so is the answer; x is (batch, in), d (batch,) of the integers 0 and 1. Logits
    x W + b of 1000 and -1000 must be safe. Derive it by hand: JAX's autodiff is switched off.
    """
    error = jax.nn.sigmoid(x @ params["W"] + params["b"]) - d
    return {"W": error @ x / len(x), "b": jnp.mean(error)}


def _probability(params: Any, x: Any) -> Any:
    return jax.nn.sigmoid(_linear(params, x))


def _by_the_chain_rule(y: Any, d: Any) -> Any:
    """Return the slope of the loss by y, times that of the sigmoid, as it is before anything cancels."""
    return (-d / y + (1 - d) / (1 - y)) * y * (1 - y)


logistic_gradient.mistake(
    "You add up the batch; the loss is a mean: divide by the number of examples.",
    lambda params, x, d: _pulled_back(len(x) * (_probability(params, x) - d), x),
)
logistic_gradient.mistake(
    "The sign is wrong: the error is y - d, output minus target.",
    lambda params, x, d: _pulled_back(d - _probability(params, x), x),
)
logistic_gradient.mistake(
    "The factor y (1 - y) belongs to the squared error; with the cross-entropy it cancels.",
    lambda params, x, d: _pulled_back(
        (_probability(params, x) - d) * _probability(params, x) * (1 - _probability(params, x)), x
    ),
)
logistic_gradient.mistake(
    "The sigmoid is missing: that is the gradient of linear regression.",
    lambda params, x, d: _pulled_back(_linear(params, x) - d, x),
)
logistic_gradient.mistake(
    "A step stands where the sigmoid should: y is the probability, not the decision.",
    lambda params, x, d: _pulled_back(jnp.where(_linear(params, x) >= 0, 1.0, 0.0) - d, x),
)
logistic_gradient.mistake(
    "The bias is missing in the logits x W + b.",
    lambda params, x, d: _pulled_back(jax.nn.sigmoid(x @ params["W"]) - d, x),
)
logistic_gradient.mistake(
    "nan comes out where a logit is large: either exp overflows, or you divide by y (1 - y), which is 0 there; it "
    "cancels by hand, the error is y - d.",
    lambda params, x, d: _pulled_back(jnp.exp(_linear(params, x)) / (1 + jnp.exp(_linear(params, x))) - d, x),
    lambda params, x, d: _pulled_back(_by_the_chain_rule(_probability(params, x), d), x),
    lambda params, x, d: _pulled_back(
        (_probability(params, x) - d)
        / (_probability(params, x) * (1 - _probability(params, x)))
        * (_probability(params, x) * (1 - _probability(params, x))),
        x,
    ),
)
logistic_gradient.mistake(
    "For b the errors are added up; its gradient is a mean like that of W.",
    lambda params, x, d: {**_pulled_back(_probability(params, x) - d, x), "b": jnp.sum(_probability(params, x) - d)},
)
logistic_gradient.mistake(
    "For W the batch is added up; its gradient is a mean like that of b.",
    lambda params, x, d: {**_pulled_back(_probability(params, x) - d, x), "W": (_probability(params, x) - d) @ x},
)
logistic_gradient.mistake(
    "The gradient of b must be a number like b: take the mean of the errors.",
    lambda params, x, d: {**_pulled_back(_probability(params, x) - d, x), "b": _probability(params, x) - d},
)
logistic_gradient.mistake(
    "The gradient of W must have the shape of W: take the mean over the examples.",
    lambda params, x, d: {
        **_pulled_back(_probability(params, x) - d, x),
        "W": (_probability(params, x) - d)[:, None] * x,
    },
)
logistic_gradient.mistake(
    "Only the examples are averaged, not the inputs: each weight has a slope of its own.",
    lambda params, x, d: {
        **_pulled_back(_probability(params, x) - d, x),
        "W": (_probability(params, x) - d) @ x / x.size,
    },
    lambda params, x, d: {
        **_pulled_back(_probability(params, x) - d, x),
        "W": jnp.mean((_probability(params, x) - d)[:, None] * x),
    },
)
logistic_gradient.mistake(
    "The input x is missing in the gradient of W: the logit changes with W as fast as x says.",
    lambda params, x, d: {
        **_pulled_back(_probability(params, x) - d, x),
        "W": jnp.mean(_probability(params, x) - d) * jnp.ones_like(params["W"]),
    },
)
logistic_gradient.mistake(
    "There is no factor 2 and no 1/2 here: by the logit, the slope of the loss is y - d.",
    lambda params, x, d: _pulled_back(2 * (_probability(params, x) - d), x),
    lambda params, x, d: _pulled_back((_probability(params, x) - d) / 2, x),
)
logistic_gradient.mistake(
    "The sum runs over the inputs, but the examples are to be averaged: error @ x, or x.T @ error, not x @ error.",
    lambda params, x, d: {
        **_pulled_back(_probability(params, x) - d, x),
        "W": x @ (_probability(params, x) - d) / len(x),
    },
    lambda params, x, d: {**_pulled_back(_probability(params, x) - d, x), "W": x @ (_probability(params, x) - d)},
)
logistic_gradient.mistake(
    "Parameters after a step came back; return the gradient alone.",
    lambda params, x, d: jax.tree.map(jnp.subtract, params, _pulled_back(_probability(params, x) - d, x)),
)
logistic_gradient.mistake(
    "An axis of one stays: with a single input the gradient of W has the shape (1,); do not squeeze.",
    lambda params, x, d: jax.tree.map(jnp.squeeze, _pulled_back(_probability(params, x) - d, x)),
)
logistic_gradient.mistake(
    "The targets are not subtracted: the error is y - d.",
    lambda params, x, d: _pulled_back(_probability(params, x), x),
)
logistic_gradient.mistake(
    "That leaves out the examples with d = 0: their error is y.",
    lambda params, x, d: _pulled_back(d * (_probability(params, x) - d), x),
)


# gradient_descent


def _descents(rng: np.random.Generator) -> list[Case]:
    """Return bowls over an array, a dict, and containers in containers, of another steepness in every direction.

    The array's is also left by no step at all, and begun so near the bottom that all slopes are tiny.
    """

    def bowl(*shapes: tuple[int, ...]) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
        start, centre = ([drawing.normal(rng, *shape) for shape in shapes] for _ in range(2))
        return start, centre, [np.asarray(rng.uniform(0.5, 2, shape), np.float32) for shape in shapes]

    def gradient(centre: Any, steepness: Any) -> Function:
        return Function("bowl_gradient", (centre, steepness), "the gradient of a bowl, steepness (x - centre)")

    centre, steepness = np.float32([3, -1]), np.float32([1, 0.5])
    plain = Function("bowl_gradient", (centre, steepness), "x -> [1, 0.5] (x - [3, -1])")
    # Around 0, where the small numbers that are near the bottom do not vanish beside those of the centre.
    flat = Function("bowl_gradient", (np.zeros(2, np.float32), steepness), "x -> [1, 0.5] x")
    dicts = [{"W": W, "b": b} for W, b in bowl((3,), ())]
    nested = [
        {"layers": [{"W": W, "b": b}], "scales": (first, second)}
        for W, b, first, second in bowl((2, 3), (3,), (2,), ())
    ]
    return [
        (plain, np.float32([1, 1]), 0.5, 2),
        (plain, np.float32([1, 1]), 0.5, 0),
        (flat, np.float32([1e-9, -2e-9]), 0.5, 3),
        (gradient(*dicts[1:]), dicts[0], 0.3, 5),
        (gradient(*nested[1:]), nested[0], 0.2, 4),
    ]


@exercise(
    LESSON,
    draw=_descents,
    difficulty=2,
    points=2,
    laws=[laws.PURE.on(-2, -1), laws.JIT],
    hints=[
        "One step: ask for the gradient at the params that you have now, and move every leaf against it.",
        "jax.tree.map(lambda p, g: p - learning_rate * g, params, gradient(params)) is one step on any pytree.",
        "A for loop over range(steps) repeats it, each time with the params of the last.",
    ],
)
def gradient_descent(gradient, params, learning_rate, steps):
    """Return the parameters after steps steps of gradient descent: params <- params - learning_rate gradient(params).

    params is any pytree of arrays, gradient a function that takes such a pytree and returns another of the same
    containers and shapes; learning_rate is a number, steps a whole number of Python. In each step the gradient is that
    at the current parameters. Only the last parameters are returned, and the params passed are left as they are.
    """
    for _ in range(steps):
        params = jax.tree.map(lambda p, g: p - learning_rate * g, params, gradient(params))
    return params


def _descended(gradient: Any, params: Any, rate: Any, steps: int) -> list[Any]:
    """Return the parameters before the first step and after each."""
    path = [params]
    for _ in range(steps):
        path.append(jax.tree.map(lambda p, g: p - rate * g, path[-1], gradient(path[-1])))
    return path


def _from_the_start_again(gradient, params, learning_rate, steps):
    new = params
    for _ in range(steps):
        new = jax.tree.map(lambda p, g: p - learning_rate * g, params, gradient(new))
    return new


def _with_falling_rate(gradient, params, learning_rate, steps):
    for step in range(steps):
        params = _descended(gradient, params, learning_rate / (step + 1), 1)[-1]
    return params


def _flat_dict_descent(gradient, params, learning_rate, steps):
    for _ in range(steps):
        slopes = gradient(params)
        params = {name: params[name] - learning_rate * slopes[name] for name in params}
    return params


def _array_descent(gradient, params, learning_rate, steps):
    for _ in range(steps):
        params = params - learning_rate * gradient(params)
    return params


def _last_gradient(gradient, params, learning_rate, steps):
    for _ in range(steps):
        grads = gradient(params)
        params = jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)
    return grads


def _until_it_is_flat(flat):
    """Return a descent that ends as soon as all slopes are under ``flat``."""

    def descent(gradient, params, learning_rate, steps):
        for _ in range(steps):
            if max(float(jnp.max(jnp.abs(leaf))) for leaf in jax.tree.leaves(gradient(params))) < flat:
                break
            params = _descended(gradient, params, learning_rate, 1)[-1]
        return params

    return descent


def _descent_in_a_copy(gradient, params, learning_rate, steps):
    params = params.copy()
    for _ in range(steps):
        params = slips.written_into(params, gradient(params), learning_rate)
    return params


def _descent_in_place(gradient, params, learning_rate, steps):
    new = _descended(gradient, params, learning_rate, steps)[-1]
    if not isinstance(params, dict):
        return new
    params.update(new)
    return params


gradient_descent.mistake(
    "You climb: each step goes against the gradient, so subtract.",
    lambda gradient, params, rate, steps: _descended(gradient, params, -rate, steps)[-1],
)
gradient_descent.mistake(
    "That is a single step: repeat it, each time from where the last one ended.",
    lambda gradient, params, rate, steps: _descended(gradient, params, rate, 1)[-1],
)
gradient_descent.mistake(
    "With steps = 0 nothing moves, and the params come back as they are; yours always makes a first step.",
    lambda gradient, params, rate, steps: _descended(gradient, params, rate, max(steps, 1))[-1],
)
gradient_descent.mistake(
    "Descent ends where the slopes are small; make all steps that are asked for, however small they are.",
    *map(_until_it_is_flat, (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)),
)
gradient_descent.mistake(
    "That is one step too few.",
    lambda gradient, params, rate, steps: _descended(gradient, params, rate, steps - 1)[-1],
)
gradient_descent.mistake(
    "That is one step too many.",
    lambda gradient, params, rate, steps: _descended(gradient, params, rate, steps + 1)[-1],
)
gradient_descent.mistake(
    "The gradient is taken only at the start: ask for it again after each step.",
    lambda gradient, params, rate, steps: jax.tree.map(lambda p, g: p - steps * rate * g, params, gradient(params)),
)
gradient_descent.mistake(
    "Each step starts from the first params again: carry on from the last ones.", _from_the_start_again
)
gradient_descent.mistake(
    "The learning rate is missing: it multiplies the gradient.",
    lambda gradient, params, rate, steps: _descended(gradient, params, 1.0, steps)[-1],
)
gradient_descent.mistake(
    "All parameters on the way are returned; only the last are wanted.",
    lambda gradient, params, rate, steps: _descended(gradient, params, rate, steps)[1:],
    lambda gradient, params, rate, steps: _descended(gradient, params, rate, steps),
)
gradient_descent.mistake(
    "That is the gradient at the end; return the parameters.",
    lambda gradient, params, rate, steps: gradient(_descended(gradient, params, rate, steps)[-1]),
    lambda gradient, params, rate, steps: gradient(_descended(gradient, params, rate, steps - 1)[-1]),
    _last_gradient,
)
gradient_descent.mistake("The learning rate falls from step to step; it stays the same here.", _with_falling_rate)
gradient_descent.mistake(
    "Descent starts from the params that are passed, not from zeros.",
    lambda gradient, params, rate, steps: _descended(gradient, jax.tree.map(jnp.zeros_like, params), rate, steps)[-1],
)
gradient_descent.mistake(
    "Not every container works: params is any pytree, an array as well as dicts, lists and tuples in one another: use "
    "jax.tree.map.",
    _flat_dict_descent,
    _array_descent,
)
gradient_descent.mistake(
    "The steps are right, but the dict that was passed now holds the result: build a new one in each step.",
    _descent_in_place,
)
gradient_descent.mistake(
    "The steps are right, but dicts or lists inside params now hold the result: a copy of the outermost one shares "
    "them. Build all of them anew in each step, as jax.tree.map does.",
    _descent_in_a_copy,
)
