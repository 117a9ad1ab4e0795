"""``fit_many``: train many networks at once, one for each seed and each setting, as one network with more axes."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from nnjax import losses, optimizers
from nnjax.checks import require_whole
from nnjax.training import checking, trial
from nnjax.training.epoch import epoch_keys, epoch_runner, longest_stretch, shuffle
from nnjax.training.evaluation import average, measure, split
from nnjax.training.progress import Report, reporter
from nnjax.training.single import VALIDATION_BATCH, default_optimizer
from nnjax.training.step import NAMES, Job, Learner, Metrics, loop, train_step

Settings = dict[str, Array]


class FitMany(NamedTuple):
    """What ``fit_many`` returns: parameters and history of every run, and the history's mean and spread over seeds."""

    params: PyTree
    history: dict[str, Float[np.ndarray, "*runs epochs"]]
    mean: dict[str, Float[np.ndarray, "*settings epochs"]]
    std: dict[str, Float[np.ndarray, "*settings epochs"]]


def fit_many(
    apply: Callable[..., Any],
    init: Callable[[Array], PyTree],
    dataset: Any,
    *,
    epochs: int,
    keys: Any,
    loss: Callable[..., Any] = losses.cross_entropy,
    optimizer: Any = None,
    settings: Mapping[str, Any] | None = None,
    batch_size: int = 32,
    regularizer: Callable[[PyTree], Any] | None = None,
    progress: bool = True,
) -> FitMany:
    """Train one network for each seed, or for each setting and seed, all in the same compiled loop under ``vmap``.

    ``keys``: one random key for each seed, such as ``jax.random.split(jax.random.key(0), 8)``. Seed i is the run ::

        init_key, fit_key = jax.random.split(keys[i])
        fit(apply, init(init_key), dataset, key=fit_key, ...)

    to the rounding of float32. ``settings``: arrays of equal length under the names of the optimizer's arguments, such
    as ``{"learning_rate": jnp.logspace(-4, -1, 64)}``; run r is trained with ``optimizer(learning_rate=rates[r])``, so
    ``optimizer`` is then a function (None: ``optimizers.adam``). All settings of a seed begin with the same parameters
    and see the same mini-batches. Without settings ``optimizer`` is what ``fit`` takes. The other arguments are those
    of ``fit``.

    Returns (params, history, mean, std). Each leaf of the params has one more axis, (seeds, ...), or two with settings,
    (settings, seeds, ...). The history has arrays (seeds, epochs) or (settings, seeds, epochs) under the names of
    ``fit``; mean and std are taken over the seeds (population deviation). A run whose loss is no longer finite does not
    stop the others: its history says nan or inf from there on, and so do the mean and std of its setting.
    Raises ValueError, before anything is compiled, for data, shapes or settings that cannot be right.
    """
    require_whole("epochs", epochs)
    keys = checking.random_keys(keys)
    arrays = checking.examples(dataset)
    checking.batch_fits(batch_size, len(arrays["x"]))
    table = checking.settings_table(settings)
    build = _builder(optimizer, table)
    if not callable(init):
        raise ValueError(f"init is a {type(init).__name__}; it must be a function of a key that returns params")
    pairs = [jax.random.split(key) for key in keys]
    each = [init(init_key) for init_key, _ in pairs]
    checking.float_arrays("init(key)", each[0])
    targets = {f"dataset.{name}": array for name, array in arrays.items() if name.startswith("y")}
    job = trial.job(apply, loss, build, regularizer, each[0], None, arrays["x"][:batch_size], targets, training=True)

    learner = _begin(job, table, jax.tree.map(lambda *leaves: jnp.stack(leaves), *each))
    steps, fit_keys = len(arrays["x"]) // batch_size, jnp.stack([fit_key for _, fit_key in pairs])
    history: dict[str, list[np.ndarray]] = {}
    with reporter(epochs, steps, shown=progress) as report:
        one_epoch = _epoch_of(job, table, arrays, fit_keys, batch_size, report)
        for number in range(1, epochs + 1):
            learner, numbers = one_epoch(learner, number)
            history = {name: [*history.get(name, []), numbers[name]] for name in NAMES if name in numbers}
    whole = {name: np.stack(values, axis=-1).swapaxes(0, -2) for name, values in history.items()}
    params = learner.params
    if table:
        params = jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), params)
    with np.errstate(invalid="ignore"):  # inf - inf, of a run that has left the finite numbers
        mean = {name: values.mean(axis=-2) for name, values in whole.items()}
        std = {name: values.std(axis=-2) for name, values in whole.items()}
    return FitMany(params, whole, mean, std)


