"""How sixteen bits and thirty-two are spent, for lesson 11's deck."""

from typing import Any

import jax.numpy as jnp
from matplotlib.figure import Figure

from nnjax.slides import sketch
from nnjax.slides.lesson_11_scaling.drawings import block
from nnjax.slides.sketch import text
from nnjax.viz import style


@style.context()
def bits() -> Figure:
    """Return how the bits of three kinds of numbers are spent, and what their range and fineness are."""
    figure, axes = sketch.sheet(8.4, 3.36)
    kinds = ((jnp.float32, 8, 23), (jnp.bfloat16, 8, 7), (jnp.float16, 5, 10))
    columns = ((5.45, "smallest\nabove 0"), (6.55, "\nlargest"), (7.75, "from 1 to\nthe next"))
    for x, words in columns:
        text(axes, (x, 3.06), words, "grey", fontsize=11)
    for row, (kind, exponent, fraction) in enumerate(kinds):
        y, side = 2.38 - 0.76 * row, 0.112
        info: Any = jnp.finfo(kind)
        text(axes, (0.1, y), kind.__name__, ha="left", fontsize=13)
        for place in range(1 + exponent + fraction):
            color = "grey" if place == 0 else "orange" if place <= exponent else "blue"
            block(axes, (1.2 + side * place, y - 0.2), (side, 0.4), color, 0.6)
        for x, value in zip((c[0] for c in columns), (info.smallest_subnormal, info.max, info.eps), strict=True):
            mantissa, power = f"{float(value):.1e}".split("e")
            text(axes, (x, y), f"{mantissa} · $10^{{{int(power)}}}$", fontsize=12)
    for x, color, words in ((1.2, "grey", "sign"), (2.0, "orange", "exponent"), (3.3, "blue", "digits")):
        block(axes, (x, 0.14), (0.18, 0.18), color, 0.6)
        text(axes, (x + 0.27, 0.23), words, ha="left", fontsize=11)
    return figure
