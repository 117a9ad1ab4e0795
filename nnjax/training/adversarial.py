"""``fit_gan``: train a generative adversarial network, two losses at once, each for its own parameters."""

from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Num, PyTree

from nnjax import optimizers
from nnjax.checks import require_whole
from nnjax.models import gan
from nnjax.training import checking, divergence
from nnjax.training.epoch import drawing, epoch_runner, longest_stretch, means
from nnjax.training.progress import reporter
from nnjax.training.single import Fit, fresh
from nnjax.training.step import Learner, Metrics, loop


def fit_gan(
    params: PyTree,
    images: Num[np.ndarray | Array, "n *shape"],
    *,
    epochs: int,
    key: Any,
    optimizer: Any = None,
    batch_size: int = 32,
    progress: bool = True,
) -> Fit:
    """Train the ``params`` of ``models.gan`` on images with values from 0 to 1 and return (params, history).

    Each step takes a mini-batch of m real images and makes m forged ones of fresh random numbers. Both players then
    move at the same time, each down the gradient of its own loss (Goodfellow et al., 2014)::

        D <- D - eta dL_D/dD            G <- G - eta dL_G/dG

    or what the ``optimizer`` makes of the gradients; None is ``optimizers.adam(2e-3, b1=0.5, b2=0.99)``. Both memories
    are short, since what was right for the one player soon is not, when the other has moved: b1 is that of Radford,
    Metz and Chintala (2015), b2 that of Karras, Aila, Laine and Lehtinen (2017). With b2 = 0.999 a generator whose
    gradients have shrunk takes tiny steps for a thousand more, and a discriminator far ahead stays ahead: 2 of 16 keys
    ended so on digits, none of 48 with 0.99. Images of more than one axis are flattened. Epochs, the order of the
    examples and the random numbers are as in ``fit``: the step s of an epoch draws its noise from the key
    fold_in(step_key, s).

    The history: float64 arrays of shape (epochs,), means over the mini-batches of "discriminator" and "generator", the
    two losses, and of "accuracy", the part of the images, real and forged, that the discriminator tells right. Neither
    loss need fall, as the other player's work raises it: what counts are the images.

    Raises ValueError, before anything is compiled, for images, shapes or settings that cannot be right;
    FloatingPointError at the first loss that is not finite.
    """
    require_whole("epochs", epochs)
    checking.random_key("key", key)
    x = _images(images)
    checking.batch_fits(batch_size, len(x))
    checking.float_arrays("params", params)
    optimizer = _default_optimizer() if optimizer is None else optimizer
    checking.optimizer("optimizer", optimizer)
    if not isinstance(params, dict) or set(params) != {"generator", "discriminator"}:
        raise ValueError("params must be what models.gan.init returned, {'generator', 'discriminator'}")
    jax.eval_shape(gan.losses_and_grads, params, x[:1], gan.noise(key, params, 1))

    steps = len(x) // batch_size
    longest = longest_stretch(steps, batch_size * x[0].nbytes)
    params, data = fresh(params), jax.device_put(x)
    learner = Learner(params, fresh(optimizer.init(params)), None)

    def advance(learner: Learner, key: Array, rows: Array, start: int, count: int) -> tuple[Learner, Metrics]:
        return _steps(optimizer, longest, learner, key, data, rows, start, count)

    run = epoch_runner(drawing(key, len(x), batch_size), advance, longest)
    history: dict[str, list[float]] = {}
    with reporter(epochs, steps, shown=progress) as report:
        for number in range(1, epochs + 1):

            def look(start: int, part: Metrics, number: int = number) -> None:
                divergence.require_finite_losses(part["discriminator"] + part["generator"], number, start, steps)
                if start + len(part["generator"]) < steps:
                    report(number, start + len(part["generator"]), means(part))

            learner, metrics = run(learner, number - 1, look)
            divergence.require_finite_params(learner.params, number)
            numbers = means(metrics)
            history = {name: [*history.get(name, []), value] for name, value in numbers.items()}
            report(number, steps, numbers)
    return Fit(learner.params, {name: np.asarray(values) for name, values in history.items()})


@lru_cache(maxsize=1)
def _default_optimizer() -> Any:
    return optimizers.adam(2e-3, b1=0.5, b2=0.99)


def _images(images: Any) -> np.ndarray:
    x, _ = checking.pair("images", images, "images", images)
    x = x.reshape(len(x), -1).astype(np.float32)
    if x.min() < 0 or x.max() > 1:
        raise ValueError(f"images lie in [{x.min():g}, {x.max():g}]; scale them to [0, 1]")
    return x


@partial(jax.jit, static_argnames=("optimizer", "longest"), donate_argnames="learner")
def _steps(
    optimizer: Any,
    longest: int,
    learner: Learner,
    key: Array,
    x: Array,
    rows: Array,
    start: int | Array,
    count: int | Array,
) -> tuple[Learner, Metrics]:
    def step(learner: Learner, x: Array, _: Array, place: Array) -> tuple[Learner, Metrics]:
        return gan_step(optimizer, learner, x, jax.random.fold_in(key, place))

    no_targets = x[:, :0]
    return loop(step, learner, x, no_targets, jax.lax.dynamic_slice_in_dim(rows, start, longest), start, count)


def gan_step(optimizer: Any, learner: Learner, x: Array, key: Array) -> tuple[Learner, Metrics]:
    """Take one step of both players on one mini-batch of real images, and as many forged ones."""
    params = learner.params
    z = gan.noise(key, params, len(x))
    (missed, caught), grads = gan.losses_and_grads(params, x, z)
    updates, opt_state = optimizer.update(grads, learner.opt_state, params)
    # The compiler computes these logits once, together with those of the losses.
    real = gan.discriminate(params["discriminator"], x)
    fake = gan.discriminate(params["discriminator"], gan.generate(params["generator"], z))
    accuracy = (jnp.mean(real > 0) + jnp.mean(fake <= 0)) / 2
    moved = jax.tree.map(jnp.add, params, updates)
    return Learner(moved, opt_state, None), {"discriminator": missed, "generator": caught, "accuracy": accuracy}
