"""Exercises of lesson 08: sequences."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import laws
from nnjax.exercises.exercise import Case, Loss, exercise
from nnjax.exercises.inputs import Key

LESSON = "08_rnn"


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(0, 0.7, shape).astype(np.float32)


def _short(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return numbers of one digit after the point, easy to read, none of them 0."""
    return (rng.choice([-1, 1], shape) * rng.integers(2, 12, shape) / 10).astype(np.float32)


Numbers = Callable[..., np.ndarray]


def _weights(rng: np.random.Generator, numbers: Numbers, inputs: int, hidden: int, gates: int = 1) -> Any:
    width = gates * hidden
    return {
        "Wx": numbers(rng, inputs, width),
        "Wh": numbers(rng, hidden, width),
        "b": numbers(rng, width),
    }


def _steps(gates: int) -> Callable[[np.random.Generator], list[Case]]:
    """Return what draws (params, h, x) of one time step."""

    def draw(rng: np.random.Generator) -> list[Case]:
        return [
            (_weights(rng, numbers, inputs, hidden, gates), numbers(rng, batch, hidden), numbers(rng, batch, inputs))
            for numbers, batch, inputs, hidden in ((_short, 1, 2, 2), (_normal, 3, 4, 5))
        ]

    return draw


@exercise(
    LESSON,
    draw=_steps(1),
    laws=[laws.PURE, laws.JIT],
    hints=[
        "It is a dense layer with two inputs, x and h, each with weights of its own, and one bias.",
        "Add x @ Wx, h @ Wh and b, and take the tanh of the sum.",
    ],
)
def rnn_step(params, h, x):
    """Return the state of a plain recurrent layer after one time step, h' = tanh(x Wx + h Wh + b).

    params is {"Wx": (in, hidden), "Wh": (hidden, hidden), "b": (hidden,)}; h, the state before, is (batch, hidden);
    x, the input of this time step, is (batch, in). The answer is (batch, hidden).
    """
    return jnp.tanh(x @ params["Wx"] + h @ params["Wh"] + params["b"])


def _summed(params: Any, h: Any, x: Any) -> Any:
    return x @ params["Wx"] + h @ params["Wh"] + params["b"]


rnn_step.mistake(
    "The tanh is missing: without it the states of a long sequence shrink to nothing or grow without limit.",
    lambda params, h, x: _summed(params, h, x),
)
rnn_step.mistake(
    "The bias is missing: add b before the tanh.", lambda params, h, x: jnp.tanh(x @ params["Wx"] + h @ params["Wh"])
)
rnn_step.mistake(
    "The bias is added after the tanh; it belongs inside.",
    lambda params, h, x: jnp.tanh(x @ params["Wx"] + h @ params["Wh"]) + params["b"],
)
rnn_step.mistake(
    "The state before is not used, so this layer has no memory: add h Wh.",
    lambda params, h, x: jnp.tanh(x @ params["Wx"] + params["b"]),
)
rnn_step.mistake(
    "The input of this time step is not used: add x Wx.", lambda params, h, x: jnp.tanh(h @ params["Wh"] + params["b"])
)
rnn_step.mistake(
    "Wh is transposed: rows are examples here, so the product is h @ Wh.",
    lambda params, h, x: jnp.tanh(x @ params["Wx"] + h @ params["Wh"].T + params["b"]),
)
rnn_step.mistake(
    "The two matrices are exchanged: Wx belongs to the input x, Wh to the state h.",
    lambda params, h, x: jnp.tanh(x @ params["Wh"] + h @ params["Wx"] + params["b"]),
)
rnn_step.mistake(
    "That is the sigmoid of the sum; this layer takes its tanh.",
    lambda params, h, x: jax.nn.sigmoid(_summed(params, h, x)),
)
rnn_step.mistake(
    "The part of the state stands outside the tanh: add first, and take the tanh of the whole sum.",
    lambda params, h, x: jnp.tanh(x @ params["Wx"] + params["b"]) + h @ params["Wh"],
)
rnn_step.mistake(
    "The old state is added to the new one: h enters through Wh alone.",
    lambda params, h, x: h + jnp.tanh(_summed(params, h, x)),
)


def _sequences(rng: np.random.Generator) -> list[Case]:
    return [
        (_weights(rng, _short, 1, 2), _short(rng, 1, 3, 1)),
        (_weights(rng, _normal, 3, 5), _normal(rng, 2, 4, 3)),
    ]


@exercise(
    LESSON,
    draw=_sequences,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT, laws.flops(3)],
    hints=[
        "What is handed from step to step is h, (batch, hidden), zeros before the first.",
        "jax.lax.scan(step, h, inputs) walks along the first axis of inputs; here time is the second axis of xs.",
        "step(h, x) returns (new state, what to keep), here twice the same. Exchange the first two axes before the "
        "scan, and those of what it kept after it.",
    ],
)
def rnn_apply(params, xs):
    """Return the states h_1, h_2 and so on of a plain recurrent layer.

    h_t = tanh(x_t Wx + h_(t-1) Wh + b), from h_0 = 0.

    params is {"Wx": (in, hidden), "Wh": (hidden, hidden), "b": (hidden,)}; xs is (batch, time, in). The answer, without
    h_0, is (batch, time, hidden). jax.lax.scan is made for this, but a loop is right as well.
    """

    def step(h, x):
        h = jnp.tanh(x @ params["Wx"] + h @ params["Wh"] + params["b"])
        return h, h

    start = jnp.zeros((xs.shape[0], params["Wh"].shape[0]))
    _, hs = jax.lax.scan(step, start, jnp.swapaxes(xs, 0, 1))
    return jnp.swapaxes(hs, 0, 1)


def _states(params: Any, inputs: Any, step: Callable[..., Any] = rnn_step.reference, start: float = 0.0) -> list[Any]:
    """Return h_0 and the states after each of the inputs."""
    hs = [jnp.full((len(inputs[0]), params["Wh"].shape[0]), start)]
    for x in inputs:
        hs.append(step(params, hs[-1], x))
    return hs


def _by_time(xs: Any) -> Any:
    return jnp.swapaxes(xs, 0, 1)


