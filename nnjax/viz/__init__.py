"""Pictures: each function takes plain arrays, parameters or functions and returns a matplotlib Figure or an Animation.

::

    curves          loss_curves  accuracy_curves  compare_curves      sweep           rate_sweep
    boundary        decision_boundary                                 regression      fitted_curves
    perceptron      perceptron_animation  perceptron_lines            activations     activation_functions
    descent         descent_paths  example_rates                      race            optimizer_race
    classification  confusion_matrix  worst_mistakes                                  optimizer_race_animation
    saving          save  save_animation                              style           palette
    memory          gradients_over_time

All look alike, by ``style``. matplotlib is imported when the first of them is used, never its pyplot.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnjax.viz.activations import activation_functions
    from nnjax.viz.boundary import decision_boundary
    from nnjax.viz.classification import confusion_counts, confusion_matrix, worst_mistakes
    from nnjax.viz.curves import accuracy_curves, compare_curves, loss_curves
    from nnjax.viz.descent import descent_paths, example_rates
    from nnjax.viz.memory import gradients_over_time
    from nnjax.viz.perceptron import perceptron_animation, perceptron_lines
    from nnjax.viz.race import optimizer_race, optimizer_race_animation
    from nnjax.viz.regression import fitted_curves
    from nnjax.viz.saving import Animation, save, save_animation
    from nnjax.viz.style import palette
    from nnjax.viz.sweep import rate_sweep

_HOME = {
    "activation_functions": "activations",
    "decision_boundary": "boundary",
    "confusion_counts": "classification",
    "confusion_matrix": "classification",
    "worst_mistakes": "classification",
    "accuracy_curves": "curves",
    "compare_curves": "curves",
    "loss_curves": "curves",
    "descent_paths": "descent",
    "example_rates": "descent",
    "gradients_over_time": "memory",
    "perceptron_animation": "perceptron",
    "perceptron_lines": "perceptron",
    "optimizer_race": "race",
    "optimizer_race_animation": "race",
    "fitted_curves": "regression",
    "Animation": "saving",
    "save": "saving",
    "save_animation": "saving",
    "palette": "style",
    "rate_sweep": "sweep",
}

__all__ = [
    "Animation",
    "accuracy_curves",
    "activation_functions",
    "compare_curves",
    "confusion_counts",
    "confusion_matrix",
    "decision_boundary",
    "descent_paths",
    "example_rates",
    "fitted_curves",
    "gradients_over_time",
    "loss_curves",
    "optimizer_race",
    "optimizer_race_animation",
    "palette",
    "perceptron_animation",
    "perceptron_lines",
    "rate_sweep",
    "save",
    "save_animation",
    "worst_mistakes",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"nnjax.viz.{_HOME[name]}"), name)
    raise AttributeError(f"module 'nnjax.viz' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