def _epoch_of(
    job: Job, table: Settings, arrays: dict[str, np.ndarray], keys: Array, batch_size: int, report: Report
) -> Callable[[Learner, int], tuple[Learner, Metrics]]:
    """Return the function that takes all runs through the epoch of a number (from 1) and measures them."""
    n, steps = len(arrays["x"]), len(arrays["x"]) // batch_size
    longest = longest_stretch(steps, len(keys) * batch_size * arrays["x"][0].nbytes)
    x, y = jax.device_put((arrays["x"], arrays["y"]))
    tests = split(arrays["x_test"], arrays["y_test"], VALIDATION_BATCH) if "x_test" in arrays else []

    def draw(epoch: int) -> tuple[np.ndarray, Array]:
        order_keys, step_keys = _epoch_keys(keys, epoch)
        return np.stack([shuffle(key, n, batch_size) for key in np.asarray(order_keys)], axis=1), step_keys

    def advance(learner: Learner, keys: Array, rows: Array, start: int, count: int) -> tuple[Learner, Metrics]:
        return _steps(job, longest, table, learner, keys, x, y, rows, start, count)

    run = epoch_runner(draw, advance, longest)

    def one_epoch(learner: Learner, number: int) -> tuple[Learner, Metrics]:
        def look(start: int, part: Metrics) -> None:
            taken = start + len(part["loss"])
            if taken < steps:
                report(number, taken, _typical(part))

        learner, metrics = run(learner, number - 1, look)
        numbers = {name: np.mean(values, axis=0, dtype=np.float64) for name, values in metrics.items()}
        if tests:
            validation = average(partial(_measure, job, bool(table), learner.params), tests)
            numbers |= {f"val_{name}": value for name, value in validation.items()}
        report(number, steps, _typical(numbers))
        return learner, numbers

    return one_epoch


_epoch_keys = jax.jit(jax.vmap(epoch_keys, in_axes=(0, None)))


@partial(jax.jit, static_argnames=("job", "longest"), donate_argnames="learner")
def _steps(
    job: Job,
    longest: int,
    table: Settings,
    learner: Learner,
    keys: Array,
    x: Array,
    y: Array,
    rows: Array,
    start: int | Array,
    count: int | Array,
) -> tuple[Learner, Metrics]:
    def one(setting: Settings, learner: Learner, x: Array, y: Array, key: Array) -> tuple[Learner, Metrics]:
        return train_step(job, job.optimizer(**setting), learner, x, y, key)

    over_settings = jax.vmap(one, in_axes=(0, 0, None, None, None)) if table else one
    over_seeds = jax.vmap(over_settings, in_axes=(None, 0, 0, 0, 0))

    def step(learner: Learner, x: Array, y: Array, place: Array) -> tuple[Learner, Metrics]:
        return over_seeds(table, learner, x, y, jax.vmap(jax.random.fold_in, in_axes=(0, None))(keys, place))

    return loop(step, learner, x, y, jax.lax.dynamic_slice_in_dim(rows, start, longest), start, count)


@partial(jax.jit, static_argnames=("job", "two_axes"))
def _measure(job: Job, two_axes: bool, params: PyTree, x: Array, y: Array) -> Metrics:
    def one(params: PyTree) -> Metrics:
        return measure(job, params, None, x, y)

    return jax.vmap(jax.vmap(one) if two_axes else one)(params)


@partial(jax.jit, static_argnames="job")
def _begin(job: Job, table: Settings, params: PyTree) -> Learner:
    """Return the learners of all runs, (seeds, ...) or (seeds, settings, ...), from the parameters of each seed."""

    def one(setting: Settings, params: PyTree) -> Learner:
        return Learner(params, job.optimizer(**setting).init(params), None)

    over_settings = jax.vmap(one, in_axes=(0, None), out_axes=0) if table else one
    return jax.vmap(over_settings, in_axes=(None, 0))(table, params)


def _builder(optimizer: Any, table: Settings) -> Callable[..., Any]:
    """Return the function from one setting to its optimizer."""
    if table:
        build = optimizers.adam if optimizer is None else optimizer
        if not callable(build):
            raise ValueError(
                "settings are given, so optimizer must be a function that takes them, such as optimizers.adam"
            )
    else:
        made = default_optimizer() if optimizer is None else optimizer
        checking.optimizer("optimizer", made)
        build = _constant(made)
    checking.each_setting(build, table)
    return build


@lru_cache(maxsize=8)
def _constant(optimizer: Any) -> Callable[[], Any]:
    return lambda: optimizer


def _typical(numbers: Metrics) -> dict[str, float]:
    """Return the median over all runs (and steps) that are still finite, for the progress bar."""
    finite = {name: values[np.isfinite(values)] for name, values in numbers.items()}
    return {name: float(np.median(values)) if values.size else float("nan") for name, values in finite.items()}
