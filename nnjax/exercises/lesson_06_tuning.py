"""Exercises of lesson 06: making it learn well."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import drawing, laws
from nnjax.exercises.exercise import Case, Loss, exercise
from nnjax.exercises.independence import different, echo, of_few_keys
from nnjax.exercises.inputs import Key

LESSON = "06_tuning"


def _key(rng: np.random.Generator) -> Key:
    return Key(int(rng.integers(2**31)))


def _neuron(rng: np.random.Generator) -> dict:
    return {"W": drawing.normal(rng, 2), "b": drawing.normal(rng)}


def _network(rng: np.random.Generator) -> dict:
    """Return a tree of every kind of container, with an array of no axes among the others."""
    layers = [
        {"W": drawing.normal(rng, 3, 4), "b": drawing.normal(rng, 4)},
        (drawing.normal(rng, 4, 2), drawing.normal(rng, 2)),
    ]
    return {"layers": layers, "slope": drawing.normal(rng)}


def _shallow(update: Callable[..., Any]) -> Callable[..., Any]:
    """Return a body that copies the outermost dict of params, and writes the new parameters into what lies inside."""

    def body(params, *others):
        new, state = update(params, *others)
        for layer, right in zip(params.get("layers", []), new.get("layers", []), strict=True):
            if isinstance(layer, dict):
                layer.update(right)
        return params | new, state

    return body


SHALLOW = (
    "The containers inside are overwritten: a copy of the outermost one shares them with the caller. Build new ones at "
    "every level, as jax.tree.map does."
)


# --- momentum -------------------------------------------------------------------------------------------------------


def _rolling(rng: np.random.Generator) -> list[Case]:
    return [
        (tree(rng), tree(rng), tree(rng), drawing.between(rng, 0.05, 0.3), drawing.between(rng, 0.6, 0.8))
        for tree in (_neuron, _network)
    ]


@exercise(
    LESSON,
    draw=_rolling,
    points=2,
    laws=[laws.PURE.on(0, -1), laws.JIT],
    hints=[
        "jax.tree.map takes several trees of the same form: jax.tree.map(lambda v, g: ..., state, grads).",
        "First the new velocity from the old one and the gradient; then the step, with the new velocity.",
        "The step is p - learning_rate * v for each parameter p and its new velocity v.",
    ],
)
def momentum_update(params, grads, state, learning_rate, momentum):
    """Return (params, state) after one step of gradient descent with momentum, a ball rolling downhill:

        v <- momentum v + g        w <- w - learning_rate v        (the v of the second is the new one)

    params, grads (the gradients g) and state (the velocities v) are pytrees of the same form: a dict, a list of layers,
    any. The gradient is not multiplied by (1 - momentum). The state that is returned holds the new velocities.
    """
    state = jax.tree.map(lambda v, g: momentum * v + g, state, grads)
    return jax.tree.map(lambda w, v: w - learning_rate * v, params, state), state


def _momentum(velocity, step):
    """Return an update of these formulas: the new velocity of (v, g, ...), the step of (new v, v, g, ...)."""

    def update(params, grads, state, learning_rate, momentum):
        new = jax.tree.map(lambda v, g: velocity(v, g, learning_rate, momentum), state, grads)
        steps = jax.tree.map(lambda n, v, g: step(n, v, g, learning_rate, momentum), new, state, grads)
        return jax.tree.map(jnp.add, params, steps), new

    return update


def _right_velocity(v, g, rate, momentum):
    return momentum * v + g


def _momentum_in_place(params, grads, state, learning_rate, momentum):
    new, velocity = momentum_update.reference(params, grads, state, learning_rate, momentum)
    if isinstance(params, dict):
        params.update(new)
        return params, velocity
    return new, velocity


momentum_update.mistake(
    "The step is taken with the old velocity: compute the new one first and move by that.",
    _momentum(_right_velocity, lambda new, v, g, rate, momentum: -rate * v),
)
momentum_update.mistake(
    "The gradient is scaled by 1 - momentum: here the velocity is momentum v + g, a sum that builds up, not a mean.",
    _momentum(lambda v, g, rate, m: m * v + (1 - m) * g, lambda new, v, g, rate, m: -rate * new),
)
momentum_update.mistake(
    "The ball rolls uphill: the step is subtracted from the parameters.",
    _momentum(_right_velocity, lambda new, v, g, rate, m: rate * new),
)
momentum_update.mistake(
    "That is a step of plain gradient descent: the parameters must move by the velocity, not by the gradient.",
    _momentum(_right_velocity, lambda new, v, g, rate, m: -rate * g),
)
momentum_update.mistake(
    "The learning rate belongs to the step, not into the velocity: v = momentum v + g knows nothing of it.",
    _momentum(lambda v, g, rate, m: m * v - rate * g, lambda new, v, g, rate, m: new),
    _momentum(lambda v, g, rate, m: m * v + rate * g, lambda new, v, g, rate, m: -new),
)
momentum_update.mistake(
    "That is Nesterov's momentum, which looks one step ahead; here the step is the learning rate times the velocity.",
    _momentum(_right_velocity, lambda new, v, g, rate, m: -rate * (m * new + g)),
)
momentum_update.mistake(
    "The momentum multiplies the gradient; it is the old velocity that must be damped.",
    _momentum(lambda v, g, rate, m: v + m * g, lambda new, v, g, rate, m: -rate * new),
)
momentum_update.mistake(
    "The old velocity is not damped: without the momentum in front of it, the ball never slows down.",
    _momentum(lambda v, g, rate, m: v + g, lambda new, v, g, rate, m: -rate * new),
)


def _step_as_state(params, grads, state, learning_rate, momentum):
    params, new = momentum_update.reference(params, grads, state, learning_rate, momentum)
    return params, jax.tree.map(lambda v: learning_rate * v, new)


momentum_update.mistake(
    "The parameters are right, but the state that you return is the step; keep the velocity, before the learning rate.",
    _step_as_state,
)
momentum_update.mistake(
    "The learning rate is missing from the step.", _momentum(_right_velocity, lambda new, v, g, rate, m: -new)
)
momentum_update.mistake(
    "The parameters are right, but you return the old velocities: the next step needs the new ones.",
    lambda params, grads, state, rate, m: (momentum_update.reference(params, grads, state, rate, m)[0], state),
)
momentum_update.mistake(
    "The two results are swapped: return (params, state), in this order.",
    lambda *arguments: momentum_update.reference(*arguments)[::-1],
)
momentum_update.mistake(
    "The dict of params that came in is overwritten: the caller still needs it, so build a new one.", _momentum_in_place
)
momentum_update.mistake(SHALLOW, _shallow(momentum_update.reference))


# --- RMSProp --------------------------------------------------------------------------------------------------------


def _squares(tree):
    return jax.tree.map(lambda leaf: np.square(leaf) + np.float32(0.1), tree)


def _scaling(rng: np.random.Generator) -> list[Case]:
    cases = []
    for tree in (_neuron, _network):
        params, grads, state = tree(rng), tree(rng), _squares(tree(rng))
        if tree is _neuron:
            grads["W"][0] = state["W"][0] = 0  # a weight that no example has touched yet
        cases.append(
            (
                params,
                grads,
                state,
                drawing.between(rng, 0.1, 0.5),
                drawing.between(rng, 0.6, 0.8),
                drawing.between(rng, 0.02, 0.1),
            )
        )
    return cases


@exercise(
    LESSON,
    draw=_scaling,
    points=2,
    difficulty=2,
    laws=[laws.PURE.on(0, -1), laws.JIT],
    hints=[
        "The state is a running mean: keep the share decay of the old, take the share 1 - decay of the new g^2.",
        "Divide each gradient by the root of the NEW mean, plus eps.",
        "w - learning_rate * g / (jnp.sqrt(s) + eps), leaf by leaf with jax.tree.map over params, grads and s.",
    ],
)
def rmsprop_update(params, grads, state, learning_rate, decay, eps):
    """Return (params, state) after one step of RMSProp, each gradient divided by its own usual size:

        s <- decay s + (1 - decay) g^2        w <- w - learning_rate g / (sqrt(s) + eps)        (with the new s)

    params, grads (the gradients g) and state (the means s) are pytrees of the same form. eps stands outside the root,
    as in most textbooks; optax puts it inside unless told otherwise. The state that is returned holds the new means.
    """
    state = jax.tree.map(lambda s, g: decay * s + (1 - decay) * g**2, state, grads)
    moved = jax.tree.map(lambda w, g, s: w - learning_rate * g / (jnp.sqrt(s) + eps), params, grads, state)
    return moved, state


def _rmsprop(mean, scale):
    """Return an update of these formulas: the new mean of (s, g, decay), the scaled gradient of (new s, s, g, eps)."""

    def update(params, grads, state, learning_rate, decay, eps):
        new = jax.tree.map(lambda s, g: mean(s, g, decay), state, grads)
        return jax.tree.map(
            lambda w, n, s, g: w - learning_rate * scale(n, s, g, eps), params, new, state, grads
        ), new  # fmt: skip

    return update


def _right_mean(s, g, decay):
    return decay * s + (1 - decay) * g**2


def _right_scale(new, s, g, eps):
    return g / (jnp.sqrt(new) + eps)


def _rmsprop_in_place(params, grads, state, learning_rate, decay, eps):
    new, mean = rmsprop_update.reference(params, grads, state, learning_rate, decay, eps)
    if isinstance(state, dict):
        state.update(mean)
        return new, state
    return new, mean


rmsprop_update.mistake(
    "eps stands inside the root; here it is added to the root: sqrt(s) + eps.",
    _rmsprop(_right_mean, lambda new, s, g, eps: g / jnp.sqrt(new + eps)),
)
rmsprop_update.mistake(
    "eps is missing: where the gradients have been 0 so far, this divides 0 by 0.",
    _rmsprop(_right_mean, lambda new, s, g, eps: g / jnp.sqrt(new)),
)
rmsprop_update.mistake(
    "The gradients are divided by the old mean: update it first, so that it has seen the newest gradient.",
    _rmsprop(_right_mean, lambda new, s, g, eps: g / (jnp.sqrt(s) + eps)),
)
rmsprop_update.mistake(
    "The root is missing: s is a mean of squares, and the size of a gradient is its root.",
    _rmsprop(_right_mean, lambda new, s, g, eps: g / (new + eps)),
)
rmsprop_update.mistake(
    "The running mean is of the gradients themselves; it must be of their squares.",
    _rmsprop(lambda s, g, decay: decay * s + (1 - decay) * g, _right_scale),
)
rmsprop_update.mistake(
    "decay and 1 - decay are swapped: decay is the share of the old mean that stays.",
    _rmsprop(lambda s, g, decay: (1 - decay) * s + decay * g**2, _right_scale),
)
rmsprop_update.mistake(
    "The new square must be weighted with 1 - decay: without it s is no mean but grows too large.",
    _rmsprop(lambda s, g, decay: decay * s + g**2, _right_scale),
)
rmsprop_update.mistake(
    "That is AdaGrad, which adds all squares up and slows down for ever; RMSProp forgets old squares with decay.",
    _rmsprop(lambda s, g, decay: s + g**2, _right_scale),
)
rmsprop_update.mistake(
    "The gradient is not divided by anything: that is plain gradient descent beside an unused mean.",
    _rmsprop(_right_mean, lambda new, s, g, eps: g),
)
rmsprop_update.mistake(
    "The step goes uphill: subtract it from the parameters.",
    _rmsprop(_right_mean, lambda new, s, g, eps: -_right_scale(new, s, g, eps)),
)
rmsprop_update.mistake(
    "The parameters are right, but you return the old means: the next step needs the new ones.",
    lambda params, grads, state, *rest: (rmsprop_update.reference(params, grads, state, *rest)[0], state),
)
rmsprop_update.mistake(
    "The results come in the wrong order: first the params, then the state.",
    lambda *arguments: rmsprop_update.reference(*arguments)[::-1],
)
rmsprop_update.mistake(
    "The dict of running means that came in is overwritten: return a new one and leave the old as it was.",
    _rmsprop_in_place,
)
rmsprop_update.mistake(SHALLOW, _shallow(rmsprop_update.reference))


# --- Adam -----------------------------------------------------------------------------------------------------------


def _adapting(rng: np.random.Generator) -> list[Case]:
    cases = []
    for tree, t in ((_neuron, 0), (_network, int(rng.integers(2, 5)))):
        params, grads, m, v = tree(rng), tree(rng), tree(rng), _squares(tree(rng))
        if t == 0:
            m, v = jax.tree.map(np.zeros_like, m), jax.tree.map(np.zeros_like, v)
        state = {"m": m, "v": v, "t": np.array(t, np.int32)}
        b1, b2 = drawing.between(rng, 0.6, 0.8), drawing.between(rng, 0.9, 0.97)
        cases.append((params, grads, state, drawing.between(rng, 0.1, 0.5), b1, b2, drawing.between(rng, 0.02, 0.1)))
    return cases


@exercise(
    LESSON,
    draw=_adapting,
    points=3,
    difficulty=3,
    laws=[laws.PURE.on(0, -1), laws.JIT],
    hints=[
        'Count this update first: t = state["t"] + 1. With the old t, the first update divides by 1 - b1^0 = 0.',
        "m and v are running means as in RMSProp, m of the gradients with b1, v of their squares with b2.",
        "The corrected means m / (1 - b1**t) and v / (1 - b2**t) serve the step only; keep m and v as they are.",
        'Return the moved parameters and {"m": m, "v": v, "t": t}, a new dict.',
    ],
)
def adam_update(params, grads, state, learning_rate, b1, b2, eps):
    """Return (params, state) after one step of Adam, momentum and RMSProp together, corrected for starting from 0:

        m <- b1 m + (1 - b1) g              m' = m / (1 - b1^t)
        v <- b2 v + (1 - b2) g^2            v' = v / (1 - b2^t)        w <- w - learning_rate m' / (sqrt(v') + eps)

    t is the number of this update, 1 for the first. state is {"m": ..., "v": ..., "t": ()}: m and v are pytrees of the
    form of params and grads, and the integer t there counts the updates made so far, 0 before the first. The state that
    is returned holds the new m and v, not corrected, and the new t.
    """
    t = state["t"] + 1
    m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state["m"], grads)
    v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g**2, state["v"], grads)

    def moved(w, m, v):
        return w - learning_rate * (m / (1 - b1**t)) / (jnp.sqrt(v / (1 - b2**t)) + eps)

    return jax.tree.map(moved, params, m, v), {"m": m, "v": v, "t": t}


def _right_direction(m, v, g, b1, b2, t, eps):
    return (m / (1 - b1**t)) / (jnp.sqrt(v / (1 - b2**t)) + eps)


def _adam(
    direction=_right_direction,
    first=lambda m, g, b1: b1 * m + (1 - b1) * g,
    second=lambda v, g, b2: b2 * v + (1 - b2) * g**2,
    early=0,
    counted=1,
    stored=lambda m, v, c1, c2: (m, v),
):
    """Return an update that is Adam but for what is given; ``early`` is taken from t, ``counted`` added to it."""

    def update(params, grads, state, learning_rate, b1, b2, eps):
        t = state["t"] + 1 - early
        m = jax.tree.map(lambda m, g: first(m, g, b1), state["m"], grads)
        v = jax.tree.map(lambda v, g: second(v, g, b2), state["v"], grads)
        params = jax.tree.map(
            lambda w, m, v, g: w - learning_rate * direction(m, v, g, b1, b2, t, eps), params, m, v, grads
        )
        m, v = stored(m, v, 1 - b1**t, 1 - b2**t)
        return params, {"m": m, "v": v, "t": state["t"] + counted}

    return update


def _divided(m, v, c1, c2):
    return jax.tree.map(lambda m: m / c1, m), jax.tree.map(lambda v: v / c2, v)


def _adam_forgetting(params, grads, state, learning_rate, b1, b2, eps):
    params, new = adam_update.reference(params, grads, state, learning_rate, b1, b2, eps)
    return params, state | {"t": new["t"]}


def _adam_in_place(params, grads, state, learning_rate, b1, b2, eps):
    params, new = adam_update.reference(params, grads, state, learning_rate, b1, b2, eps)
    state.update(new)
    return params, state


adam_update.mistake(
    "The correction for starting from 0 is missing: divide m by 1 - b1^t and v by 1 - b2^t before the step.",
    _adam(lambda m, v, g, b1, b2, t, eps: m / (jnp.sqrt(v) + eps)),
)
adam_update.mistake(
    "Only m is corrected for starting from 0; v is too small in the same way, divide it by 1 - b2^t.",
    _adam(lambda m, v, g, b1, b2, t, eps: m / (1 - b1**t) / (jnp.sqrt(v) + eps)),
)
adam_update.mistake(
    "Only v is corrected for starting from 0; m needs it too, divide it by 1 - b1^t.",
    _adam(lambda m, v, g, b1, b2, t, eps: m / (jnp.sqrt(v / (1 - b2**t)) + eps)),
)
adam_update.mistake(
    "t counts the updates made before this one: add 1 before the correction, or the first update divides by 0.",
    _adam(early=1),
    _adam(early=1, counted=0),
)
adam_update.mistake("The step is right, but the t that you return has not been advanced by 1.", _adam(counted=0))
adam_update.mistake(
    "The step is right, but the m and v that you return are the old ones: Adam would forget every gradient at once.",
    _adam_forgetting,
)
adam_update.mistake(
    "eps stands inside the root; it is added after the root is taken.",
    _adam(lambda m, v, g, b1, b2, t, eps: m / (1 - b1**t) / jnp.sqrt(v / (1 - b2**t) + eps)),
)
adam_update.mistake(
    "eps is added to the root of v before the correction of v; correct v first, then take the root and add eps.",
    _adam(lambda m, v, g, b1, b2, t, eps: m / (1 - b1**t) * jnp.sqrt(1 - b2**t) / (jnp.sqrt(v) + eps)),
)
adam_update.mistake(
    "The corrected means are stored in the state; they are for this step only, return m and v as they are.",
    _adam(stored=_divided),
)
adam_update.mistake(
    "v is the mean of the gradients; it must be that of their squares.",
    _adam(second=lambda v, g, b2: b2 * v + (1 - b2) * g),
)
adam_update.mistake(
    "The root over v is missing: v is a mean of squares.",
    _adam(lambda m, v, g, b1, b2, t, eps: m / (1 - b1**t) / (v / (1 - b2**t) + eps)),
)
adam_update.mistake(
    "b1 and b2 are swapped: b1 belongs to m, b2 to v.",
    lambda params, grads, state, rate, b1, b2, eps: adam_update.reference(params, grads, state, rate, b2, b1, eps),
)
adam_update.mistake(
    "The factors 1 - b1 and 1 - b2 are missing: m and v are means, not sums that build up.",
    _adam(first=lambda m, g, b1: b1 * m + g, second=lambda v, g, b2: b2 * v + g**2),
)
adam_update.mistake(
    "The step is made of the gradient itself; that is RMSProp, and Adam moves along the running mean m.",
    _adam(lambda m, v, g, b1, b2, t, eps: g / (jnp.sqrt(v / (1 - b2**t)) + eps)),
)
adam_update.mistake(
    "The step goes uphill: it must be subtracted.",
    _adam(lambda m, v, g, b1, b2, t, eps: -_right_direction(m, v, g, b1, b2, t, eps)),
)
adam_update.mistake("The state that came in is overwritten: put m, v and t into a new dict.", _adam_in_place)
adam_update.mistake(SHALLOW, _shallow(adam_update.reference))


# --- initialisation -------------------------------------------------------------------------------------------------


def _shapes(rng: np.random.Generator) -> list[Case]:
    """Return a small layer, a large one twice and with another key, a kernel, and more small layers."""
    first, one, other, third, *more = (Key(int(seed)) for seed in rng.choice(2**31, 9, replace=False))
    large = [(one, (300, 200)), (one, (300, 200)), (other, (300, 200)), (third, (3, 5, 20, 80))]
    return [(first, (3, 2)), *large, *((key, (3, 2)) for key in more)]


@exercise(
    LESSON,
    draw=_shapes,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "jax.random.normal(key, shape) has the deviation 1; multiply it by the deviation that you want.",
        "The deviation is the root of the variance 2 / fan_in.",
        "fan_in is the product of all sizes but the last: for a matrix shape[0], for a kernel height * width * inputs.",
    ],
)
def he_normal(key, shape):
    """Return weights of He's initialisation: normal numbers with mean 0 and variance 2 / fan_in.

    shape is a tuple, (in, out) for a layer or (height, width, in, out) for a kernel; the last axis counts the outputs,
    and fan_in, the number of inputs that each output sums up, is the product of all sizes but the last. The same key
    gives the same weights, another key gives others.
    """
    return jnp.sqrt(2 / np.prod(shape[:-1])) * jax.random.normal(key, shape)


def _not_spread(deviation, *numbers):
    """Return the rule that the answers to the cases ``numbers`` do not all have the deviation of their shape."""
    return lambda cases, answers: (
        not all(abs(np.std(answers[number]) / deviation(cases[number][1]) - 1) < 0.04 for number in numbers)
    )


def _spread(deviation):
    """Return a body that draws with a wrong deviation of the shape."""
    return lambda key, shape: deviation(shape) * jax.random.normal(key, shape)


def _fan_in(shape):
    return float(np.prod(shape[:-1]))


def _numbers_of_numpy(key, shape):
    return np.random.default_rng().normal(0, np.sqrt(2 / _fan_in(shape)), shape)  # not seeded by the key


he_normal.mistake(
    "The shape is turned round: the last axis counts the outputs, as in the shape that is asked for.",
    lambda key, shape: he_normal.reference(key, shape[::-1]),
)
he_normal.rule(
    "All weights are equal: every hidden unit would compute the same and get the same gradient, for ever.",
    lambda cases, answers: all(np.std(answer) > 0 for answer in answers),
    lambda key, shape: jnp.zeros(shape),
    lambda key, shape: jnp.full(shape, jnp.sqrt(2 / _fan_in(shape))),
)
he_normal.rule(
    "The same key must give the same weights; draw with jax.random and the key, not with NumPy's generator.",
    lambda cases, answers: np.array_equal(answers[1], answers[2]),
    _numbers_of_numpy,
)
he_normal.rule(
    "Another key gives the same weights: pass the key that comes in to jax.random, not one of your own.",
    lambda cases, answers: different([answers[0], *answers[5:]]) > 1,
    lambda key, shape: he_normal.reference(jax.random.key(0), shape),
)
he_normal.rule(
    "Only a few sets of weights ever come, whatever the key: draw from the key that is passed itself.",
    lambda cases, answers: different([answers[0], *answers[5:]]) == 6 and not np.allclose(answers[1], answers[3]),
    of_few_keys(he_normal.reference),
)


def _half_of(key, shape):
    return he_normal.reference(key, (*shape[:-1], shape[-1] // 2))


he_normal.rule(
    "The same few numbers come again and again: draw the whole shape at once, or with a fresh key for each part.",
    lambda cases, answers: all(len(np.unique(np.abs(answer))) > 0.9 * answer.size for answer in answers[1:5]),
    lambda key, shape: jnp.broadcast_to(he_normal.reference(key, (1, *shape[1:])) / jnp.sqrt(shape[0]), shape),
    lambda key, shape: jnp.broadcast_to(he_normal.reference(key, (*shape[:-1], 1)), shape),
    lambda key, shape: jnp.resize(jnp.array([1, -1]), shape) * jnp.repeat(_half_of(key, shape), 2, axis=-1),
)
he_normal.rule(
    "The mean of the weights is not 0: as many must be negative as positive.",
    lambda cases, answers: all(
        abs(np.mean(answer)) < 7 * np.std(answer) / np.sqrt(answer.size) for answer in answers[1:5]
    ),
    lambda key, shape: jnp.abs(he_normal.reference(key, shape)),
    lambda key, shape: jnp.sqrt(2 / _fan_in(shape)) * jax.random.uniform(key, shape),
)
he_normal.rule(
    "The weights are not normally distributed: none lies beyond two deviations; use jax.random.normal.",
    lambda cases, answers: all(np.mean(np.abs(answer) > 2 * np.std(answer)) > 0.02 for answer in answers[1:5]),
    lambda key, shape: jnp.sqrt(6 / _fan_in(shape)) * jax.random.uniform(key, shape, minval=-1),
)
he_normal.rule(
    "The weights are not normally distributed: too many lie beyond three deviations; use jax.random.normal.",
    lambda cases, answers: all(np.mean(np.abs(answer) > 3 * np.std(answer)) < 0.006 for answer in answers[1:5]),
    lambda key, shape: jnp.sqrt(1 / _fan_in(shape)) * jax.random.laplace(key, shape),
)
he_normal.rule(
    "The deviation is 2 / fan_in; that is to be the variance, so take the root.",
    _not_spread(lambda shape: 2 / _fan_in(shape), 1, 3, 4),
    _spread(lambda shape: 2 / _fan_in(shape)),
)
he_normal.rule(
    "That is the deviation 1, whatever the shape: scale it by the root of 2 / fan_in.",
    _not_spread(lambda shape: 1, 1, 3, 4),
    _spread(lambda shape: 1),
)
he_normal.rule(
    "The variance is 1 / fan_in; ReLU halves what passes through it, and the 2 makes up for that.",
    _not_spread(lambda shape: np.sqrt(1 / _fan_in(shape)), 1, 3, 4),
    _spread(lambda shape: np.sqrt(1 / _fan_in(shape))),
)
he_normal.rule(
    "That is Glorot's variance, 2 / (fan_in + fan_out); He's has fan_in alone.",
    _not_spread(lambda shape: np.sqrt(2 / (shape[0] + shape[1])), 1, 3),
    _spread(lambda shape: np.sqrt(2 / (_fan_in(shape) + np.prod(shape) / shape[-2]))),
    _spread(lambda shape: np.sqrt(2 / (shape[-2] + shape[-1]))),
)
he_normal.rule(
    "The variance is 2 / fan_out: divide by the number of inputs, not of outputs.",
    _not_spread(lambda shape: np.sqrt(2 / shape[1]), 1, 3),
    _spread(lambda shape: np.sqrt(2 / shape[-1])),
    _spread(lambda shape: np.sqrt(2 * shape[-2] / np.prod(shape))),
)
he_normal.rule(
    "Right for matrices, but for a kernel fan_in is height * width * inputs, the product of all sizes but the last.",
    lambda cases, answers: (
        _not_spread(lambda shape: np.sqrt(2 / shape[0]), 4)(cases, answers)
        and _not_spread(lambda shape: np.sqrt(2 / shape[-2]), 4)(cases, answers)
    ),
    _spread(lambda shape: np.sqrt(2 / shape[0])),
    _spread(lambda shape: np.sqrt(2 / shape[-2])),
)
he_normal.rule(
    "The deviation of the weights is not the root of 2 / fan_in.",
    lambda cases, answers: all(
        abs(np.std(answers[number]) / np.sqrt(2 / _fan_in(cases[number][1])) - 1) < 0.04 for number in (1, 3, 4)
    ),
    _spread(lambda shape: 0.01),
    _spread(lambda shape: np.sqrt(2 / np.prod(shape))),
)


# --- penalties ------------------------------------------------------------------------------------------------------


def _penalised(rng: np.random.Generator) -> list[Case]:
    cases = []
    for sizes in ([2, 2], [3, 5, 2]):
        params = [
            {
                "W": np.float32(rng.choice([-1, 1], (n, m)) * rng.uniform(0.5, 2, (n, m))),
                "b": 1 + drawing.normal(rng, m) ** 2,
            }
            for n, m in pairwise(sizes)
        ]
        params[0]["W"][0, 1] = 0
        params[0]["W"][1, 0] = rng.choice([-1e-9, 1e-9])
        cases.append((params, drawing.between(rng, 0.1, 0.4)))
    return cases


def _l1(case: Case, params: list) -> float:
    """Return rate * sum |W|, which for weights that start near the kink, or at it, goes on as it starts."""
    start, rate = case
    pairs = [(np.asarray(now["W"], float), old["W"]) for now, old in zip(params, start, strict=True)]
    return rate * float(sum(np.where(np.abs(old) < 0.1, np.sign(old) * now, np.abs(now)).sum() for now, old in pairs))


def _l2(case: Case, params: list) -> float:
    return case[1] * float(sum((np.asarray(layer["W"], float) ** 2).sum() for layer in params))


def _each(weights, biases=lambda b, rate: jnp.zeros_like(b)):
    """Return a body that does something to the weights of each layer, and zeros or something else to the biases."""
    return lambda params, rate: [{"W": weights(layer["W"], rate), "b": biases(layer["b"], rate)} for layer in params]


def _overwriting(gradient):
    """Return a body that writes the gradient into the layers that came in."""

    def body(params, rate):
        for layer, new in zip(params, gradient(params, rate), strict=True):
            layer.update(new)
        return params

    return body


@exercise(
    LESSON,
    draw=_penalised,
    laws=[laws.PURE, laws.JIT],
    by_hand=True,
    loss=Loss(_l1, lambda case: case[0]),
    hints=[
        "The slope of |w| is 1 for a positive w and -1 for a negative one.",
        "jnp.sign gives 1, -1, and 0 at 0; jnp.zeros_like(b) gives zeros of the shape of b.",
        'Build a list of new dicts, {"W": rate * jnp.sign(...), "b": zeros}, one for each layer.',
    ],
)
def l1_gradient(params, rate):
    """Return the gradient of the L1 penalty rate * sum |W|, the sum over all weights of all layers, not the biases.

    params is a list of layers {"W": (in, out), "b": (out,)}; the gradient has the same form, with zeros for the biases.
    For a weight that is exactly 0 it is 0. Derive it by hand: JAX's autodiff is switched off.
    """
    return [{"W": rate * jnp.sign(layer["W"]), "b": jnp.zeros_like(layer["b"])} for layer in params]


l1_gradient.mistake(
    "The biases are penalised too: their gradient is zero.",
    _each(lambda W, rate: rate * jnp.sign(W), lambda b, rate: rate * jnp.sign(b)),
)
l1_gradient.mistake(
    "The rate is missing: it multiplies the penalty, so it multiplies the gradient.", _each(lambda W, rate: jnp.sign(W))
)
l1_gradient.mistake(
    "A weight that is exactly 0 gets a gradient; it must be left where it is, with gradient 0.",
    _each(lambda W, rate: jnp.where(W >= 0, rate, -rate)),
    _each(lambda W, rate: jnp.where(W > 0, rate, -rate)),
)
l1_gradient.mistake(
    "W / |W| is 0 / 0 where a weight is 0; jnp.sign has no such hole.", _each(lambda W, rate: rate * W / jnp.abs(W))
)
l1_gradient.mistake(
    "However small a weight is, its slope is 1 or -1: nothing is to be smoothed, and jnp.sign divides by nothing.",
    _each(lambda W, rate: rate * W / (jnp.abs(W) + 1e-8)),
    _each(lambda W, rate: rate * W / jnp.sqrt(W**2 + 1e-8)),
    _each(lambda W, rate: rate * W / jnp.maximum(jnp.abs(W), 1e-6)),
    _each(lambda W, rate: rate * jnp.clip(100 * W, -1, 1)),
    _each(lambda W, rate: rate * jnp.where(jnp.abs(W) < 1e-3, 0, jnp.sign(W))),
)
l1_gradient.mistake(
    "That is the gradient of the squares (L2); the slope of |w| is the sign of w and knows nothing of its size.",
    _each(lambda W, rate: 2 * rate * W),
    _each(lambda W, rate: rate * W),
)
l1_gradient.mistake("That is |W| itself, not its slope.", _each(lambda W, rate: rate * jnp.abs(W)))
l1_gradient.mistake(
    "That is the penalty, one number; asked is its gradient, one number for each parameter.",
    lambda params, rate: rate * sum(jnp.sum(jnp.abs(layer["W"])) for layer in params),
)
l1_gradient.mistake(
    "The sign is turned round: the penalty grows with the size of a weight.", _each(lambda W, rate: -rate * jnp.sign(W))
)
l1_gradient.mistake(
    "The penalty is a sum over the weights, not a mean: do not divide by their number.",
    _each(lambda W, rate: rate * jnp.sign(W) / W.size),
)
l1_gradient.mistake(
    "The gradient is half as large as it must be: the slope of |w| is 1 or -1.",
    _each(lambda W, rate: rate * jnp.sign(W) / 2),
)
l1_gradient.mistake(
    "The biases are missing: the gradient has the form of params, so it has zeros for each b.",
    lambda params, rate: [{"W": rate * jnp.sign(layer["W"])} for layer in params],
    _each(lambda W, rate: rate * jnp.sign(W), lambda b, rate: None),
    _each(lambda W, rate: rate * jnp.sign(W), lambda b, rate: 0.0),
)
l1_gradient.mistake(
    "Those are updated parameters; asked is the gradient alone.",
    _each(lambda W, rate: W - rate * jnp.sign(W), lambda b, rate: b),
)
l1_gradient.mistake(
    "The layers of params are overwritten with the gradient: build new dicts.",
    _overwriting(_each(lambda W, rate: rate * jnp.sign(W))),
)


@exercise(
    LESSON,
    draw=_penalised,
    laws=[laws.PURE, laws.JIT],
    by_hand=True,
    loss=Loss(_l2, lambda case: case[0]),
    hints=[
        "What is the slope of w^2?",
        "Each weight stands in one term of the sum only, so its slope is that of rate * w^2; a bias stands in none.",
        'Build a list of new dicts, {"W": ..., "b": jnp.zeros_like(...)}, one for each layer.',
    ],
)
def l2_gradient(params, rate):
    """Return the gradient of the L2 penalty rate * sum W^2, the sum over all weights of all layers, not the biases.

    params is a list of layers {"W": (in, out), "b": (out,)}; the gradient has the same form, with zeros for the biases.
    There is no factor 1/2 in the penalty. Derive it by hand: JAX's autodiff is switched off.
    """
    return [{"W": 2 * rate * layer["W"], "b": jnp.zeros_like(layer["b"])} for layer in params]


l2_gradient.mistake(
    "The factor 2 is missing: the slope of w^2 is 2 w, and this penalty has no 1/2 that would cancel it.",
    _each(lambda W, rate: rate * W),
)
l2_gradient.mistake(
    "The biases are penalised as well; only weights are, so the gradient of each b is zero.",
    _each(lambda W, rate: 2 * rate * W, lambda b, rate: 2 * rate * b),
)
l2_gradient.mistake(
    "The rate does not occur: it multiplies the penalty and so its gradient.", _each(lambda W, rate: 2 * W)
)
l2_gradient.mistake(
    "That is the gradient of the absolute values (L1); the slope of w^2 grows with w.",
    _each(lambda W, rate: rate * jnp.sign(W)),
)
l2_gradient.mistake(
    "The signs of the weights are lost: negative weights have a negative slope.",
    _each(lambda W, rate: 2 * rate * jnp.abs(W)),
)
l2_gradient.mistake("Those are the squares, not their slopes.", _each(lambda W, rate: rate * W**2))
l2_gradient.mistake(
    "That is the penalty itself; its gradient has one number for each parameter.",
    lambda params, rate: rate * sum(jnp.sum(layer["W"] ** 2) for layer in params),
)
l2_gradient.mistake(
    "The sign is wrong: the gradient points to where the penalty grows, away from 0.",
    _each(lambda W, rate: -2 * rate * W),
)
l2_gradient.mistake(
    "Do not divide by the number of weights: the penalty is a sum, not a mean.",
    _each(lambda W, rate: 2 * rate * W / W.size),
)
l2_gradient.mistake(
    "The gradient must have the form of params: give zeros for each b.",
    lambda params, rate: [{"W": 2 * rate * layer["W"]} for layer in params],
    _each(lambda W, rate: 2 * rate * W, lambda b, rate: None),
    _each(lambda W, rate: 2 * rate * W, lambda b, rate: 0.0),
)
l2_gradient.mistake(
    "Those are parameters after a step of weight decay; asked is the gradient alone.",
    _each(lambda W, rate: W - 2 * rate * W, lambda b, rate: b),
)
l2_gradient.mistake(
    "The layers that came in are overwritten: build new dicts for the gradient.",
    _overwriting(_each(lambda W, rate: 2 * rate * W)),
)


# --- dropout --------------------------------------------------------------------------------------------------------


def _dropped(rng: np.random.Generator) -> list[Case]:
    x = np.float32(rng.choice([-1, 1], (200, 300)) * rng.uniform(0.5, 2, (200, 300)))
    one, other, rate = _key(rng), _key(rng), drawing.between(rng, 0.2, 0.35)
    return [
        (_key(rng), np.float32([[1, 2, 3], [4, 5, 6]]), 0.25),
        (None, drawing.normal(rng, 2, 3), drawing.between(rng, 0.2, 0.35)),
        (one, x, rate),
        (one, x, rate),
        (other, x, rate),
        (_key(rng), drawing.normal(rng, 20, 30, 40), rate),
    ]


@exercise(
    LESSON,
    draw=_dropped,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "With key None there is nothing to do: return x.",
        "jax.random.bernoulli(key, 1 - rate, x.shape) says for each entry whether it is kept.",
        "Divide what is kept by 1 - rate, so that the mean stays that of x.",
    ],
)
def dropout(key, x, rate):
    """Return x with each entry set to 0 with probability rate, independently, and the others divided by 1 - rate.

    x has any shape. Where key is None (evaluation) nothing is dropped and x is returned as it is. The same key drops
    the same entries, another key others. The factor 1 / (1 - rate) keeps the mean, so evaluation needs none.
    """
    if key is None:
        return x
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0.0)


BIG = (2, 4, 5)  # the cases of dropout with many entries, each with a key of its own


def _kept_are_not(value):
    """Return the rule that the entries which are not 0 are not all ``value(x, rate)``."""

    def holds(cases, answers):
        for number in BIG:
            kept = answers[number] != 0
            _, x, rate = cases[number]
            if not np.allclose(answers[number][kept], value(x, rate)[kept], rtol=1e-4):
                return True
        return False

    return holds


def _share_dropped(answers, number):
    return np.mean(answers[number] == 0)


def _kept(key, x, rate):
    return jax.random.bernoulli(key, 1 - rate, x.shape)


def _shuffled(key, x, rate):
    """Return which entries are kept where each row drops the same number of them."""
    kept = jnp.broadcast_to(jnp.arange(x.shape[-1]) >= round(rate * x.shape[-1]), x.shape)
    return jax.random.permutation(key, kept, axis=-1, independent=True)


def _dropping(value, keep=_kept):
    """Return a body that is right in evaluation and keeps ``value(x, rate)`` of the entries that ``keep`` draws."""
    return lambda key, x, rate: x if key is None else jnp.where(keep(key, x, rate), value(x, rate), 0.0)


def _scaled(x, rate):
    return x / (1 - rate)


def _scaled_in_evaluation(key, x, rate):
    return x * (1 - rate) if key is None else jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x, 0.0)


def _rate_kept(key, x, rate):
    return jax.random.bernoulli(key, rate, x.shape)


def _numpy_kept(key, x, rate):
    return np.random.default_rng().uniform(size=x.shape) >= rate


WITHOUT_KEY = "With key None, which means evaluation, x must be returned as it is: nothing dropped, nothing scaled."

dropout.mistake(
    WITHOUT_KEY,
    lambda key, x, rate: jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0.0),
    lambda key, x, rate: jnp.where(jax.random.uniform(key, x.shape) >= rate, x / (1 - rate), 0.0),
)
dropout.rule(
    "In evaluation x is multiplied by 1 - rate; that is not needed where training divides what it keeps by 1 - rate.",
    lambda cases, answers: not np.allclose(answers[1], cases[1][1] * (1 - cases[1][2])),
    _scaled_in_evaluation,
)
dropout.rule(
    WITHOUT_KEY,
    lambda cases, answers: np.allclose(answers[1], cases[1][1]),
    lambda key, x, rate: dropout.reference(jax.random.key(5) if key is None else key, x, rate),
    lambda key, x, rate: x / (1 - rate) if key is None else dropout.reference(key, x, rate),
    lambda key, x, rate: jnp.zeros_like(x) if key is None else dropout.reference(key, x, rate),
)
dropout.rule(
    "The same key must drop the same entries; draw with jax.random and the key that comes in.",
    lambda cases, answers: np.array_equal(answers[2], answers[3]),
    _dropping(_scaled, _numpy_kept),
)
dropout.rule(
    "Nothing is dropped: with a key, a share rate of the entries must become exactly 0.",
    lambda cases, answers: all(_share_dropped(answers, number) > 0 for number in BIG),
    lambda key, x, rate: x,
    lambda key, x, rate: x if key is None else x * (1 - rate),
)
dropout.rule(
    "Another key drops the same entries: draw with the key that comes in, not with one of your own.",
    lambda cases, answers: not np.array_equal(answers[2] == 0, answers[4] == 0),
    _dropping(_scaled, lambda key, x, rate: jax.random.bernoulli(jax.random.key(0), 1 - rate, x.shape)),
)
dropout.rule(
    "rate is the probability to drop; you take it for the probability to keep.",
    lambda cases, answers: (
        _kept_are_not(lambda x, rate: x / rate)(cases, answers)
        or abs(_share_dropped(answers, 2) - (1 - cases[2][2])) > 0.02
    ),
    _dropping(lambda x, rate: x / rate, _rate_kept),
)
dropout.rule(
    "What is kept is not scaled up: divide it by 1 - rate, or the mean shrinks.",
    _kept_are_not(lambda x, rate: x),
    _dropping(lambda x, rate: x),
)
dropout.rule(
    "What is kept is divided by rate; divide by the share that is kept, 1 - rate.",
    _kept_are_not(lambda x, rate: x / rate),
    _dropping(lambda x, rate: x / rate),
)
dropout.rule(
    "What is kept is multiplied by 1 - rate; that shrinks the mean twice, divide by it.",
    _kept_are_not(lambda x, rate: x * (1 - rate)),
    _dropping(lambda x, rate: x * (1 - rate)),
)
dropout.rule(
    "That is the mask; multiply x by it.",
    lambda cases, answers: (
        _kept_are_not(lambda x, rate: np.ones_like(x))(cases, answers)
        and _kept_are_not(lambda x, rate: np.ones_like(x) / (1 - rate))(cases, answers)
    ),
    _dropping(lambda x, rate: jnp.ones_like(x)),
    _dropping(lambda x, rate: jnp.ones_like(x) / (1 - rate)),
)
dropout.rule(
    "Some entries are neither 0 nor x / (1 - rate).",
    lambda cases, answers: not _kept_are_not(_scaled)(cases, answers),
    _dropping(lambda x, rate: x * (1 + rate)),
    _dropping(lambda x, rate: x / (1 - rate) ** 2),
)
dropout.rule(
    "Entries are dropped together, such as whole rows or columns: draw a number of its own for each entry of x.",
    lambda cases, answers: all(echo(answers[number] == 0) < 0.1 for number in BIG),
    _dropping(_scaled, lambda key, x, rate: jax.random.bernoulli(key, 1 - rate, x.shape[-1:])),
    _dropping(_scaled, lambda key, x, rate: jax.random.bernoulli(key, 1 - rate, (*x.shape[:-1], 1))),
    _dropping(_scaled, lambda key, x, rate: jax.random.bernoulli(key, 1 - rate, x.shape[-2:])),
    _dropping(_scaled, lambda key, x, rate: jnp.repeat(_kept(key, x, rate), 2, axis=-1)[..., : x.shape[-1]]),
)
dropout.rule(
    "The same number of entries is dropped every time; each has the probability rate, whatever becomes of the others.",
    lambda cases, answers: (
        any(abs(np.sum(answers[number] == 0) - cases[number][2] * answers[number].size) > 1 for number in BIG)
        and all(np.ptp(np.sum(answers[number] == 0, axis=-1)) > 0 for number in BIG)
    ),
    _dropping(_scaled, lambda key, x, rate: _shuffled(key, x.reshape(1, -1), rate).reshape(x.shape)),
    _dropping(_scaled, lambda key, x, rate: _shuffled(key, x, rate)),
)
dropout.rule(
    "The mask is the wrong way round: a share rate of the entries is kept, and the rest dropped.",
    lambda cases, answers: all(abs(_share_dropped(answers, number) - (1 - cases[number][2])) > 0.02 for number in BIG),
    _dropping(_scaled, _rate_kept),
)
dropout.rule(
    "The share of the entries that are dropped is not rate.",
    lambda cases, answers: all(abs(_share_dropped(answers, number) - cases[number][2]) < 0.02 for number in BIG),
    _dropping(_scaled, lambda key, x, rate: jax.random.bernoulli(key, 0.5, x.shape)),
    _dropping(_scaled, lambda key, x, rate: jnp.abs(jax.random.normal(key, x.shape)) >= rate),
)


def _masks(rng: np.random.Generator) -> list[Case]:
    small = np.float32([[1, 0, 1], [0, 1, 1]]), drawing.normal(rng, 2, 3), 0.25
    rate = drawing.between(rng, 0.15, 0.35)
    return [small, (np.float32(rng.uniform(size=(6, 8)) >= rate), drawing.normal(rng, 6, 8), rate)]


def _dropout_loss(case: Case, x: np.ndarray) -> float:
    mask, dy, rate = case
    return float(np.sum(np.asarray(dy, float) * mask * x / (1 - rate)))


@exercise(
    LESSON,
    draw=_masks,
    laws=[laws.PURE, laws.JIT],
    by_hand=True,
    loss=Loss(_dropout_loss, lambda case: np.zeros_like(case[1])),
    hints=[
        "Once the mask is drawn, dropout multiplies each entry by a fixed number.",
        "The slope of mask * x / (1 - rate) by x, entry by entry, times dy.",
    ],
)
def dropout_backward(mask, dy, rate):
    """Return dx, the gradient of a loss by the input x of dropout, y = mask * x / (1 - rate).

    mask, of zeros (dropped) and ones (kept), was drawn in the forward pass; dy is the gradient of the loss by y; mask,
    dy and dx have the same shape; rate is the probability to drop. Derive it by hand: JAX's autodiff is switched off.
    """
    return mask * dy / (1 - rate)


dropout_backward.mistake(
    "The factor 1 / (1 - rate) is missing: the forward pass scaled what it kept, so the backward pass does.",
    lambda mask, dy, rate: mask * dy,
)
dropout_backward.mistake(
    "The mask is missing: what was dropped had no influence on the loss and gets no gradient.",
    lambda mask, dy, rate: dy / (1 - rate),
    lambda mask, dy, rate: dy,
)
dropout_backward.mistake(
    "The mask is the wrong way round: 1 means kept, and only what was kept gets a gradient.",
    lambda mask, dy, rate: (1 - mask) * dy / (1 - rate),
)
dropout_backward.mistake(
    "You divide by rate; the forward pass divides by the share that is kept, 1 - rate.",
    lambda mask, dy, rate: mask * dy / rate,
)
dropout_backward.mistake(
    "You multiply by 1 - rate; the slope of x / (1 - rate) is 1 / (1 - rate).",
    lambda mask, dy, rate: mask * dy * (1 - rate),
)
dropout_backward.mistake(
    "The gradient is divided by 1 - rate twice.", lambda mask, dy, rate: mask * dy / (1 - rate) ** 2
)
dropout_backward.mistake(
    "That is the slope of dropout alone; the chain rule multiplies it by dy.", lambda mask, dy, rate: mask / (1 - rate)
)
dropout_backward.mistake(
    "Do not average over the batch: dy has that factor in it already.",
    lambda mask, dy, rate: mask * dy / (1 - rate) / len(dy),
)
dropout_backward.mistake(
    "Do not sum over the batch: each example has a gradient of its own.",
    lambda mask, dy, rate: jnp.sum(mask * dy / (1 - rate), axis=0),
)


# --- early stopping -------------------------------------------------------------------------------------------------


def _curve(rng: np.random.Generator, steps: str) -> np.ndarray:
    """Return losses, one a letter after the first: d is far below the best so far, t the next number, = equals it.

    u is above the last loss, w above the last three, v lies between the best and the last.
    """
    losses = [rng.uniform(2, 3)]
    for step in steps:
        best, last = min(losses), losses[-1]
        step_to = {
            "d": best - rng.uniform(0.1, 0.2),
            "=": best,
            "t": np.nextafter(np.float32(best), np.float32(0)),
            "u": last + rng.uniform(0.01, 0.03),
            "w": max(losses[-3:]) + rng.uniform(0.01, 0.03),
            "v": best + (last - best) * rng.uniform(0.3, 0.7),
        }
        losses.append(step_to[step])
    return np.float32(losses)


def _curves(rng: np.random.Generator) -> list[Case]:
    a, b, c, d = (int(n) for n in rng.integers(2, [4, 5, 5, 5]))
    return [
        (_curve(rng, "d" * a + "uu" + "d" * (4 - a)), 2),
        (np.float32(1e12) * _curve(rng, "d" * b + "uu" + "d" * (6 - b) + "uu"), 3),
        (_curve(rng, "d" * c + "===" + "d" * (6 - c)), 3),
        (_curve(rng, "d" * d + "uvv" + "d" * (5 - d) + "uuuuu") - np.float32(10), 3),
        (_curve(rng, "uuudd"), 3),
        (_curve(rng, "d" * a + "w" + "d" * (5 - a) + "tttuuud"), 3),
    ]


@exercise(
    LESSON,
    draw=_curves,
    points=2,
    difficulty=2,
    laws=[laws.PURE],
    hints=[
        "Walk through the losses and remember two things: the best so far, and for how many losses it has stood.",
        "A loss below the best becomes the best and sets the count back to 0; any other adds 1 to the count.",
        "Return the index as soon as the count reaches patience; after the loop, return the last index.",
    ],
)
def early_stop(losses, patience):
    """Return the index (an integer, from 0) of the last loss that is seen when training stops early.

    losses (epochs,) are the validation losses, one an epoch; patience is at least 1. Training stops at the first loss
    with which patience losses in a row have not been below the best loss before them; an equal loss is no improvement.
    If that never happens, the answer is the last index. What comes after the stop is not known when it is decided.
    """
    places = jnp.arange(len(losses))
    better = jnp.append(True, losses[1:] < jax.lax.cummin(losses)[:-1])
    waited = places - jax.lax.cummax(jnp.where(better, places, 0))
    return jnp.where(jnp.any(waited >= patience), jnp.argmax(waited >= patience), places[-1])


def _stop(losses, patience, better=lambda loss, best, last: loss < best, reset=True, never=-1, count=0):
    """Return where a rule stops: what counts as better, whether that resets the count, what is returned at the end."""
    losses = np.asarray(losses).tolist()
    best = losses[0]
    for place in range(1, len(losses)):
        if better(losses[place], best, losses[place - 1]):
            best, count = losses[place], count if not reset else 0
        else:
            count += 1
        if count >= patience:
            return place
    return len(losses) + never if never is not None else None


early_stop.mistake(
    "That is the index of the best loss; asked is where training stops, patience losses later.",
    lambda losses, patience: jnp.argmin(losses),
    lambda losses, patience: jnp.argmin(losses[: _stop(losses, patience) + 1]),
)
early_stop.mistake(
    "Training stops one loss too late: it stops as soon as the count of losses without improvement reaches patience.",
    lambda losses, patience: _stop(losses, patience + 1),
)
early_stop.mistake(
    "Training stops one loss too early: the best loss itself is not one of the patience losses without improvement.",
    lambda losses, patience: _stop(losses, patience - 1),
)
early_stop.mistake(
    "Training stops at the first loss that is no improvement; patience is how many of them in a row it takes.",
    lambda losses, patience: _stop(losses, 1),
)
early_stop.mistake(
    "Each loss is compared with the one before it; compare it with the best so far.",
    lambda losses, patience: _stop(losses, patience, lambda loss, best, last: loss < last),
)
early_stop.mistake(
    "A new best loss must set the count back to 0: only losses in a row count.",
    lambda losses, patience: _stop(losses, patience, reset=False),
)
early_stop.mistake(
    "An equal loss is no improvement: it counts as one of the patience losses.",
    lambda losses, patience: _stop(losses, patience, lambda loss, best, last: loss <= best),
)
early_stop.mistake(
    "Where training is never stopped, the answer is the last index, len(losses) - 1.",
    lambda losses, patience: _stop(losses, patience, never=0),
    lambda losses, patience: _stop(losses, patience, never=None),
    lambda losses, patience: _stop(losses, patience, never=-len(losses) - 1),
    lambda losses, patience: _stop(losses, patience, never=-len(losses)),
)
early_stop.mistake(
    "You look ahead: the best loss of the whole list is not known yet when training stops.",
    lambda losses, patience: jnp.minimum(jnp.argmin(losses) + patience, len(losses) - 1),
    lambda losses, patience: jnp.argmin(losses) + patience,
)
early_stop.mistake(
    "Each loss is compared with the one that came patience losses before; compare it with the best so far.",
    lambda losses, patience: next(
        (place for place in range(patience, len(losses)) if losses[place] >= losses[place - patience]), len(losses) - 1
    ),
)
early_stop.mistake(
    "The first loss is left out: until a better one comes, it is the best.",
    lambda losses, patience: 1 + _stop(losses[1:], patience),
)
early_stop.mistake(
    "The count must start at 0: the first loss is the best so far, not one without improvement.",
    lambda losses, patience: _stop(losses, patience, count=1),
)
early_stop.mistake(
    "However little a loss is below the best, it is an improvement: compare with the best itself.",
    lambda losses, patience: _stop(losses, patience, lambda loss, best, last: loss < best - 1e-2),
    lambda losses, patience: _stop(losses, patience, lambda loss, best, last: loss < best - 1e-4),
    lambda losses, patience: _stop(losses, patience, lambda loss, best, last: loss < best - 1e-6),
    lambda losses, patience: _stop(
        losses, patience, lambda loss, best, last: loss < best and not np.isclose(loss, best)
    ),
)
early_stop.mistake(
    "Before the first loss there is no best: begin with that loss, or with infinity, for losses may be larger than any "
    "number of your choice.",
    lambda losses, patience: _stop(np.append(np.float64(1e9), losses), patience) - 1,
    lambda losses, patience: _stop(np.append(np.float64(100), losses), patience) - 1,
)
early_stop.mistake(
    "A loss may be negative: compare the losses themselves, not their sizes.",
    lambda losses, patience: _stop(losses, patience, lambda loss, best, last: abs(loss) < abs(best)),
)
early_stop.mistake(
    "Every loss is compared with the first one: remember the best so far and replace it by each better one.",
    lambda losses, patience: _stop(losses, patience, lambda loss, best, last: loss < losses[0]),
)
early_stop.mistake(
    "Small losses are good here: an improvement is a loss below the best.",
    lambda losses, patience: _stop(losses, patience, lambda loss, best, last: loss > best),
)
early_stop.mistake(
    "That is how many losses were seen; indices start at 0, so it is one too many.",
    lambda losses, patience: _stop(losses, patience) + 1,
)
early_stop.mistake(
    "That is a loss; asked is its index.",
    lambda losses, patience: losses[_stop(losses, patience)],
    lambda losses, patience: jnp.min(losses),
)
