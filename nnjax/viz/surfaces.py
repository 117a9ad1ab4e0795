"""Loss surfaces with two parameters on which optimizers can be watched, and the path that an optimizer takes."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

# One point (2,), or a grid of them (2, ...).
Points = Float[Array, "2 *grid"]
Heights = Float[Array, "*grid"]


class Surface(NamedTuple):
    """A function of points (2, ...), its formula, the window to show, the start, and where it is least (value 0)."""

    f: Callable[[Array], Array]
    formula: str
    limits: tuple[float, float, float, float]
    start: tuple[float, float]
    minimum: tuple[float, float]


def ravine(p: Points) -> Heights:
    """Return (x^2 + 20 y^2) / 2: a valley 20 times steeper across than along."""
    return 0.5 * (p[0] ** 2 + 20 * p[1] ** 2)


def rosenbrock(p: Points) -> Heights:
    """Return (1 - x)^2 + 100 (y - x^2)^2: a bent valley, easy to reach and slow to follow (Rosenbrock, 1960)."""
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def beale(p: Points) -> Heights:
    """Return (1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2: plains and steep walls (Beale, 1958)."""
    x, y = p[0], p[1]
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


SURFACES: dict[str, Surface] = {
    "ravine": Surface(ravine, "½ (x² + 20 y²)", (-5.0, 1.5, -1.6, 1.6), (-4.4, 1.2), (0.0, 0.0)),
    "rosenbrock": Surface(rosenbrock, "(1 − x)² + 100 (y − x²)²", (-1.8, 1.8, -0.8, 2.2), (-1.3, 1.4), (1.0, 1.0)),
    "beale": Surface(
        beale,
        "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
        (-0.5, 4.5, -1.5, 2.0),
        (1.0, -1.2),
        (3.0, 0.5),
    ),
}
"""The surfaces by name."""


def descend(
    f: Callable[[Array], Array], optimizer: optax.GradientTransformation, start: tuple[float, float], steps: int
) -> Float[Array, "points 2"]:
    """Return the steps + 1 points that the optimizer visits on the surface f, the start included."""
    first = jnp.asarray(start, jnp.float32)

    def step(carry: tuple[Array, optax.OptState], _: None) -> tuple[tuple[Array, optax.OptState], Array]:
        point, state = carry
        updates, state = optimizer.update(jax.grad(f)(point), state, point)
        point = optax.apply_updates(point, updates)
        return (point, state), point

    _, path = jax.lax.scan(step, (first, optimizer.init(first)), None, length=steps)
    return jnp.concatenate([first[None], path])