rnn_apply.mistake(
    "Time comes first in what you return: exchange the axes back, to (batch, time, hidden).",
    lambda params, xs: jnp.stack(_states(params, _by_time(xs))[1:]),
)
rnn_apply.mistake(
    "You walk along the batch as if it were time: time is the second axis of xs.",
    lambda params, xs: jnp.stack(_states(params, xs)[1:]),
)
rnn_apply.mistake(
    "Only the last state came back; the states of all time steps are asked for.",
    lambda params, xs: _states(params, _by_time(xs))[-1],
)
rnn_apply.mistake(
    "You return what scan returns, the last state and all states; only the latter are asked for, batch first.",
    lambda params, xs: (_states(params, _by_time(xs))[-1], jnp.stack(_states(params, _by_time(xs))[1:])),
    lambda params, xs: (_states(params, _by_time(xs))[-1], jnp.stack(_states(params, _by_time(xs))[1:], axis=1)),
)
rnn_apply.mistake(
    "The state is not handed on: each step starts from what the one before gave, not from zeros.",
    lambda params, xs: jnp.tanh(xs @ params["Wx"] + params["b"]),
)
rnn_apply.mistake(
    "The zeros before the first step are among the answers, one state too many: begin with h_1.",
    lambda params, xs: jnp.stack(_states(params, _by_time(xs)), axis=1),
)
rnn_apply.mistake(
    "All states come one step late: keep the state after each step, not the one before it.",
    lambda params, xs: jnp.stack(_states(params, _by_time(xs))[:-1], axis=1),
)
rnn_apply.mistake(
    "You walk from the last time step to the first; the first comes first.",
    lambda params, xs: jnp.stack(_states(params, _by_time(xs)[::-1])[1:], axis=1),
    lambda params, xs: jnp.stack(_states(params, _by_time(xs)[::-1])[:0:-1], axis=1),
)
rnn_apply.mistake(
    "The state before the first step must be zeros, not ones.",
    lambda params, xs: jnp.stack(_states(params, _by_time(xs), start=1.0)[1:], axis=1),
)
rnn_apply.mistake(
    "The bias is missing: every step adds b.",
    lambda params, xs: jnp.stack(_states({**params, "b": 0}, _by_time(xs))[1:], axis=1),
)
rnn_apply.mistake(
    "Wh is transposed: the product is h @ Wh.",
    lambda params, xs: jnp.stack(_states({**params, "Wh": params["Wh"].T}, _by_time(xs))[1:], axis=1),
)
rnn_apply.mistake(
    "The tanh is missing from the step.",
    lambda params, xs: jnp.stack(_states(params, _by_time(xs), _summed)[1:], axis=1),
)


def _sequences_and_slopes(rng: np.random.Generator) -> list[Case]:
    return [
        (_weights(rng, _short, 1, 2), _short(rng, 1, 2, 1), _short(rng, 1, 2, 2)),
        (_weights(rng, _normal, 3, 5), _normal(rng, 2, 4, 3), _normal(rng, 2, 4, 5)),
    ]


def _states_sum(case: Case, params: Any) -> float:
    """Return sum(dhs * rnn_apply(params, xs))."""
    _, xs, dhs = case
    h, total = np.zeros(len(params["Wh"])), 0.0
    for t in range(xs.shape[1]):
        h = np.tanh(np.float64(xs[:, t]) @ params["Wx"] + h @ params["Wh"] + params["b"])
        total += np.sum(h * dhs[:, t])
    return float(total)


@exercise(
    LESSON,
    draw=_sequences_and_slopes,
    points=3,
    difficulty=3,
    by_hand=True,
    laws=[laws.PURE, laws.JIT.on(0), laws.flops(3)],
    loss=Loss(_states_sum, lambda case: case[0]),
    hints=[
        "Walk forward first and keep all states. Then walk from the last time step to the first, with the gradient "
        "that is handed back from the step after, zeros at the end.",
        "h_t touches the loss as output t, with its part of dhs, and through step t + 1: add the two. Times the slope "
        "of tanh, 1 - h_t^2, that is delta_t.",
        "delta_t Wh^T is what step t hands back to step t - 1.",
        "Each weight is used at every step, so its gradient is a sum over the steps: x_t^T delta_t, h_(t-1)^T delta_t "
        "and the column sums of delta_t.",
    ],
)
def rnn_backward(params, xs, dhs):
    """Return the gradients of a loss by the parameters of rnn_apply: backpropagation through time.

    The states are h_t = tanh(x_t Wx + h_(t-1) Wh + b), from h_0 = 0. params is {"Wx": (in, hidden), "Wh": (hidden,
    hidden), "b": (hidden,)}; xs is (batch, time, in); dhs (batch, time, hidden) is the gradient of the loss by the
    states as rnn_apply returns them, so that what h_t does to later states is not in it. The answer is {"Wx", "Wh",
    "b"}, of the shapes of params, summed over batch and time: the mean, if the loss has one, is in dhs already. Derive
    it by hand: JAX's autodiff is switched off.
    """
    Wx, Wh, b = params["Wx"], params["Wh"], params["b"]
    hs = [jnp.zeros((xs.shape[0], Wh.shape[0]))]
    for t in range(xs.shape[1]):
        hs.append(jnp.tanh(xs[:, t] @ Wx + hs[t] @ Wh + b))
    grads = jax.tree.map(jnp.zeros_like, params)
    handed_back = jnp.zeros_like(hs[0])
    for t in reversed(range(xs.shape[1])):
        delta = (dhs[:, t] + handed_back) * (1 - hs[t + 1] ** 2)
        step = {"Wx": xs[:, t].T @ delta, "Wh": hs[t].T @ delta, "b": delta.sum(0)}
        grads = jax.tree.map(jnp.add, grads, step)
        handed_back = delta @ Wh.T
    return grads


def _deltas(
    params: Any,
    xs: Any,
    dhs: Any,
    delta: Callable[..., Any] = lambda dh, handed_back, h: (dh + handed_back) * (1 - h**2),
    back: Callable[..., Any] = lambda delta, Wh: delta @ Wh.T,
) -> tuple[Any, Any, Any]:
    """Return the states before the steps, those after them, and the deltas, each (time, batch, hidden)."""
    hs = _states(params, _by_time(xs))
    handed_back, deltas = jnp.zeros_like(hs[0]), []
    for t in reversed(range(xs.shape[1])):
        deltas.append(delta(dhs[:, t], handed_back, hs[t + 1]))
        handed_back = back(deltas[-1], params["Wh"])
    return jnp.stack(hs[:-1]), jnp.stack(hs[1:]), jnp.stack(deltas[::-1])


def _gradients(params: Any, xs: Any, dhs: Any, **rules: Any) -> Any:
    before, _, deltas = _deltas(params, xs, dhs, **rules)
    return {
        "Wx": jnp.einsum("bti,tbh->ih", xs, deltas),
        "Wh": jnp.einsum("tbk,tbh->kh", before, deltas),
        "b": deltas.sum((0, 1)),
    }


def _at_the_last_step(params, xs, dhs):
    before, _, deltas = _deltas(params, xs, dhs)
    return {"Wx": xs[:, -1].T @ deltas[-1], "Wh": before[-1].T @ deltas[-1], "b": deltas[-1].sum(0)}


