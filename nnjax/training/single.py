"""``fit``: train one network."""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from nnjax import losses, optimizers
from nnjax.checks import require_whole
from nnjax.training import checking, checkpoints, divergence, trial
from nnjax.training.epoch import drawing, epoch_runner, longest_stretch, means
from nnjax.training.evaluation import average, measure, split
from nnjax.training.progress import Report, reporter
from nnjax.training.step import NAMES, Job, Learner, Metrics, loop, train_step

VALIDATION_BATCH = 250
"""Test examples measured at a time: few enough for the memory of a convolution, enough to be quick."""


class Fit(NamedTuple):
    """What ``fit`` returns: the trained parameters, and one number for each epoch under each name of the history."""

    params: PyTree
    history: dict[str, Float[np.ndarray, "epochs"]]


def fit(
    apply: Callable[..., Any],
    params: PyTree,
    dataset: Any,
    *,
    epochs: int,
    key: Any,
    loss: Callable[..., Any] = losses.cross_entropy,
    optimizer: Any = None,
    batch_size: int = 32,
    regularizer: Callable[[PyTree], Any] | None = None,
    state: PyTree = None,
    progress: bool = True,
    directory: str | Path | None = None,
    resume: bool = False,
) -> Fit:
    """Train ``params`` on mini-batches of the data and return (params, history).

    An **epoch** is one pass over the n training examples in a new random order, cut into n // batch_size mini-batches
    (what is left over is dropped, other examples each time). Each mini-batch of m examples makes one step down the
    gradient of its mean cost (Robbins and Monro, 1951)::

        w <- w - eta/m sum_i dC_i/dw          plain SGD; other optimizers make their own step of the same gradient

    The network: ``apply(params, x) -> outputs``. Where it has a ``key`` argument, each step passes a fresh key and
    evaluation ``key=None``; where it has a ``train`` argument, True or False (``**kwargs``, which would hide whether it
    has them, are refused). With ``state`` (running statistics, as of batch normalisation) it is
    ``apply(params, state, x) -> (outputs, state)``, and the params that are returned are the pair (params, state).
    ``params`` and ``state`` themselves are not changed.

    ``dataset``: anything with arrays ``x`` (n, ...) and ``y`` (n, ...), and perhaps ``x_test`` and ``y_test``, on which
    the network is measured after every epoch. They stay on the device while training.
    ``loss(outputs, targets)``: mean over the batch. ``regularizer(params)``: a penalty added to it in training.
    ``optimizer``: any optax.GradientTransformation, also one that asks for ``value``, ``grad`` or ``value_fn`` of the
    mini-batch, as ``optax.lbfgs`` does; None is ``optimizers.adam(1e-3)``.
    ``progress``: show a bar (in a terminal or Jupyter) or a few lines (in a file).

    The history: float64 arrays of shape (epochs,). "loss" (with the penalty) and "accuracy" are means over the
    mini-batches as they were trained on; "val_loss" (without) and "val_accuracy" are over the whole test data. Accuracy
    is there when the targets are classes: integers beside (..., classes) outputs, one-hot rows, or 0 and 1 beside a
    single output. That is taken for a logit, class 1 where it is positive, but with ``losses.squared_error`` for
    ADALINE's, class 1 from 1/2 on.

    **Random numbers**: for epoch e = 0, 1, ..., order_key, step_key = split(fold_in(key, e)); the first makes the order
    and step s gets fold_in(step_key, s). The same key gives the same numbers, and where the compiled loop stops to
    report changes none of them.

    **Checkpoints**: with a ``directory`` the run is saved after every epoch, the last few being kept. ``resume=True``
    goes on after the last one (or starts, if there is none) and ends, bit for bit, where a run without the break ends;
    ``epochs`` counts from the beginning and may be more than before. What can be compared must be the same: batch size,
    key, data, shapes; the functions cannot. Ctrl-C stops within seconds; every finished epoch is then in the directory.

    Raises ValueError, before anything is compiled, for data, shapes or settings that cannot be right;
    FloatingPointError at the first loss that is not finite; OSError when a checkpoint cannot be written, which leaves
    the earlier ones as they are.
    """
    require_whole("epochs", epochs)
    checking.random_key("key", key)
    arrays = checking.examples(dataset)
    checking.batch_fits(batch_size, len(arrays["x"]))
    checking.float_arrays("params", params)
    path = checkpoints.check_directory(None if directory is None else Path(directory).expanduser(), resume)
    optimizer = default_optimizer() if optimizer is None else optimizer
    checking.optimizer("optimizer", optimizer)
    targets = {f"dataset.{name}": array for name, array in arrays.items() if name.startswith("y")}
    job = trial.job(
        apply, loss, optimizer, regularizer, params, state, arrays["x"][:batch_size], targets, training=True
    )

    params = fresh(params)
    learner = Learner(params, fresh(optimizer.init(params)), fresh(state))
    same = checkpoints.settings(batch_size, key, arrays, learner) if path else {}
    with checkpoints.opened(path) as manager:
        done, learner, history = checkpoints.restore(manager, learner, same, epochs)
        with reporter(epochs, len(arrays["x"]) // batch_size, done=done, shown=progress) as report:
            one_epoch = _epoch_of(job, arrays, key, batch_size, report)
            for number in range(done + 1, epochs + 1):
                learner, numbers = one_epoch(learner, number)
                history = {name: [*history.get(name, []), numbers[name]] for name in NAMES if name in numbers}
                checkpoints.save(manager, number, learner, history, same)
    trained = learner.params if state is None else (learner.params, learner.state)
    return Fit(trained, {name: np.asarray(values) for name, values in history.items()})


@lru_cache(maxsize=1)
def default_optimizer() -> Any:
    """Return Adam at its usual rate, always the same object, so that what is compiled for it is found again."""
    return optimizers.adam(1e-3)


def fresh(tree: PyTree) -> PyTree:
    """Return copies on the device: the compiled steps overwrite their arguments, and nobody else's arrays."""
    return jax.tree.map(lambda leaf: jnp.array(leaf, dtype=leaf.dtype, copy=True), tree)


def _epoch_of(
    job: Job, arrays: dict[str, np.ndarray], key: Array, batch_size: int, report: Report
) -> Callable[[Learner, int], tuple[Learner, dict[str, float]]]:
    """Return the function that takes a learner through the epoch of a number (from 1) and measures it."""
    steps = len(arrays["x"]) // batch_size
    longest = longest_stretch(steps, batch_size * arrays["x"][0].nbytes)
    x, y = jax.device_put((arrays["x"], arrays["y"]))
    tests = split(arrays["x_test"], arrays["y_test"], VALIDATION_BATCH) if "x_test" in arrays else []

    def advance(learner: Learner, key: Array, rows: Array, start: int, count: int) -> tuple[Learner, Metrics]:
        return _steps(job, longest, learner, key, x, y, rows, start, count)

    run = epoch_runner(drawing(key, len(x), batch_size), advance, longest)

    def one_epoch(learner: Learner, number: int) -> tuple[Learner, dict[str, float]]:
        def look(start: int, part: Metrics) -> None:
            divergence.require_finite_losses(part["loss"], number, start, steps)
            taken = start + len(part["loss"])
            if taken < steps:
                report(number, taken, means(part))

        learner, metrics = run(learner, number - 1, look)
        divergence.require_finite_params(learner.params, number)
        numbers = means(metrics)
        if tests:
            validation = average(partial(measure, job, learner.params, learner.state), tests)
            divergence.require_finite_validation(float(validation["loss"]), number)
            numbers |= {f"val_{name}": float(value) for name, value in validation.items()}
        report(number, steps, numbers)
        return learner, numbers

    return one_epoch


@partial(jax.jit, static_argnames=("job", "longest"), donate_argnames="learner")
def _steps(
    job: Job,
    longest: int,
    learner: Learner,
    key: Array,
    x: Array,
    y: Array,
    rows: Array,
    start: int | Array,
    count: int | Array,
) -> tuple[Learner, Metrics]:
    def step(learner: Learner, x: Array, y: Array, place: Array) -> tuple[Learner, Metrics]:
        return train_step(job, job.optimizer, learner, x, y, jax.random.fold_in(key, place))

    return loop(step, learner, x, y, jax.lax.dynamic_slice_in_dim(rows, start, longest), start, count)
