"""The Hopfield network at work: patterns recalled step by step as the energy falls, and how many it can hold."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nnjax.models import hopfield
from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, finite, shaped

CRITICAL_LOAD = 0.138
"""Patterns a neuron at which memory breaks down in a large network (Amit, Gutfreund and Sompolinsky, 1985)."""

HELD = 0.97
"""The fraction of right bits that counts as memory: at the critical load the theory leaves 0.984."""

MOST_PATTERNS = 5


@style.context()
def hopfield_recall(
    weights: Values, stored: Values, damaged: Values, *, sweeps: int = 2, title: str | None = None
) -> Figure:
    """Return the picture of patterns being recalled: stored, damaged, while neuron after neuron is updated, and E.

    ``stored`` and ``damaged`` are (patterns, height, width) of +-1, up to five; ``weights`` is (neurons, neurons),
    neurons = height times width. Black is +1. The headline tells how many are recalled exactly, and whether the energy
    rises, as it may where the weights are not symmetric. Raises ValueError for other shapes or values, or less than
    one sweep.
    """
    weights = finite("weights", shaped("weights", weights, "neurons neurons"))
    wanted, start = (_signs(n, x) for n, x in (("stored", stored), ("damaged", damaged)))
    count, height, width = wanted.shape
    if start.shape != wanted.shape:
        raise ValueError(f"damaged has shape {start.shape} and stored {wanted.shape}; they must be the same")
    if count > MOST_PATTERNS:
        raise ValueError(f"stored has {count} patterns; this picture has room for {MOST_PATTERNS}")
    if weights.shape != (height * width,) * 2:
        raise ValueError(f"weights has shape {weights.shape} for {height * width} pixels; it must be pixels by pixels")
    if sweeps < 1:
        raise ValueError(f"sweeps is {sweeps}; it must be at least 1")

    states, energies = _path(weights, start.reshape(count, -1), sweeps)
    goal = np.asarray(hopfield.energy(jnp.asarray(weights, jnp.float32), jnp.asarray(wanted.reshape(count, -1))))
    neurons = height * width
    stops = [0, neurons // 4, neurons // 2, 3 * neurons // 4, sweeps * neurons]
    names = ["stored", "damaged", *(f"{stop} updates" for stop in stops[1:])]

    tall = (style.WIDTH / len(names) - 0.14) * height / width
    figure, cells = canvas.blank(0.75 + tall * count + 2.6, count + 1, len(names), height_ratios=[tall] * count + [2.0])
    for n in range(count):
        frames = [wanted[n], *(states[stop, n].reshape(height, width) for stop in stops)]
        for place, (axes, frame) in enumerate(zip(cells[n * len(names) :], frames, strict=False)):
            axes.imshow(frame, cmap="gray_r", vmin=-1.4, vmax=1)
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            axes.spines[:].set(visible=True, color=style.palette[style.COLORS[n]], linewidth=1.4)
            if n == 0:
                axes.set_title(names[place], loc="center", fontsize=10)
    for axes in cells[count * len(names) :]:
        axes.remove()
    grid: Any = cells[0].get_gridspec()
    below = figure.add_subplot(grid[count, :])
    handles = _energy_curves(below, energies, goal)
    labels = [f"row {n + 1}" for n in range(count)]
    canvas.legend(figure, [*handles, Line2D([], [], color="black", linewidth=1, linestyle=":")], [*labels, "stored"])
    exact = int(np.sum(np.all(states[-1] == wanted.reshape(count, -1), axis=1)))
    message = f"{exact} of {words.several(count, 'damaged pattern')} recalled exactly; {_course(weights, energies)}"
    canvas.headline(figure, title or message)
    return figure


@style.context()
def capacity_curve(loads: Values, right: Mapping[int, Values], *, title: str | None = None) -> Figure:
    """Return the picture of the bits that are right after recall, in per cent, against patterns / neurons.

    ``loads`` is (loads,), as given to ``models.hopfield.capacity``; ``right`` is {neurons: what it returned}, (loads,),
    or (seeds, loads), drawn as a mean with a band of one standard deviation. A line marks the load 0.138.
    Raises ValueError for shapes that do not fit or fractions outside 0 to 1.
    """
    loads = finite("loads", shaped("loads", loads, "loads"))
    style.require_series("right", len(right))
    figure, (axes,) = canvas.blank()
    order = np.argsort(loads)
    handles, labels, means = [], [], {}
    for i, (neurons, values) in enumerate(right.items()):
        name = f"right[{neurons}]"
        runs = np.atleast_2d(finite(name, shaped(name, values, "loads", "seeds loads")))
        if runs.shape[1] != len(loads):
            raise ValueError(f"{name} has shape {np.shape(values)} for {len(loads)} loads; its last axis must be them")
        if runs.min() < 0 or runs.max() > 1:
            raise ValueError(f"{name} lies in [{runs.min():g}, {runs.max():g}]; give fractions of the bits, 0 to 1")
        means[neurons] = mean = runs.mean(axis=0)[order]
        std = runs.std(axis=0)[order]
        look = style.series(i)
        handles += axes.plot(loads[order], mean, **look)
        labels.append(words.several(neurons, "neuron"))
        if len(runs) > 1:
            axes.fill_between(loads[order], mean - std, mean + std, color=look["color"], alpha=0.22, linewidth=0)
    handles.append(axes.axvline(CRITICAL_LOAD, color=style.palette["grey"], linestyle=":", linewidth=1.6))
    labels.append(f"{CRITICAL_LOAD}: the limit of large networks")
    axes.set(xlabel="patterns / neurons", ylabel="bits right after recall (%)")
    canvas.percent_axis(axes)
    canvas.legend(figure, handles, labels)
    canvas.headline(figure, title or _capacity_message(max(means), loads[order], means[max(means)]))
    return figure


def _course(weights: np.ndarray, energies: np.ndarray) -> str:
    """Tell whether the energy rises anywhere, by more than the rounding of its sum in float32."""
    change = np.diff(energies, axis=0)
    rises = int(np.sum(change > 1e-6 * np.abs(weights).sum()))
    return f"the energy rises in {rises} of {change.size} updates" if rises else "the energy only falls"


def _capacity_message(neurons: int, loads: np.ndarray, mean: np.ndarray) -> str:
    """Tell of one network, the loads rising, up to which most bits are right, and where the fewest are."""
    held = int(np.argmax(np.append(mean < HELD, True)))
    worst = int(np.argmin(mean))
    who, least = words.several(neurons, "neuron"), words.percent(mean[worst])
    if held == 0:
        return f"{who}: {least} of the bits are right at a load of {loads[worst]:g}"
    kept = f"{who}: at least {100 * HELD:g} % of the bits are right up to a load of {loads[held - 1]:g}"
    return kept if held == len(loads) else f"{kept}, {least} at {loads[worst]:g}"


def _signs(name: str, values: Values) -> np.ndarray:
    array = shaped(name, values, "patterns height width")
    if np.any(np.abs(array) != 1):
        raise ValueError(f"{name} holds {array[np.abs(array) != 1][0]:g}; every pixel must be +1 or -1")
    return array


def _path(weights: np.ndarray, start: np.ndarray, sweeps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return states (1 + updates, patterns, neurons) and energies (1 + updates, patterns), from before the first on."""
    network = jnp.asarray(weights, jnp.float32)

    @jax.jit
    def run(state: jax.Array) -> tuple[jax.Array, jax.Array]:
        def one(state: jax.Array, neuron: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            new = hopfield.update(network, state, neuron)
            return new, (new, hopfield.energy(network, new))

        return jax.lax.scan(one, state, jnp.tile(jnp.arange(len(network)), sweeps))[1]

    first = jnp.asarray(start, jnp.float32)
    states, energies = run(first)
    begin = np.asarray(hopfield.energy(network, first))
    return np.concatenate([start[None], states]), np.concatenate([begin[None], energies])


def _energy_curves(axes: Axes, energies: np.ndarray, goal: np.ndarray) -> list[Line2D]:
    handles = []
    for n in range(energies.shape[1]):
        look = style.series(n) | {"marker": None}
        axes.axhline(goal[n], color="black", linewidth=1, linestyle=":")
        handles += axes.plot(np.arange(len(energies)), energies[:, n], **look)
    axes.set(xlabel="neurons updated", ylabel="energy", xlim=(0, len(energies) - 1))
    return handles
