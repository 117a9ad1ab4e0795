"""Gradient descent on the cost surface of one neuron: learning rates too small, right and too large."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from matplotlib.figure import Figure

from nnjax import optimizers
from nnjax.losses import squared_error
from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, finite, shaped
from nnjax.viz.surfaces import descend

GRID = 64
SIDE = np.array((-0.9, 0.436))


def example_rates(x: Values, d: Values) -> dict[str, float]:
    """Return a learning rate that is too small, one that is right and one too large for one neuron on these data.

    With l the largest eigenvalue of the Hessian, the mean of (x, 1)(x, 1)^T, they are 0.01 / l, 1 / l, at which no
    step overshoots, and 2.15 / l: above 2 / l descent diverges.
    """
    x, d = _pairs(x, d)
    largest = float(np.linalg.eigvalsh(_hessian(x))[-1])
    return {"too small": 0.01 / largest, "right": 1 / largest, "too large": 2.15 / largest}


@style.context()
def descent_paths(
    x: Values,
    d: Values,
    rates: Mapping[str, float] | None = None,
    *,
    steps: int = 60,
    start: tuple[float, float] | None = None,
    title: str | None = None,
) -> Figure:
    """Return the cost of the neuron y = w x + b over (w, b), and the path of descent for each of one to four rates.

    The cost is the mean of 1/2 (w x + b - d)^2. ``x`` and ``d`` are (samples,) or (samples, 1); ``rates`` is
    {label: learning rate}, by default ``example_rates``; each path has ``steps`` steps from ``start`` = (w, b), by
    default a place up the valley's side, and is drawn until it leaves the picture. Raises ValueError for other shapes,
    a constant x, no step or too many rates.
    """
    x, d = _pairs(x, d)
    if np.ptp(x) == 0:
        raise ValueError(f"x is {x[0]:g} in every sample; the cost then has no single minimum")
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    message = "The learning rate decides where descent ends"
    if rates is None:
        rates, message = example_rates(x, d), "The learning rate decides: too small crawls, too large leaves"
    if not 1 <= len(rates) <= 4:
        raise ValueError(f"rates has {len(rates)} entries; this picture has room for 1 to 4")

    minimum = np.polyfit(x, d, 1)
    start, reach = _start_and_reach(x, d, minimum, start)
    figure, panels = canvas.blank(3.6, 1, len(rates), sharex=True, sharey=True)
    cost = _cost(x, d)
    across, up = (np.linspace(m - r, m + r, GRID) for m, r in zip(minimum, reach, strict=True))
    height = np.asarray(jax.vmap(cost)(jnp.stack(jnp.meshgrid(across, up), -1).reshape(-1, 2))).reshape(GRID, GRID)

    @jax.jit
    def walk(rate: Array) -> tuple[Array, Array]:
        path = descend(cost, optimizers.sgd(rate), start, steps)
        return path, cost(path[-1])

    for i, (axes, (label, rate)) in enumerate(zip(panels, rates.items(), strict=True)):
        path, end = (np.asarray(values) for values in walk(jnp.float32(rate)))
        canvas.contours(axes, across, up, height)
        outside = np.flatnonzero(np.any(~(np.abs(path - minimum) <= reach), axis=1))
        drawn = path[: outside[0] + 1] if len(outside) else path
        axes.plot(*drawn.T, color=style.series(i)["color"], marker="o", markersize=3.5, linewidth=1.2, zorder=3)
        axes.plot(*minimum, "*", markersize=14, color=style.palette["yellow"], markeredgecolor="black", zorder=4)
        axes.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]), xlabel="weight w")
        title_lines = (
            words.shorten(label, 14),
            f"rate {words.number(float(rate), 2)}",
            f"final cost {words.number(float(end), 2)}",
        )
        axes.set_title("\n".join(title_lines), parse_math=False)
    panels[0].set_ylabel("bias b")
    canvas.headline(figure, title or message)
    return figure


def _pairs(x: Values, d: Values) -> tuple[np.ndarray, np.ndarray]:
    inputs = finite("x", shaped("x", x, "samples", "samples 1")).ravel()
    targets = finite("d", shaped("d", d, "samples", "samples 1")).ravel()
    if len(inputs) != len(targets):
        raise ValueError(f"x has {len(inputs)} samples and d {len(targets)}; they must be as many")
    return inputs, targets


def _cost(x: np.ndarray, d: np.ndarray) -> Callable[[Array], Array]:
    inputs, targets = jnp.asarray(x, jnp.float32), jnp.asarray(d, jnp.float32)

    def cost(p: Array) -> Array:
        return squared_error(p[0] * inputs + p[1], targets)

    return cost


def _hessian(x: np.ndarray) -> np.ndarray:
    with_one = np.column_stack([x, np.ones_like(x)])
    return with_one.T @ with_one / len(x)


def _start_and_reach(
    x: np.ndarray, d: np.ndarray, minimum: np.ndarray, start: tuple[float, float] | None
) -> tuple[tuple[float, float], np.ndarray]:
    """Return where the paths start, and how far from the minimum the window reaches along w and b.

    All points of one height form an ellipse about the minimum, which no stable path leaves: the window holds it. The
    default start lies on it where the unit circle has ``SIDE`` before it is stretched to the ellipse, for most data
    neither on its long nor on its short axis, so that both directions are to be learnt.
    """
    hessian = _hessian(x)
    if start is None:
        values, vectors = np.linalg.eigh(hessian)
        height = max(float(np.var(d)), 1e-6)
        offset = vectors @ (np.sqrt(2 * height / values) * (SIDE @ vectors))
    else:
        offset = np.asarray(start, np.float64) - minimum
        height = max(float(offset @ hessian @ offset) / 2, 1e-6)
    reach = 1.15 * np.sqrt(2 * height * np.diag(np.linalg.inv(hessian)))
    first = minimum + offset
    return (float(first[0]), float(first[1])), reach