def _at_the_first_step(params, xs, dhs):
    before, _, deltas = _deltas(params, xs, dhs)
    return {"Wx": xs[:, 0].T @ deltas[0], "Wh": before[0].T @ deltas[0], "b": deltas[0].sum(0)}


def _walking_forward(params, xs, dhs):
    hs = _states(params, _by_time(xs))
    handed_on, grads = jnp.zeros_like(hs[0]), jax.tree.map(jnp.zeros_like, params)
    for t in range(xs.shape[1]):
        delta = (dhs[:, t] + handed_on) * (1 - hs[t + 1] ** 2)
        step = {"Wx": xs[:, t].T @ delta, "Wh": hs[t].T @ delta, "b": delta.sum(0)}
        grads = jax.tree.map(jnp.add, grads, step)
        handed_on = delta @ params["Wh"].T
    return grads


def _after(params, xs, dhs):
    _, after, deltas = _deltas(params, xs, dhs)
    return _gradients(params, xs, dhs) | {"Wh": jnp.einsum("tbk,tbh->kh", after, deltas)}


rnn_backward.mistake(
    "Nothing is handed back from step to step: h_t touches the loss through step t + 1 as well, by delta_(t+1) Wh^T.",
    lambda params, xs, dhs: _gradients(params, xs, dhs, delta=lambda dh, handed_back, h: dh * (1 - h**2)),
)
rnn_backward.mistake(
    "The slope of tanh is missing: delta is what comes to h_t, times 1 - h_t^2.",
    lambda params, xs, dhs: _gradients(params, xs, dhs, delta=lambda dh, handed_back, h: dh + handed_back),
)
rnn_backward.mistake(
    "The slope of tanh is 1 - h^2, not 1 - h.",
    lambda params, xs, dhs: _gradients(params, xs, dhs, delta=lambda dh, handed_back, h: (dh + handed_back) * (1 - h)),
)
rnn_backward.mistake(
    "That is the slope of the sigmoid, h (1 - h); for the tanh it is another one.",
    lambda params, xs, dhs: _gradients(
        params, xs, dhs, delta=lambda dh, handed_back, h: (dh + handed_back) * h * (1 - h)
    ),
)
rnn_backward.mistake(
    "What is handed back goes through the tanh of step t too: add it to dh_t before you multiply by the slope.",
    lambda params, xs, dhs: _gradients(params, xs, dhs, delta=lambda dh, handed_back, h: dh * (1 - h**2) + handed_back),
)
rnn_backward.mistake(
    "On the way back the product is with Wh transposed.",
    lambda params, xs, dhs: _gradients(params, xs, dhs, back=lambda delta, Wh: delta @ Wh),
)
rnn_backward.mistake("The gradient by Wh meets the state before the step, h_(t-1), not the one after it.", _after)
rnn_backward.mistake(
    "Only one time step counts in your sum: every step used the same weights, so add up the steps.",
    _at_the_last_step,
    _at_the_first_step,
)
rnn_backward.mistake(
    "Only the gradient by the last output is used: each output of the sequence brings its own dh_t.",
    lambda params, xs, dhs: _gradients(params, xs, dhs.at[:, :-1].set(0.0)),
)
rnn_backward.mistake(
    "You divide by the batch size: dhs is the gradient by each state already, so sum.",
    lambda params, xs, dhs: _gradients(params, xs, dhs / len(xs)),
)
rnn_backward.mistake(
    "You take the mean over the time steps; the gradients of all steps add up.",
    lambda params, xs, dhs: _gradients(params, xs, dhs / xs.shape[1]),
)
rnn_backward.mistake(
    "You walk from the first time step to the last; gradients go back, from the last to the first.", _walking_forward
)


def _lstm_steps(rng: np.random.Generator) -> list[Case]:
    return [
        (_weights(rng, numbers, inputs, hidden, 4), (numbers(rng, batch, hidden), numbers(rng, batch, hidden)),
         numbers(rng, batch, inputs))
        for numbers, batch, inputs, hidden in ((_short, 1, 1, 1), (_normal, 3, 4, 5))
    ]  # fmt: skip


