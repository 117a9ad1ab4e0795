"""A recurrent network unrolled over time: a column for each step, and the error on its way back through them."""

from collections.abc import Collection
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from nnjax.viz import canvas, style

MOST_STEPS = 6
RADIUS, WIDE, HIGH = 0.34, 1.62, 1.15
Place = tuple[float, float]


@style.context()
def unrolled(
    steps: int,
    *,
    back: int = 0,
    errors: Collection[int] | None = None,
    folded: bool = False,
    weights: tuple[str, str] = ("$W_x$", "$W_h$"),
    height: float = 3.6,
    title: str | None = None,
) -> Figure:
    """Draw ``steps`` time steps of a recurrent network: input x, state h and, where it is looked at, the error E.

    Args:
        steps: how many, 1 to 6.
        back: how many steps the error has gone back, 0 to ``steps``: a walk draws one picture for each. The step that
            it has reached last is red, with the ways by which it came; its delta stays written below the states.
        errors: the steps whose state is looked at, from 1; by default all.
        folded: whether the network with its cycle stands at the left.
        weights: what stands at the arrows from the inputs and between the states.
        height: of the picture, in inches.
        title: the headline.

    Raises ValueError for a number of steps that there is no room for, or for a step that there is not.
    """
    errors = set(range(1, steps + 1)) if errors is None else set(errors)
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps is {steps}; this picture has room for 1 to {MOST_STEPS}")
    if not 0 <= back <= steps:
        raise ValueError(f"back is {back}; the error can go back 0 to {steps} steps")
    if not errors <= set(range(1, steps + 1)):
        raise ValueError(f"errors is {sorted(errors)}; the steps are 1 to {steps}")
    figure, (axes,) = canvas.blank(height)
    left = -2.75 if folded else -0.9
    axes.set(xlim=(left, WIDE * (steps - 1) + 1.1), ylim=(-HIGH - 0.45, HIGH + 0.45))
    axes.set_aspect("equal")
    axes.axis("off")
    if folded:
        _cycle(axes, -2.1, weights)
        axes.text(-0.85, 0, "=", ha="center", va="center", fontsize=20)
    reached = steps - back + 1
    for step in range(1, steps + 1):
        x, hot = WIDE * (step - 1), step == reached
        if step in errors:
            _arrow(axes, (x, 0), (x, HIGH), "", turned=hot)
            _ring(axes, (x, HIGH), f"$E_{step}$", "vermilion" if hot else "green")
        _arrow(axes, (x, -HIGH), (x, 0), weights[0], beside=True)
        _ring(axes, (x, -HIGH), f"$x_{step}$", "grey")
        _ring(axes, (x, 0), f"$h_{step}$", "vermilion" if hot else "blue")
        if step < steps:
            _arrow(axes, (x, 0), (x + WIDE, 0), weights[1], turned=hot)
        if step >= reached:
            color = style.palette["vermilion"]
            axes.text(x + 0.3, -0.45, rf"$\delta_{step}$", color=color, ha="left", va="center", fontsize=14)
    went = (
        f"The error has gone back {back} of {steps} steps" if back else "Unrolled, the cycle is a chain of equal steps"
    )
    canvas.headline(figure, title or went)
    return figure


def _ring(axes: Axes, at: Place, name: str, color: str) -> None:
    look = {"facecolor": style.tint(color, 0.16), "edgecolor": style.palette[color]}
    axes.add_patch(Circle(at, RADIUS, linewidth=2, zorder=2, **look))
    axes.text(*at, name, ha="center", va="center", fontsize=14, zorder=3)


def _arrow(axes: Axes, start: Place, end: Place, name: str, *, turned: bool = False, beside: bool = False) -> None:
    """Draw an arrow between two circles, turned round and red where the error goes back."""
    length = abs(end[0] - start[0]) + abs(end[1] - start[1])
    across, up = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    near = (start[0] + RADIUS * across, start[1] + RADIUS * up)
    far = (end[0] - RADIUS * across, end[1] - RADIUS * up)
    color, width = ("vermilion", 3.0) if turned else ("grey", 1.5)
    _line(axes, far if turned else near, near if turned else far, color, width)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    at, side = ((middle[0] - 0.1, middle[1]), "right") if beside else ((middle[0], middle[1] + 0.22), "center")
    axes.text(*at, name, ha=side, va="center", fontsize=12)


def _line(axes: Axes, start: Place, end: Place, color: str, width: float, curve: str = "arc3") -> None:
    look: dict[str, Any] = {"color": style.palette[color], "linewidth": width, "zorder": 1, "mutation_scale": 14}
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", connectionstyle=curve, shrinkA=0, shrinkB=0, **look))


def _cycle(axes: Axes, x: float, weights: tuple[str, str]) -> None:
    _arrow(axes, (x, -HIGH), (x, 0), weights[0], beside=True)
    _arrow(axes, (x, 0), (x, HIGH), "")
    for y, name, color in ((-HIGH, "$x_t$", "grey"), (0, "$h_t$", "blue"), (HIGH, "$E_t$", "green")):
        _ring(axes, (x, y), name, color)
    corner = RADIUS * 0.72
    _line(axes, (x + corner, corner), (x + corner, -corner), "vermilion", 2.4, "arc3,rad=-1.9")
    axes.text(x + 0.5, 0.5, weights[1], ha="left", va="center", fontsize=12)
