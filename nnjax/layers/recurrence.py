"""What the recurrent layers share: weights gate by gate, and a step unrolled over time with its gradient by hand.

A recurrent layer's step takes the state s_(t-1) and the input to s_t. The part that comes from the input alone,
a_t = x_t Wx + b, does not wait for the state: it is one product for all time steps. What waits is done by
``jax.lax.scan``. Its gradient, backpropagation through time as ``nnjax.manual`` derives it, walks from the last step to
the first with only what each step hands to the one before; the gradient by Wh, a sum over all steps, is again one
product, after the walk. (Differentiating the scan itself would add up that sum step by step.) The layers can be
differentiated as often as one likes in reverse mode, but not forward: ``jax.jvp`` knows no gradient by hand.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.checks import require_array, require_last_axis, require_not_empty, require_sizes
from nnjax.initializers import Key, glorot_uniform, orthogonal

Params = dict[str, Array]
State = tuple[Array, ...]
"""The arrays (batch, hidden) that a layer hands from step to step; the first is its output h."""
Unrolled = Callable[[Array, State, Array], tuple[Array, State]]


def weights(key: Key, inputs: int, hidden: int, gates: int) -> Params:
    """Return {"Wx": (inputs, gates hidden), "Wh": (hidden, gates hidden), "b": zeros (gates hidden,)}.

    Each gate has its own block of columns, drawn on its own: in Wx as for any tanh layer (Glorot and Bengio, 2010), in
    Wh orthogonal, so that the length of what is handed on is kept (Saxe et al., 2013).
    Raises ValueError for a size below 1.
    """
    require_sizes("(inputs, hidden)", (inputs, hidden))
    keys = jax.random.split(key, (2, gates))
    return {
        "Wx": jnp.concatenate([glorot_uniform(k, (inputs, hidden)) for k in keys[0]], axis=1),
        "Wh": jnp.concatenate([orthogonal(k, (hidden, hidden)) for k in keys[1]], axis=1),
        "b": jnp.zeros(gates * hidden),
    }


def require_layer(params: Params, name: str, x: Any, gates: int) -> None:
    """Raise ValueError unless Wh has so many blocks of columns, and ``x``, whose name is given, the features of Wx."""
    hidden, columns = jnp.shape(params["Wh"])
    if columns != gates * hidden:
        raise ValueError(
            f"params['Wh'] has shape {(hidden, columns)}; it must be {(hidden, gates * hidden)}, {gates} blocks of "
            "columns: init and apply must be of the same layer"
        )
    require_last_axis(name, x, params["Wx"].shape[0], "the recurrent layer")


def require_state(state: Any, parts: int, shape: tuple[Any, ...]) -> None:
    """Raise ValueError unless ``state`` is so many arrays of this shape."""
    shapes = [jnp.shape(leaf) for part in state for leaf in jax.tree.leaves(part)]  # a part may be a state of the LSTM
    if shapes != [shape] * parts:
        raise ValueError(f"state has the shapes {shapes}; it must be {parts} of {shape}, (batch, hidden)")


def over_time(
    params: Params,
    xs: Float[Array, "batch time inputs"],
    state: State | None,
    *,
    gates: int,
    parts: int,
    unrolled: Unrolled,
) -> tuple[Float[Array, "batch time hidden"], State]:
    """Return the outputs of all time steps and the last state, from ``state`` or, if there is none, from zeros.

    ``gates`` is the number of blocks of columns of Wh, ``parts`` that of arrays of a state, ``unrolled`` what
    ``backpropagated`` made of the layer's step.
    Raises ValueError when xs is empty or its features do not fit, or when the parameters or the state do not.
    """
    require_array("xs", xs)
    if len(jnp.shape(xs)) != 3:
        raise ValueError(f"xs has {jnp.ndim(xs)} axes, shape {jnp.shape(xs)}; it must be (batch, time, inputs)")
    require_layer(params, "xs", xs, gates)
    require_not_empty("xs", xs)
    a = jnp.swapaxes(xs, 0, 1) @ params["Wx"] + params["b"]
    shape = (xs.shape[0], params["Wh"].shape[0])
    if state is None:
        state = (jnp.zeros(shape, a.dtype),) * parts
    require_state(state, parts, shape)
    outputs, state = unrolled(params["Wh"], tuple(part.astype(a.dtype) for part in state), a)
    return jnp.swapaxes(outputs, 0, 1), state


def backpropagated(
    forward: Callable[[Array, State, Array], tuple[State, Any]],
    backward: Callable[[Array, Any, State], tuple[State, Array]],
    weight_gradient: Callable[[Any, Array], Array],
) -> Unrolled:
    """Return unrolled(Wh, state, a) -> (outputs, state) over the time axis, the first, with its gradient by hand.

    ``forward(Wh, state, a_t) -> (state, kept)`` is one step, ``kept`` what its backward pass needs;
    ``backward(Wh, kept, dstate) -> (dstate of the step before, da_t)``;
    ``weight_gradient(kept, da) -> dWh`` from those of all time steps.
    """

    @jax.custom_vjp
    def unrolled(Wh: Array, state: State, a: Array) -> tuple[Array, State]:
        return run(Wh, state, a)[0]

    def run(Wh: Array, state: State, a: Array) -> tuple[tuple[Array, State], Any]:
        def step(state: State, a: Array) -> tuple[State, Any]:
            state, kept = forward(Wh, state, a)
            return state, (state[0], kept)

        state, (outputs, kept) = jax.lax.scan(step, state, a)
        return (outputs, state), (Wh, kept)

    def walk_back(residuals: Any, gradients: Any) -> tuple[Array, State, Array]:
        (Wh, kept), (doutputs, dstate) = residuals, gradients

        def step(dstate: State, now: Any) -> tuple[State, Array]:
            dh, kept = now
            # The output of a step is its state too: the loss reaches it by both ways.
            return backward(Wh, kept, (dstate[0] + dh, *dstate[1:]))

        dstate, da = jax.lax.scan(step, dstate, (doutputs, kept), reverse=True)
        return weight_gradient(kept, da), dstate, da

    unrolled.defvjp(run, walk_back)
    return unrolled


def summed_products(h: Float[Array, "time batch hidden"], da: Float[Array, "time batch out"]) -> Array:
    """Return sum_t h_t^T da_t, (hidden, out), as one product: the gradient by weights that every step shares."""
    return h.reshape(-1, h.shape[-1]).T @ da.reshape(-1, da.shape[-1])
