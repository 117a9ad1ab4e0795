"""The line w . x + b = 0 in a window of the plane: where it runs, which side is positive, where to draw its arrow.

``weights`` is (3,): w1, w2, b. ``limits`` is (left, right, bottom, top). A line with w = 0 is nowhere.
"""

import numpy as np

Limits = tuple[float, float, float, float]

RATIO = 1.45
"""Width of the window by its height. Both axes have the same unit, so that w meets the line at right angles."""


def even_view(limits: Limits) -> Limits:
    """Return the window made wider or taller, about the same middle, so that width / height is ``RATIO``."""
    left, right, bottom, top = limits
    width = max(right - left, RATIO * (top - bottom))
    x, y = (left + right) / 2, (bottom + top) / 2
    return x - width / 2, x + width / 2, y - width / RATIO / 2, y + width / RATIO / 2


def ends(weights: np.ndarray, limits: Limits) -> np.ndarray:
    """Return two points (2, 2) of the line, outside the window when the line crosses it; none, (0, 2), if w = 0."""
    w, b = weights[:2], weights[2]
    if not np.any(w):
        return np.empty((0, 2))
    middle, diagonal = _middle(limits), _diagonal(limits)
    foot = middle - (w @ middle + b) / (w @ w) * w
    along = diagonal * np.array([-w[1], w[0]]) / np.hypot(*w)
    return np.stack([foot - along, foot + along])


def positive_side(weights: np.ndarray, limits: Limits) -> np.ndarray:
    """Return the corners (4, 2) of a region that covers the window where w . x + b >= 0."""
    left, right, bottom, top = limits
    if not np.any(weights[:2]):
        shown = 1.0 if weights[2] >= 0 else 0.0
        return shown * np.array([(left, bottom), (right, bottom), (right, top), (left, top)])
    first, second = ends(weights, limits)
    normal = weights[:2] / np.hypot(*weights[:2])
    depth = 2 * _diagonal(limits) + float(np.hypot(*((first + second) / 2 - _middle(limits))))
    return np.stack([first, second, second + depth * normal, first + depth * normal])


def arrow(weights: np.ndarray, limits: Limits, longest: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Return tail and tip, (2,) each, of the weight vector drawn from the line, or None where no line is in the window.

    Its length is a third of the window's height when |w| is ``longest``, and in proportion below.
    """
    if not np.any(weights[:2]):
        return None
    left, right, bottom, top = limits
    first, second = ends(weights, limits)
    points = first + np.linspace(0, 1, 401)[:, None] * (second - first)
    inside = np.all((points >= (left, bottom)) & (points <= (right, top)), axis=1)
    if not np.any(inside):
        return None
    tail = points[inside].mean(axis=0)
    return tail, tail + (top - bottom) / 3 * weights[:2] / longest


def _middle(limits: Limits) -> np.ndarray:
    left, right, bottom, top = limits
    return np.array([(left + right) / 2, (bottom + top) / 2])


def _diagonal(limits: Limits) -> float:
    left, right, bottom, top = limits
    return float(np.hypot(right - left, top - bottom))
