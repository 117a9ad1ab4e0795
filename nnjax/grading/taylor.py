"""The Taylor test of a gradient: it needs no tolerance, for a right gradient shows by the order of the remainder.

|f(x + h v) - f(x) - h <g, v>| falls with h^2 where g is the gradient, and with h where it is not.
"""

from typing import Any

import numpy as np

from nnjax.exercises.exercise import Loss
from nnjax.grading.comparing import leaves

STEPS = 2.0 ** -np.arange(5, 11)


def is_gradient(loss: Loss, case: tuple[Any, ...], answer: Any) -> bool:
    """Tell whether the remainder of ``answer`` falls with order two.

    In one random direction of a hundred the second derivative happens to be next to nothing; not in three.
    """
    return any(order(loss, case, answer, seed=seed) >= 1.8 for seed in range(3))


def order(loss: Loss, case: tuple[Any, ...], answer: Any, *, seed: int = 0) -> float:
    """Return the order with which the remainder of ``answer`` falls in a random direction: 2 for the gradient, else 1.

    A remainder that is rounding from the start (a loss that is linear along the direction) counts as order 2.
    """
    point = loss.point(case)
    gradient = dict(leaves(loss.answer(answer)))
    rng = np.random.default_rng(seed)
    direction = {path: rng.normal(size=np.shape(leaf)) for path, leaf in leaves(point)}
    slope = sum(float(np.sum(np.asarray(gradient[path], float) * direction[path])) for path in direction)
    start = loss.value(case, _moved(point, direction, 0.0))  # in float64, as all others
    remainders = np.array([
        abs(loss.value(case, _moved(point, direction, step)) - start - step * slope) for step in STEPS
    ])  # fmt: skip
    size = max(abs(start), abs(slope), 1e-9)
    if remainders[0] < 1e-6 * size:
        return 2.0
    usable = remainders > 1e-8 * size
    if usable.sum() < 2:
        return 2.0
    return float(np.polyfit(np.log2(STEPS[usable]), np.log2(remainders[usable]), 1)[0])


def _moved(point: Any, direction: dict[str, np.ndarray], step: float, path: str = "") -> Any:
    """Return point + step * direction, leaf by leaf, in float64."""
    if isinstance(point, dict):
        return {name: _moved(part, direction, step, f"{path}[{name!r}]") for name, part in point.items()}
    if isinstance(point, (list, tuple)):
        return [_moved(part, direction, step, f"{path}[{place}]") for place, part in enumerate(point)]
    return np.asarray(point, float) + step * direction[path]
