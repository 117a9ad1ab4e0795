"""The activation functions and their derivatives, side by side."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from nnjax import activations
from nnjax.checks import unknown
from nnjax.viz import canvas, style

# An even number of points has none at z = 0, where a kink has two slopes.
POINTS = 400


@style.context()
def activation_functions(
    names: Sequence[str] | None = None,
    *,
    reach: float = 4.0,
    title: str = "Where the slope g′ is 0, nothing is learnt",
) -> Figure:
    """Return a small picture of g(z) and g'(z) for each activation of ``activations.BY_NAME``, all by default.

    All share the axes: z from -reach to reach. Raises ValueError for an unknown name or none, or a reach not above 0.
    """
    names = list(activations.BY_NAME if names is None else names)
    for name in names:
        if name not in activations.BY_NAME:
            raise unknown("activation", name, activations.BY_NAME)
    if not names:
        raise ValueError("names is empty; give at least one activation")
    if not reach > 0:
        raise ValueError(f"reach is {reach:g}; it must be above 0")
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure, panels = canvas.blank(1.2 + 1.5 * rows, rows, columns, sharex=True, sharey=True)
    z = np.linspace(-reach, reach, POINTS, dtype=np.float32)
    lines = []
    for axes, name in zip(panels, names, strict=False):
        value = activations.BY_NAME[name](jnp.asarray(z))
        slope = getattr(activations, f"{name}_derivative")(jnp.asarray(z))
        lines = [
            *axes.plot(z, _broken(value), color=style.palette["blue"], linewidth=2.4),
            *axes.plot(z, _broken(slope), color=style.palette["vermilion"], linestyle=style.LINES[1]),
        ]
        axes.set_title(name, parse_math=False)
        axes.set(xlim=(-reach, reach), ylim=(-1.3, 2.6), xticks=[-reach / 2, 0, reach / 2], yticks=[-1, 0, 1, 2])
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    for k, axes in enumerate(panels[: len(names)]):
        below = k + columns >= len(names)
        axes.tick_params(labelbottom=below)
        axes.set(xlabel="z" if below else "", ylabel="" if k % columns else "g(z), g′(z)")
    canvas.legend(figure, lines, ["g(z), the activation", "g′(z), its derivative"])
    canvas.headline(figure, title)
    return figure


def _broken(values: object) -> np.ndarray:
    """Return the values with nan where they jump: a line through a jump would show a slope that is not there."""
    curve = np.array(values, np.float64)
    curve[1:][np.abs(np.diff(curve)) > 0.3] = np.nan
    return curve
