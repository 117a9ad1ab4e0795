"""The compiled part of training: one step of mini-batch descent, and the loop that takes many of them.

Nothing here knows about files, progress bars or epochs. ``fit`` and ``fit_many`` differ in the step they hand to the
loop: the plain one, or the same one under ``vmap``.
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int, PyTree

NAMES = ("loss", "accuracy", "val_loss", "val_accuracy")
"""What is measured, in the order in which it is shown and kept."""

Metrics = dict[str, Any]
Step = Callable[["Learner", Array, Array, Array], tuple["Learner", Metrics]]


class Job(NamedTuple):
    """What is compiled into a step: functions and names, hashable, so that JAX compiles each combination once.

    ``targets`` says how accuracy is counted ("labels", "binary" from logits, "half" from outputs of 0 to 1, "one-hot"
    or "none"), ``options`` which of the keyword arguments ``key`` and ``train`` the network takes.
    """

    apply: Callable[..., Any]
    loss: Callable[..., Any]
    optimizer: Any
    regularizer: Callable[[PyTree], Any] | None
    targets: str
    options: tuple[str, ...]


class Learner(NamedTuple):
    """What a step changes: parameters, the optimizer's state, the network's running statistics (or ``None``)."""

    params: PyTree
    opt_state: PyTree
    state: PyTree


def options_of(apply: Callable[..., Any]) -> tuple[str, ...]:
    """Return which of ``key`` and ``train`` the function takes by name; raises ValueError where **kwargs hide them."""
    parameters = inspect.signature(apply).parameters
    names = tuple(name for name in ("key", "train") if name in parameters)
    for parameter in parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD and len(names) < 2:
            raise ValueError(
                f"the network takes {parameter}, which hides whether it wants a key or train; in place of {parameter} "
                "name the arguments that it has, such as key=None"
            )
    return names


def call(job: Job, params: PyTree, state: PyTree, x: Array, *, key: Any, train: bool) -> tuple[Any, PyTree]:
    """Return (outputs, new state) of the network, in training or (key=None, train=False) in evaluation."""
    given = {name: value for name, value in (("key", key), ("train", train)) if name in job.options}
    if state is None:
        return job.apply(params, x, **given), None
    return job.apply(params, state, x, **given)


def measures(job: Job, loss: Any, outputs: Array, y: Array) -> Metrics:
    """Return {"loss": ...} and, for classes, {"accuracy": ...}, the part of the answers that is right."""
    if job.targets == "none":
        return {"loss": loss}
    if job.targets == "binary":
        predicted = jnp.reshape(outputs, y.shape) > 0
    elif job.targets == "half":
        predicted = jnp.reshape(outputs, y.shape) >= 0.5
    else:
        predicted = jnp.argmax(outputs, axis=-1)
        y = jnp.argmax(y, axis=-1) if job.targets == "one-hot" else y
    return {"loss": loss, "accuracy": jnp.mean(predicted == y)}


def train_step(job: Job, optimizer: Any, learner: Learner, x: Array, y: Array, key: Array) -> tuple[Learner, Metrics]:
    """Take one step on one mini-batch of m examples: w <- w - eta/m sum dC/dw, or what the optimizer makes of it."""

    def objective(params: PyTree) -> tuple[Any, tuple[Any, PyTree]]:
        outputs, state = call(job, params, learner.state, x, key=key, train=True)
        penalty = 0.0 if job.regularizer is None else job.regularizer(params)
        return job.loss(outputs, y) + penalty, (outputs, state)

    (loss, (outputs, state)), grads = jax.value_and_grad(objective, has_aux=True)(learner.params)
    told = {"value": loss, "grad": grads, "value_fn": lambda params: objective(params)[0]}
    update = optax.with_extra_args_support(optimizer).update
    updates, opt_state = update(grads, learner.opt_state, learner.params, **told)
    params = optax.apply_updates(learner.params, updates)
    return Learner(params, opt_state, state), measures(job, loss, outputs, y)


def loop(
    step: Step,
    learner: Learner,
    x: Array,
    y: Array,
    rows: Int[Array, "longest *axes batch"],
    start: int | Array,
    count: int | Array,
) -> tuple[Learner, Metrics]:
    """Take ``count`` steps, the i-th on the examples ``rows[i]``; ``step`` is also told its place in the epoch.

    Returns the learner and the measures of each step, (longest, ...) arrays filled up to ``count``. The count is not
    known to the compiler: one program serves every length, so the numbers do not depend on how an epoch is cut. All
    examples are fetched before the first step, because fetching inside the loop takes XLA twice as long on a CPU.
    """
    xs = x.at[rows].get(mode="promise_in_bounds")
    ys = y.at[rows].get(mode="promise_in_bounds")
    _, shapes = jax.eval_shape(step, learner, xs[0], ys[0], start)
    history = jax.tree.map(lambda leaf: jnp.zeros((len(rows), *leaf.shape), leaf.dtype), shapes)

    def body(i: Array, carry: tuple[Learner, Metrics]) -> tuple[Learner, Metrics]:
        learner, history = carry
        learner, new = step(learner, xs[i], ys[i], start + i)
        return learner, jax.tree.map(lambda all_steps, value: all_steps.at[i].set(value), history, new)

    return jax.lax.fori_loop(0, count, body, (learner, history))
