"""Optimizers racing down a loss surface: their paths on the contours, as a picture and as an animation."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
import optax
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from nnjax.checks import unknown
from nnjax.viz import canvas, style, words
from nnjax.viz.saving import Animation
from nnjax.viz.surfaces import SURFACES, Surface, descend

GRID = 110


@style.context()
def optimizer_race(
    optimizers: Mapping[str, optax.GradientTransformation],
    surface: str = "ravine",
    *,
    steps: int = 60,
    title: str | None = None,
) -> Figure:
    """Return the paths of the optimizers {label: GradientTransformation} on a surface of ``surfaces.SURFACES``.

    All start at the same point and make ``steps`` steps; the legend tells the loss that each ends with. Raises
    ValueError for an unknown surface, no step, no optimizer or more than seven.
    """
    ground, paths, losses = _run(optimizers, surface, steps)
    figure, axes, _ = _course(ground)
    handles, labels = _runners(axes, paths)
    for (path_line, head), path in zip(handles, paths.values(), strict=True):
        path_line.set_data(*path.T)
        head.set_data(*path[-1:].T)
    ends = [f"{label}: {_loss(losses[name][-1])}" for name, label in zip(paths, labels, strict=True)]
    canvas.legend(figure, [_in_legend(i) for i in range(len(paths))], ends)
    canvas.headline(figure, title or _message(losses, steps))
    return figure


@style.context()
def optimizer_race_animation(
    optimizers: Mapping[str, optax.GradientTransformation],
    surface: str = "ravine",
    *,
    steps: int = 60,
    title: str | None = None,
    max_frames: int = 60,
) -> Animation:
    """Return the animation of ``optimizer_race``: at most ``max_frames`` frames from the start to the last step."""
    if max_frames < 2:
        raise ValueError(f"max_frames is {max_frames}; it must be at least 2: the start and the end")
    ground, paths, losses = _run(optimizers, surface, steps)
    figure, axes, caption = _course(ground)
    runners, labels = _runners(axes, paths)
    canvas.legend(figure, [_in_legend(i) for i in range(len(paths))], labels)
    canvas.headline(figure, title or _message(losses, steps))
    canvas.freeze(figure)
    at = sorted({round(i) for i in np.linspace(0, steps, min(steps + 1, max_frames))})
    formula = caption.get_text()

    def draw(index: int) -> None:
        step = at[index]
        caption.set_text(f"{formula} · step {step} of {steps}")
        for (path_line, head), path in zip(runners, paths.values(), strict=True):
            path_line.set_data(*path[: step + 1].T)
            head.set_data(*path[step : step + 1].T)

    moving = (caption, *(artist for runner in runners for artist in runner))
    return Animation(figure, draw, (0.8, *[0.1] * (len(at) - 2), 3.0), moving)


def _run(
    optimizers: Mapping[str, optax.GradientTransformation], surface: str, steps: int
) -> tuple[Surface, dict[str, np.ndarray], dict[str, np.ndarray]]:
    style.require_series("optimizers", len(optimizers))
    if surface not in SURFACES:
        raise unknown("surface", surface, SURFACES)
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    ground = SURFACES[surface]
    paths = {label: descend(ground.f, optimizer, ground.start, steps) for label, optimizer in optimizers.items()}
    # A path that has left the numbers is drawn up to where it left.
    drawn = {label: np.where(np.isfinite(path), path, np.nan) for label, path in paths.items()}
    return ground, drawn, {label: np.asarray(ground.f(path.T), np.float64) for label, path in paths.items()}


def _course(ground: Surface) -> tuple[Figure, Axes, Text]:
    """Return the picture of the surface, its axes and the caption that tells the formula."""
    figure, (axes,) = canvas.blank(4.6)
    left, right, bottom, top = ground.limits
    across, up = np.linspace(left, right, GRID), np.linspace(bottom, top, GRID)
    height = np.asarray(ground.f(jnp.stack(jnp.meshgrid(across, up))), np.float64)
    canvas.contours(axes, across, up, height)
    axes.plot(*ground.minimum, "*", markersize=16, color=style.palette["yellow"], markeredgecolor="black", zorder=4)
    axes.plot(*ground.start, "o", markersize=7, color="black", zorder=4)
    axes.grid(False)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="parameter x", ylabel="parameter y")
    return figure, axes, axes.set_title(f"loss = {ground.formula}", parse_math=False)


def _runners(axes: Axes, paths: Mapping[str, np.ndarray]) -> tuple[list[tuple[Line2D, Line2D]], list[str]]:
    """Return for each path its empty line and the marker at its head, and the labels."""
    runners = []
    for i in range(len(paths)):
        look = style.series(i)
        (path_line,) = axes.plot([], [], color=look["color"], linestyle=look["linestyle"], linewidth=2.2, zorder=5)
        (head,) = axes.plot([], [], look["marker"], color=look["color"], markeredgecolor="white", zorder=6)
        head.set_markersize(10)
        runners.append((path_line, head))
    return runners, [words.shorten(label, 26) for label in paths]


def _in_legend(index: int) -> Line2D:
    return Line2D([], [], **style.series(index))


def _loss(value: float) -> str:
    return words.number(value, 2) if np.isfinite(value) else "diverged"


def _message(losses: Mapping[str, np.ndarray], steps: int) -> str:
    ends = {label: float(path[-1]) if np.isfinite(path[-1]) else np.inf for label, path in losses.items()}
    best = min(ends, key=lambda label: ends[label])
    if np.isinf(ends[best]):
        return f"Within {words.several(steps, 'step')} every optimizer diverged"
    return f"After {words.several(steps, 'step')} {best} has the lowest loss"