@exercise(
    LESSON,
    draw=_lstm_steps,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "x Wx + h Wh + b is computed once, for all four blocks; jnp.split(..., 4, axis=-1) gives them.",
        "i, f and o are gates between 0 and 1, sigmoids; g is what would be written, a tanh.",
        "The new cell is f times the old cell plus i times g, and the new h is o times the tanh of the new cell.",
    ],
)
def lstm_step(params, state, x):
    """Return the state (h', c') of an LSTM after one time step,

    c' = f c + i g  and  h' = o tanh(c'),  with a = x Wx + h Wh + b,
    i = sigmoid(a_i), f = sigmoid(a_f), g = tanh(a_g), o = sigmoid(a_o).

    a_i, a_f, a_g, a_o are the four blocks of columns of a, in this order. state is the pair (h, c), both (batch,
    hidden); x is (batch, in); params is {"Wx": (in, 4 hidden), "Wh": (hidden, 4 hidden), "b": (4 hidden,)}.
    """
    h, c = state
    i, f, g, o = jnp.split(x @ params["Wx"] + h @ params["Wh"] + params["b"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _updated(i: Any, f: Any, g: Any, o: Any, c: Any) -> Any:
    """Return (h', c') from the four blocks before their activations."""
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _lstm(params: Any, state: Any, x: Any, update: Callable[..., Any]) -> Any:
    h, c = state
    return update(*jnp.split(_summed(params, h, x), 4, axis=-1), c)


def _shown(o: Any, c: Any) -> Any:
    """Return (h', c') from the block of the output gate and the new cell."""
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


lstm_step.mistake(
    "The blocks are in the order i f g o: in yours the third is the output gate and the fourth what is written.",
    lambda params, state, x: _lstm(params, state, x, lambda i, f, o, g, c: _updated(i, f, g, o, c)),
)
lstm_step.mistake(
    "Input gate and forget gate are exchanged: the first block is i, the second f.",
    lambda params, state, x: _lstm(params, state, x, lambda f, i, g, o, c: _updated(i, f, g, o, c)),
)
lstm_step.mistake(
    "g is not a gate: it is what is written, between -1 and 1, a tanh.",
    lambda params, state, x: _lstm(
        params, state, x,
        lambda i, f, g, o, c: _shown(o, jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jax.nn.sigmoid(g)),
    ),
)  # fmt: skip
lstm_step.mistake(
    "h' is o times the tanh of the new cell; the tanh is missing.",
    lambda params, state, x: _lstm(
        params,
        state,
        x,
        lambda i, f, g, o, c: (jax.nn.sigmoid(o) * _updated(i, f, g, o, c)[1], _updated(i, f, g, o, c)[1]),
    ),
)
lstm_step.mistake(
    "The forget gate is missing: the old cell is kept as far as f says.",
    lambda params, state, x: _lstm(
        params, state, x, lambda i, f, g, o, c: _shown(o, c + jax.nn.sigmoid(i) * jnp.tanh(g))
    ),
)
lstm_step.mistake(
    "The input gate is missing: g is written as far as i says.",
    lambda params, state, x: _lstm(
        params, state, x, lambda i, f, g, o, c: _shown(o, jax.nn.sigmoid(f) * c + jnp.tanh(g))
    ),
)
lstm_step.mistake(
    "What is written is weighted with 1 - f; an LSTM has an input gate of its own for that.",
    lambda params, state, x: _lstm(
        params, state, x,
        lambda i, f, g, o, c: _shown(o, jax.nn.sigmoid(f) * c + (1 - jax.nn.sigmoid(f)) * jnp.tanh(g)),
    ),
)  # fmt: skip
lstm_step.mistake(
    "The old cell is kept with 1 - i; an LSTM has a forget gate of its own for that.",
    lambda params, state, x: _lstm(
        params, state, x,
        lambda i, f, g, o, c: _shown(o, (1 - jax.nn.sigmoid(i)) * c + jax.nn.sigmoid(i) * jnp.tanh(g)),
    ),
)  # fmt: skip
lstm_step.mistake(
    "The output gate is missing: h' shows of the cell what o lets through.",
    lambda params, state, x: _lstm(
        params, state, x, lambda i, f, g, o, c: (jnp.tanh(_updated(i, f, g, o, c)[1]), _updated(i, f, g, o, c)[1])
    ),
)
lstm_step.mistake(
    "h' is made of the old cell: update c first, then take its tanh.",
    lambda params, state, x: _lstm(
        params, state, x, lambda i, f, g, o, c: (_shown(o, c)[0], _updated(i, f, g, o, c)[1])
    ),
)
lstm_step.mistake(
    "The state is (h, c), in this order; you return (c, h).",
    lambda params, state, x: _lstm(params, state, x, _updated)[::-1],
)
lstm_step.mistake(
    "The tanh of the cell is for h' alone: the cell itself goes on as it is.",
    lambda params, state, x: _lstm(
        params, state, x, lambda *blocks: (_updated(*blocks)[0], jnp.tanh(_updated(*blocks)[1]))
    ),
)
lstm_step.mistake(
    "You take the state as (c, h): h comes first and enters the product with Wh, c comes second.",
    lambda params, state, x: _lstm(params, state[::-1], x, _updated),
)
lstm_step.mistake(
    "Only h came back; the next step needs the cell as well, so return (h, c).",
    lambda params, state, x: _lstm(params, state, x, _updated)[0],
)
lstm_step.mistake(
    "The bias is missing: add b to all four blocks.",
    lambda params, state, x: _lstm({**params, "b": 0}, state, x, _updated),
)
lstm_step.mistake(
    "The gates do not see the state before: add h Wh.",
    lambda params, state, x: _lstm({**params, "Wh": 0 * params["Wh"]}, state, x, _updated),
)


def _lstm_steps_and_slopes(rng: np.random.Generator) -> list[Case]:
    cases = _lstm_steps(rng)
    return [
        (*case, (numbers(rng, *case[1][0].shape), numbers(rng, *case[1][0].shape)))
        for numbers, case in zip((_short, _normal), cases, strict=True)
    ]


def _state_sum(case: Case, point: Any) -> float:
    """Return sum(dh * h') + sum(dc * c') of lstm_step."""
    (dh, dc), (params, (h, c), x) = case[3], point
    i, f, g, o = np.split(np.float64(x) @ params["Wx"] + h @ params["Wh"] + params["b"], 4, axis=1)
    c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    return float(np.sum(dh * np.tanh(c) / (1 + np.exp(-o))) + np.sum(dc * c))


@exercise(
    LESSON,
    draw=_lstm_steps_and_slopes,
    points=3,
    difficulty=3,
    by_hand=True,
    laws=[laws.PURE, laws.JIT],
    loss=Loss(_state_sum, lambda case: case[:3]),
    hints=[
        "Do the step forward once more and keep i, f, g, o and tanh(c').",
        "c' touches the loss as itself and through h' = o tanh(c'): all that comes to it is dc' + dh' o (1 - "
        "tanh(c')^2).",
        "In a product each factor gets the other one: i gets that times g, f times the old c, g times i; o gets dh' "
        "tanh(c'). Each times the slope of its activation, side by side: that is delta, the gradient by a.",
        "The rest is a dense layer with two inputs: x^T delta, h^T delta, column sums, delta Wh^T and delta Wx^T. The "
        "old cell gets what came to c', times f.",
    ],
)
def lstm_step_backward(params, state, x, dstate):
    """Return (grads, (dh, dc), dx), the gradients of a loss by the parameters, the state and the input of lstm_step.

    dstate is (dh', dc'), the gradient of the loss by the state that lstm_step returns, h' = o tanh(c') and
    c' = f c + i g, where i, f, o are the sigmoids and g the tanh of the blocks of columns, in the order i f g o, of
    x Wx + h Wh + b.
    What c' does to h' is not in dc'.

    params is {"Wx": (in, 4 hidden), "Wh": (hidden, 4 hidden), "b": (4 hidden,)}; grads has its shapes, and is summed
    over the batch. state is (h, c), both (batch, hidden), as are dh, dc, dh' and dc'; x and dx are (batch, in). Derive
    it by hand: JAX's autodiff is switched off.
    """
    (h, c), (dh, dc) = state, dstate
    i, f, g, o = jnp.split(x @ params["Wx"] + h @ params["Wh"] + params["b"], 4, axis=-1)
    i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
    shown = jnp.tanh(f * c + i * g)
    dc = dc + dh * o * (1 - shown**2)
    di, df, dg, do = dc * g, dc * c, dc * i, dh * shown
    delta = jnp.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=-1)
    grads = {"Wx": x.T @ delta, "Wh": h.T @ delta, "b": delta.sum(0)}
    return grads, (delta @ params["Wh"].T, dc * f), delta @ params["Wx"].T


def _slopes(i: Any, f: Any, g: Any, o: Any) -> tuple[Any, ...]:
    return i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)


