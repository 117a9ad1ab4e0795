"""How gradients fare on their way back through time: kept, vanished or exploded."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, finite, shaped

MOST_MARKERS = 12


@style.context()
def gradients_over_time(norms: Mapping[str, Values], *, title: str | None = None) -> Figure:
    """Return the picture of the size of the gradient against how many time steps it has gone back.

    ``norms`` is {label: (time + 1,) or (batch, time + 1)}, as ``layers.memory.gradient_norms`` gives them: entry t is
    the norm of ds_T/ds_t, the last is where the gradient starts. Each line is the geometric mean over the batch; it
    ends where a norm is 0. Raises ValueError for no or more than 7 lines, other shapes, a norm that is negative, not
    finite, or 0 from the start.
    """
    style.require_series("norms", len(norms))
    curves = {label: _curve(f"norms[{label!r}]", values) for label, values in norms.items()}
    figure, (axes,) = canvas.blank()
    handles = []
    for k, curve in enumerate(curves.values()):
        look = style.series(k) | {"markevery": max(1, -(-len(curve) // MOST_MARKERS)), "clip_on": False}
        handles += axes.plot(np.arange(len(curve)), curve, **look)
    axes.axhline(1, color=style.palette["grey"], linewidth=1, zorder=0)
    canvas.log_axis(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0, max(map(len, curves.values())) - 1)
    axes.set_xlabel("time steps back from the end, T − t")
    axes.set_ylabel("norm of the gradient, ∂s$_T$/∂s$_t$")
    canvas.legend(figure, handles, [words.shorten(label, 30) for label in curves])
    canvas.headline(figure, title or _message(curves))
    return figure


def _curve(name: str, values: Values) -> np.ndarray:
    array = finite(name, np.atleast_2d(shaped(name, values, "time", "batch time")))
    if np.min(array) < 0 or np.any(array[:, -1] == 0):
        raise ValueError(f"{name} has a norm of {np.min(array):g}; norms are not negative, and not 0 at the last step")
    with np.errstate(divide="ignore"):
        curve = np.exp(np.mean(np.log(array), axis=0))[::-1]
    return np.where(curve > 0, curve, np.nan)


def _message(curves: Mapping[str, np.ndarray]) -> str:
    ends = {label: curve[np.isfinite(curve)][-1] for label, curve in curves.items()}
    weakest, strongest = min(ends, key=lambda label: ends[label]), max(ends, key=lambda label: ends[label])
    steps = words.several(max(len(curve) for curve in curves.values()) - 1, "step")
    told = [weakest] if weakest == strongest else [weakest, strongest]
    # Numbers and labels are not to be torn apart at the end of a line.
    parts = [f"{words.number(ends[label], 2)} ({words.shorten(label, 30)})".replace(" ", "\u00a0") for label in told]
    return f"{steps} back, a gradient of 1 has become {' and '.join(parts)}"