def _lstm_back(
    params: Any,
    state: Any,
    x: Any,
    dstate: Any,
    to_cell: Callable[..., Any] = lambda dh, dc, o, shown: dc + dh * o * (1 - shown**2),
    factors: Callable[..., Any] = lambda i, g, c, new: (g, c, i),
    slopes: Callable[..., Any] = _slopes,
    order: tuple[int, ...] = (0, 1, 2, 3),
) -> Any:
    (h, c), (dh, dc) = state, dstate
    i, f, g, o = jnp.split(_summed(params, h, x), 4, axis=-1)
    i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
    new = f * c + i * g
    dc = to_cell(dh, dc, o, jnp.tanh(new))
    gates = [*(dc * factor for factor in factors(i, g, c, new)), dh * jnp.tanh(new)]
    parts = [gate * slope for gate, slope in zip(gates, slopes(i, f, g, o), strict=True)]
    delta = jnp.concatenate([parts[place] for place in order], axis=-1)
    grads = {"Wx": x.T @ delta, "Wh": h.T @ delta, "b": delta.sum(0)}
    return grads, (delta @ params["Wh"].T, dc * f), delta @ params["Wx"].T


def _cell_unforgotten(params, state, x, dstate):
    grads, (dh, _), dx = _lstm_back(params, state, x, dstate)
    o = jnp.split(jax.nn.sigmoid(_summed(params, state[0], x)), 4, axis=-1)[3]
    _, c = _lstm(params, state, x, _updated)
    return grads, (dh, dstate[1] + dstate[0] * o * (1 - jnp.tanh(c) ** 2)), dx


def _cell_from_outside(params, state, x, dstate):
    grads, (dh, _), dx = _lstm_back(params, state, x, dstate)
    f = jnp.split(jax.nn.sigmoid(_summed(params, state[0], x)), 4, axis=-1)[1]
    return grads, (dh, dstate[1] * f), dx


def _without_batch_sum(params, state, x, dstate):
    grads, state, dx = _lstm_back(params, state, x, dstate)
    return {**grads, "b": grads["b"] / len(x)}, state, dx


lstm_step_backward.mistake(
    "The way from h' to c' is missing: h' = o tanh(c'), so add dh' o (1 - tanh(c')^2) to dc'.",
    lambda params, state, x, dstate: _lstm_back(params, state, x, dstate, to_cell=lambda dh, dc, o, shown: dc),
)
lstm_step_backward.mistake(
    "dc', which comes from the step after, is not used: add it to what comes through h'.",
    lambda params, state, x, dstate: _lstm_back(
        params, state, x, dstate, to_cell=lambda dh, dc, o, shown: dh * o * (1 - shown**2)
    ),
)
lstm_step_backward.mistake(
    "Between h' and c' stands a tanh, whose slope, 1 - tanh(c')^2, is missing.",
    lambda params, state, x, dstate: _lstm_back(params, state, x, dstate, to_cell=lambda dh, dc, o, shown: dc + dh * o),
)
lstm_step_backward.mistake(
    "h' = o tanh(c'): on the way from h' to c' the factor o is missing.",
    lambda params, state, x, dstate: _lstm_back(
        params, state, x, dstate, to_cell=lambda dh, dc, o, shown: dc + dh * (1 - shown**2)
    ),
)
lstm_step_backward.mistake(
    "The slopes of the activations are missing: a gate gets its gradient times i (1 - i) and so on, g times 1 - g^2.",
    lambda params, state, x, dstate: _lstm_back(params, state, x, dstate, slopes=lambda i, f, g, o: (1, 1, 1, 1)),
)
lstm_step_backward.mistake(
    "g is a tanh, so its slope is 1 - g^2, not g (1 - g).",
    lambda params, state, x, dstate: _lstm_back(
        params, state, x, dstate, slopes=lambda i, f, g, o: (i * (1 - i), f * (1 - f), g * (1 - g), o * (1 - o))
    ),
)
lstm_step_backward.mistake(
    "The forget gate was multiplied with the old cell, so its gradient is with c, not with c'.",
    lambda params, state, x, dstate: _lstm_back(params, state, x, dstate, factors=lambda i, g, c, new: (g, new, i)),
)
lstm_step_backward.mistake(
    "In a product each factor gets the other one: i gets g, and g gets i.",
    lambda params, state, x, dstate: _lstm_back(params, state, x, dstate, factors=lambda i, g, c, new: (i, c, g)),
)
lstm_step_backward.mistake(
    "The blocks of delta are in another order than those of a, i f g o.",
    lambda params, state, x, dstate: _lstm_back(params, state, x, dstate, order=(0, 1, 3, 2)),
    lambda params, state, x, dstate: _lstm_back(params, state, x, dstate, order=(1, 0, 2, 3)),
)
lstm_step_backward.mistake("The old cell was multiplied by the forget gate: dc lacks the factor f.", _cell_unforgotten)
lstm_step_backward.mistake(
    "To the old cell goes all that came to c', also through h', not dc' alone, times f.", _cell_from_outside
)
lstm_step_backward.mistake(
    "You divide by the batch size: dh' and dc' are gradients by each row already, so sum.",
    lambda params, state, x, dstate: (
        jax.tree.map(lambda grad: grad / len(x), _lstm_back(params, state, x, dstate)[0]),
        *_lstm_back(params, state, x, dstate)[1:],
    ),
    _without_batch_sum,
)
lstm_step_backward.mistake(
    "The gradient by the state is (dh, dc), as the state is (h, c); you have dc first.",
    lambda params, state, x, dstate: (lambda grads, before, dx: (grads, before[::-1], dx))(
        *_lstm_back(params, state, x, dstate)
    ),
)
lstm_step_backward.mistake(
    "The order is (grads, (dh, dc), dx), and you begin with dx.",
    lambda params, state, x, dstate: _lstm_back(params, state, x, dstate)[::-1],
)


@exercise(
    LESSON,
    draw=_steps(3),
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "r and z see x and h as they are; n sees x, and h times r.",
        "So x Wx + b can be computed at once for all three blocks, but h Wh cannot: split Wh into its three blocks.",
        "n = tanh(its part of x Wx + b, plus (r h) @ Wh_n); z then says how much of the old h stays.",
    ],
)
def gru_step(params, h, x):
    """Return the state h' of a gated recurrent unit after one time step,

    r = sigmoid(x Wx_r + h Wh_r + b_r),  z = sigmoid(x Wx_z + h Wh_z + b_z),
    n = tanh(x Wx_n + (r h) Wh_n + b_n),  h' = (1 - z) n + z h.

    The reset gate r multiplies h before the product with Wh_n. The three blocks of columns of params are in the order
    r z n: {"Wx": (in, 3 hidden), "Wh": (hidden, 3 hidden), "b": (3 hidden,)}. h and the answer are (batch, hidden); x
    is (batch, in).
    """
    r, z, n = jnp.split(x @ params["Wx"] + params["b"], 3, axis=-1)
    Wh_r, Wh_z, Wh_n = jnp.split(params["Wh"], 3, axis=-1)
    r = jax.nn.sigmoid(r + h @ Wh_r)
    z = jax.nn.sigmoid(z + h @ Wh_z)
    n = jnp.tanh(n + (r * h) @ Wh_n)
    return (1 - z) * n + z * h


def _gru(
    params: Any,
    h: Any,
    x: Any,
    new: Callable[..., Any] = lambda r, h, xn, Wn: jnp.tanh(xn + (r * h) @ Wn),
    mixed: Callable[..., Any] = lambda z, n, h: (1 - z) * n + z * h,
    order: tuple[int, ...] = (0, 1, 2),
) -> Any:
    inputs, weights = (
        [blocks[place] for place in order]
        for blocks in (
            jnp.split(x @ params["Wx"] + params["b"], 3, axis=-1),
            jnp.split(params["Wh"], 3, axis=-1),
        )
    )
    r, z = (jax.nn.sigmoid(a + h @ W) for a, W in zip(inputs[:2], weights[:2], strict=True))
    return mixed(z, new(r, h, inputs[2], weights[2]), h)


def _bias_inside(params, h, x):
    b = jnp.split(params["b"], 3)[2]
    return _gru(params, h, x, new=lambda r, h, xn, Wn: jnp.tanh(xn - b + r * (h @ Wn + b)))


gru_step.mistake(
    "You reset after the product, r (h Wh_n), as PyTorch does; here r multiplies h before it, (r h) Wh_n.",
    lambda params, h, x: _gru(params, h, x, new=lambda r, h, xn, Wn: jnp.tanh(xn + r * (h @ Wn))),
)
gru_step.mistake(
    "You reset after the product, and the bias with it; r multiplies h alone, before the product.", _bias_inside
)
gru_step.mistake(
    "The reset gate multiplies the input as well; it belongs to h alone.",
    lambda params, h, x: _gru(params, h, x, new=lambda r, h, xn, Wn: jnp.tanh(r * xn + (r * h) @ Wn)),
    lambda params, h, x: _gru(params, h, x, new=lambda r, h, xn, Wn: jnp.tanh(r * (xn + h @ Wn))),
)
gru_step.mistake(
    "The reset gate is not used: n sees the old state only as far as r lets it.",
    lambda params, h, x: _gru(params, h, x, new=lambda r, h, xn, Wn: jnp.tanh(xn + h @ Wn)),
)
gru_step.mistake(
    "z is the wrong way round: here it is the share of the old state, h' = (1 - z) n + z h.",
    lambda params, h, x: _gru(params, h, x, mixed=lambda z, n, h: z * n + (1 - z) * h),
)
gru_step.mistake(
    "The blocks are in the order r z n, the reset gate first; you took z first.",
    lambda params, h, x: _gru(params, h, x, order=(1, 0, 2)),
)
gru_step.mistake(
    "n is no gate: it is the proposed state, a tanh.",
    lambda params, h, x: _gru(params, h, x, new=lambda r, h, xn, Wn: jax.nn.sigmoid(xn + (r * h) @ Wn)),
)
gru_step.mistake(
    "The bias is missing: add b to all three blocks.", lambda params, h, x: _gru({**params, "b": 0 * params["b"]}, h, x)
)
gru_step.mistake(
    "Of the old state nothing stays: add z h.",
    lambda params, h, x: _gru(params, h, x, mixed=lambda z, n, h: (1 - z) * n),
)
gru_step.mistake(
    "The proposed state counts in full: weight it with 1 - z, so that the shares add up to 1.",
    lambda params, h, x: _gru(params, h, x, mixed=lambda z, n, h: n + z * h),
)
gru_step.mistake(
    "That is the proposed state n; mix it with the old one, as z says.",
    lambda params, h, x: _gru(params, h, x, mixed=lambda z, n, h: n),
)


def _gradients_to_clip(rng: np.random.Generator) -> list[Case]:
    """Return gradients and limits, also where the square of the norm lies on the other side of the limit."""

    def layers(norm: float) -> dict[str, Any]:
        layer = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4)}
        drawn = {"layers": [layer, (rng.normal(size=(4, 2)), rng.normal(size=2))], "slope": rng.normal()}
        scale = norm / np.sqrt(sum(np.sum(leaf**2) for leaf in jax.tree.leaves(drawn)))
        return jax.tree.map(lambda leaf: np.float32(scale * leaf), drawn)

    signs = rng.choice([-1.0, 1.0], 2)
    return [
        ({"W": np.float32([3 * signs[0], 0]), "b": np.float32([4 * signs[1]])}, 2.0),
        (layers(10.0), 1.5),
        (layers(2.0), 3.0),
        (jax.tree.map(np.zeros_like, layers(1.0)), 0.5),
        (layers(0.8), 0.7),
        (layers(0.8), 0.5),
    ]


@exercise(
    LESSON,
    draw=_gradients_to_clip,
    laws=[laws.PURE.on(0, 1), laws.JIT.on(1, 3)],
    hints=[
        "There is one norm for all gradients together: jax.tree.leaves gives the arrays whose squares are summed.",
        "Each leaf is multiplied by the same number, the limit over the norm, but by 1 where the norm is below the "
        "limit; jax.tree.map keeps the tree.",
        "That number is limit / max(norm, limit), which never divides by 0.",
    ],
)
def clip_by_global_norm(grads, limit):
    """Return the gradients, scaled by limit / norm where norm > limit, and as they are where it is not.

    norm is the square root of the sum of the squares of all entries of all leaves together. grads is any pytree of
    arrays, such as a list of dicts, and the answer is the same tree; limit is a positive number. The norm may be 0.
    """
    norm = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(grads)))
    scale = limit / jnp.maximum(norm, limit)
    return jax.tree.map(lambda leaf: leaf * scale, grads)


def _norm(grads: Any) -> Any:
    return jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(grads)))


def _scaled(grads: Any, scale: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf * scale, grads)


clip_by_global_norm.mistake(
    "Each array is clipped by its own norm, which turns the direction of the step: take one norm of all together.",
    lambda grads, limit: jax.tree.map(lambda leaf: leaf * limit / jnp.maximum(_norm(leaf), limit), grads),
)
clip_by_global_norm.mistake(
    "Each entry is cut off at the limit, which turns the direction of the step: scale all entries by one number.",
    lambda grads, limit: jax.tree.map(lambda leaf: jnp.clip(leaf, -limit, limit), grads),
)
clip_by_global_norm.mistake(
    "Gradients whose norm is below the limit must stay as they are; you stretch them to it.",
    lambda grads, limit: _scaled(grads, limit / _norm(grads)),
    lambda grads, limit: _scaled(grads, limit / jnp.maximum(_norm(grads), 1e-6)),
    lambda grads, limit: _scaled(grads, limit / jnp.maximum(_norm(grads), 1e-8)),
)
clip_by_global_norm.mistake(
    "The root is missing: the norm is the square root of the sum of squares.",
    lambda grads, limit: _scaled(grads, limit / jnp.maximum(_norm(grads) ** 2, limit)),
)
clip_by_global_norm.mistake(
    "You compare the square of the norm with the limit; it is the norm itself, the root, that counts.",
    lambda grads, limit: _scaled(grads, jnp.where(_norm(grads) ** 2 > limit, limit / _norm(grads), 1.0)),
)
clip_by_global_norm.mistake(
    "You compare the norm with 1; compare it with the limit.",
    lambda grads, limit: _scaled(grads, jnp.where(_norm(grads) > 1, limit / _norm(grads), 1.0)),
    lambda grads, limit: _scaled(grads, jnp.where(_norm(grads) > 1, jnp.minimum(limit / _norm(grads), 1.0), 1.0)),
)
clip_by_global_norm.mistake(
    "You take the root of the mean of the squares; the norm is the root of their sum.",
    lambda grads, limit: _scaled(
        grads, limit / jnp.maximum(_norm(grads) / jnp.sqrt(sum(leaf.size for leaf in jax.tree.leaves(grads))), limit)
    ),
)
clip_by_global_norm.mistake(
    "You add up sizes; the norm is the root of the sum of squares.",
    lambda grads, limit: _scaled(
        grads, limit / jnp.maximum(sum(jnp.sum(jnp.abs(leaf)) for leaf in jax.tree.leaves(grads)), limit)
    ),
)
clip_by_global_norm.mistake(
    "You compare the largest entry with the limit; the norm of all entries together counts.",
    lambda grads, limit: _scaled(
        grads, limit / jnp.maximum(jnp.max(jnp.array([jnp.abs(leaf).max() for leaf in jax.tree.leaves(grads)])), limit)
    ),
)
clip_by_global_norm.mistake(
    "You add up the norms of the arrays; add up the squares of all entries, and take the root once.",
    lambda grads, limit: _scaled(grads, limit / jnp.maximum(sum(map(_norm, jax.tree.leaves(grads))), limit)),
)
clip_by_global_norm.mistake(
    "The clipped gradients have the norm 1; it must be the limit.",
    lambda grads, limit: _scaled(grads, jnp.where(_norm(grads) > limit, 1 / _norm(grads), 1.0)),
)
clip_by_global_norm.mistake(
    "The factor is upside down: norm / limit makes large gradients larger.",
    lambda grads, limit: _scaled(grads, jnp.maximum(_norm(grads) / limit, 1.0)),
)
clip_by_global_norm.mistake(
    "Where all gradients are 0 you divide 0 by 0, and nan comes out: divide by something that is never 0.",
    lambda grads, limit: jax.tree.map(lambda leaf: leaf / _norm(grads) * jnp.minimum(_norm(grads), limit), grads),
)


def _clipped_in_place(grads: Any, limit: Any) -> Any:
    new = clip_by_global_norm.reference(grads, limit)
    if "layers" in grads:
        grads["layers"][0].update(new["layers"][0])
    return new


clip_by_global_norm.mistake(
    "The scaled gradients are written into the containers that came in: build new ones, as jax.tree.map does.",
    _clipped_in_place,
)
clip_by_global_norm.mistake(
    "The gradients come back as they were: where the norm is above the limit, scale them.", lambda grads, limit: grads
)
clip_by_global_norm.mistake(
    "Gradients above the limit are thrown away; scale them down to it.",
    lambda grads, limit: _scaled(grads, jnp.where(_norm(grads) > limit, 0.0, 1.0)),
)


# How many draws there are of each kind; a row is drawn from with many keys, so that what is rare shows.
KINDS = {"near": 24, "twice": 6, "pairs": 50, "extreme": 12, "cold": 20, "hot": 80, "many": 50, "cool": 20, "half": 150,
         "icy": 80}  # fmt: skip


def _rows(rng: np.random.Generator) -> list[Case]:
    def key() -> Key:
        return Key(int(rng.integers(2**31)))

    def row(classes: int, top: int, gap: float, spread: float) -> np.ndarray:
        """Return logits of which one exceeds the others by the gap and a little."""
        logits = rng.uniform(0, spread, classes)
        logits[top] = gap + spread
        return logits.astype(np.float32)

    near = [row(3, top, 0.1, 0.3) for top in range(3)]
    twice = [(key(), row(1000, 0, 0.1, 0.3)) for _ in range(3)]
    pairs = [(key(), top) for _ in range(25) for top in [rng.permutation(3)[:2]]]
    even = float(np.log(499.0))  # above 499 others by so much, a class is drawn every other time
    return [
        *((key(), near[number % 3], 1.0) for number in range(24)),
        *((k, logits, 1.0) for k, logits in twice for _ in range(2)),
        *((k, row(3, int(place), 30.0, 0.5), 1.0) for k, places in pairs for place in places),
        *(
            (key(), row(4, number % 4, 30.0, 0.5) + np.float32(1000 if number < 3 else -1000), 1.0)
            for number in range(9)
        ),
        # Far below zero and far above it: to take the mean or the smallest away is not enough.
        *((key(), np.float32([-1000] * (top - 1) + [1000, 1030] + [-1000] * (3 - top)), 1.0) for top in (1, 2, 3)),
        *((key(), row(4, number % 4, 30.0, 0.1), 0.02) for number in range(20)),
        *((key(), row(500, number, 50 * even, 0.1), 50.0) for number in range(80)),
        *((key(), row(500, number, even, 0.01), 1.0) for number in range(50)),
        *((key(), row(4, number % 4, 0.3, 0.02), 0.02) for number in range(20)),
        *((key(), row(500, number, even / 2, 0.005), 0.5) for number in range(150)),
        *((key(), row(500, number, even * 0.02, 0.0002), 0.02) for number in range(80)),
    ]


@exercise(
    LESSON,
    draw=_rows,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT.on(0)],
    hints=[
        "Dividing logits by the temperature, before any softmax, is all that a temperature does.",
        "jax.random.categorical draws from logits: it does the softmax itself, and safely.",
    ],
)
def sample(key, logits, temperature):
    """Return a class drawn from the softmax of logits / temperature: class k with the probability
    p_k = exp(logits_k / temperature) / sum over j of exp(logits_j / temperature).

    key is a JAX key, logits one row (classes,), of any size: +-1000 must not give nan; temperature is a positive
    number. The answer is one whole number from 0 to classes - 1, without axes, the same for the same key. How the key
    is used is up to you.
    """
    return jax.random.categorical(key, logits / temperature)


def _of_kind(kind: str, cases: list[Case], answers: list[Any]) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the logits and the answers of one kind."""
    names = list(KINDS)
    start = sum(KINDS[name] for name in names[: names.index(kind)])
    chosen = slice(start, start + KINDS[kind])
    return [np.asarray(logits) for _, logits, _ in cases[chosen]], np.array([int(a) for a in answers[chosen]])


def _tops(kind: str, cases: list[Case], answers: list[Any]) -> int:
    """Return how often the likeliest class was drawn."""
    rows, drawn = _of_kind(kind, cases, answers)
    return int(sum(drawn == [np.argmax(row) for row in rows]))


def _always(kind: str) -> Callable[[list[Case], list[Any]], bool]:
    return lambda cases, answers: _tops(kind, cases, answers) == KINDS[kind]


def _several(cases: list[Case], answers: list[Any]) -> bool:
    _, drawn = _of_kind("near", cases, answers)
    return any(len(set(drawn[number::3])) > 1 for number in range(3))


sample.rule(
    "Classes are numbered from 0 to classes - 1; one of yours is outside.",
    lambda cases, answers: all(0 <= int(a) < len(logits) for a, (_, logits, _) in zip(answers, cases, strict=True)),
    lambda key, logits, temperature: 1 + jax.random.categorical(key, logits / temperature),
)
sample.rule(
    "The same key with the same logits gives different classes: all that is random must come from the key.",
    lambda cases, answers: all(a == b for a, b in _of_kind("twice", cases, answers)[1].reshape(3, 2)),
    lambda key, logits, temperature: int(
        np.argmax(np.asarray(logits) / temperature + np.random.gumbel(size=len(logits)))
    ),
)
sample.rule(
    "That is always the likeliest class; draw one, so that the others come up as often as their probabilities say.",
    lambda cases, answers: _tops("near", cases, answers) < KINDS["near"],
    lambda key, logits, temperature: jnp.argmax(logits),
    lambda key, logits, temperature: jnp.argmax(jax.nn.softmax(logits / temperature)),
)
sample.rule(
    "Another key gives the same class: draw with the key that is given, not with one of your own.",
    _several,
    lambda key, logits, temperature: jax.random.categorical(jax.random.key(0), logits / temperature),
    lambda key, logits, temperature: jax.random.categorical(jax.random.key(42), logits / temperature),
)
sample.rule(
    "The same key gives the same class whatever the logits are: they are not used, and all classes come equally often.",
    lambda cases, answers: any(a != b for a, b in _of_kind("pairs", cases, answers)[1].reshape(-1, 2)),
    lambda key, logits, temperature: jax.random.randint(key, (), 0, len(logits)),
    lambda key, logits, temperature: jax.random.choice(key, len(logits)),
)
sample.rule(
    "The likeliest class never comes: is there a sign too many?",
    lambda cases, answers: _tops("pairs", cases, answers) > 0,
    lambda key, logits, temperature: jax.random.categorical(key, -logits / temperature),
)
sample.rule(
    "A class that exceeds the others by 30 in its logit must come practically always. jax.random.categorical, for one, "
    "takes logits and does the softmax itself: probabilities in their place come out far too even.",
    _always("pairs"),
    lambda key, logits, temperature: jax.random.categorical(key, jax.nn.softmax(logits / temperature)),
)
sample.rule(
    "Logits of +-1000 break it: exp overflows, or all of it vanishes. Take the largest logit away first, or let "
    "jax.random.categorical work on the logits.",
    _always("extreme"),
    lambda key, logits, temperature: jax.random.choice(
        key, len(logits), p=jnp.exp(logits / temperature) / jnp.exp(logits / temperature).sum()
    ),
    lambda key, logits, temperature: jnp.sum(
        jnp.cumsum(jnp.exp(logits / temperature) / jnp.exp(logits / temperature).sum()) < jax.random.uniform(key)
    ),
    *(
        lambda key, logits, temperature, centre=centre: (
            lambda p: jnp.sum(jnp.cumsum(p / p.sum()) < jax.random.uniform(key))
        )(jnp.exp((logits - centre(logits)) / temperature))
        for centre in (jnp.mean, jnp.min)
    ),
)
sample.rule(
    "Unlikely classes come too seldom: if you add noise to the logits and take the largest, let it be Gumbel noise.",
    lambda cases, answers: _tops("many", cases, answers) < 48,
    lambda key, logits, temperature: jnp.argmax(logits / temperature + jax.random.normal(key, logits.shape)),
    lambda key, logits, temperature: jnp.argmax(logits / temperature + jax.random.uniform(key, logits.shape)),
)
sample.rule(
    "The temperature works the wrong way: cold makes likely classes likelier still, so divide by it.",
    _always("cold"),
    lambda key, logits, temperature: jax.random.categorical(key, logits * temperature),
)
sample.rule(
    "At a high temperature the draw must become more even, and yours does not: divide the logits by the temperature, "
    "before the softmax.",
    lambda cases, answers: _tops("hot", cases, answers) < 74,
    lambda key, logits, temperature: jax.random.categorical(key, logits),
    lambda key, logits, temperature: jax.random.categorical(key, jax.nn.log_softmax(logits) - jnp.log(temperature)),
)
sample.rule(
    "At a high temperature the draw is too even: divide the logits by the temperature once.",
    lambda cases, answers: _tops("hot", cases, answers) > 6,
    lambda key, logits, temperature: jax.random.categorical(key, logits / temperature**2),
)
sample.rule(
    "A temperature below 1 makes the likeliest class likelier still, and yours does not: divide by every temperature.",
    _always("cool"),
    lambda key, logits, temperature: jax.random.categorical(key, logits / jnp.maximum(temperature, 1.0)),
)
sample.rule(
    "The classes do not come as often as the softmax of logits / temperature says.",
    # Half of 200 draws, give or take 34: wider than chance strays, and less than a temperature that is off by a fifth.
    lambda cases, answers: (
        _tops("many", cases, answers) < 45
        and abs(_tops("many", cases, answers) + _tops("half", cases, answers) - 100) < 34
    ),
    lambda key, logits, temperature: jax.random.categorical(key, 0.8 * logits / temperature),
    lambda key, logits, temperature: jax.random.categorical(key, 1.2 * logits / temperature),
)
sample.rule(
    "At a temperature near 0 two classes that nearly tie must both come: divide by the temperature as it is, add "
    "nothing to it, and do not take the largest instead.",
    lambda cases, answers: 20 <= _tops("icy", cases, answers) <= 60,
    lambda key, logits, temperature: jax.random.categorical(key, logits / (temperature + 0.01)),
    lambda key, logits, temperature: (
        jnp.argmax(logits) if temperature < 0.1 else jax.random.categorical(key, logits / temperature)
    ),
)
sample.mistake(
    "Those are the probabilities of all classes; draw one class with them and return its number.",
    lambda key, logits, temperature: jax.nn.softmax(logits / temperature),
)
