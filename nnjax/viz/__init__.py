"""Pictures: each function takes plain arrays, parameters or functions and returns a matplotlib Figure or an Animation.

::

    curves          loss_curves  accuracy_curves  compare_curves      sweep           rate_sweep
    boundary        decision_boundary                                 regression      fitted_curves
    perceptron      perceptron_animation  perceptron_lines            activations     activation_functions
    descent         descent_paths  example_rates                      race            optimizer_race
    classification  confusion_matrix  worst_mistakes                                  optimizer_race_animation
    hopfield        hopfield_recall  capacity_curve                   generated       generated_digits
    milestones      timeline
    attention       attention_maps  position_patterns
    convolution     convolution_animation                             pooling_windows pooling
    tiles           filters  feature_maps  samples_grid
    selfplay        selfplay_curve  board_policy
    saving          save  save_animation                              style           palette
    memory          gradients_over_time                               diagram         network_diagram
    neuron          neuron_diagram                                    graph           computation_graph
    stops           kernel_stops                                      maps            maps_diagram
    certificates    certificate_errors                                unrolling       unrolled

All look alike, by ``style``. matplotlib is imported when the first of them is used, never its pyplot.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnjax.viz.activations import activation_functions
    from nnjax.viz.attention import attention_maps, position_patterns
    from nnjax.viz.boundary import decision_boundary
    from nnjax.viz.certificates import certificate_errors
    from nnjax.viz.classification import confusion_counts, confusion_matrix, worst_mistakes
    from nnjax.viz.convolution import convolution_animation
    from nnjax.viz.curves import accuracy_curves, compare_curves, loss_curves
    from nnjax.viz.descent import descent_paths, example_rates
    from nnjax.viz.diagram import network_diagram
    from nnjax.viz.generated import generated_digits
    from nnjax.viz.graph import computation_graph
    from nnjax.viz.hopfield import capacity_curve, hopfield_recall
    from nnjax.viz.maps import maps_diagram
    from nnjax.viz.memory import gradients_over_time
    from nnjax.viz.milestones import timeline
    from nnjax.viz.neuron import neuron_diagram
    from nnjax.viz.perceptron import perceptron_animation, perceptron_lines
    from nnjax.viz.pooling_windows import pooling
    from nnjax.viz.race import optimizer_race, optimizer_race_animation
    from nnjax.viz.regression import fitted_curves
    from nnjax.viz.saving import Animation, save, save_animation
    from nnjax.viz.selfplay import board_policy, selfplay_curve
    from nnjax.viz.stops import kernel_stops
    from nnjax.viz.style import palette
    from nnjax.viz.sweep import rate_sweep
    from nnjax.viz.tiles import feature_maps, filters, samples_grid
    from nnjax.viz.unrolling import unrolled

_HOME = {
    "activation_functions": "activations",
    "attention_maps": "attention",
    "position_patterns": "attention",
    "decision_boundary": "boundary",
    "certificate_errors": "certificates",
    "confusion_counts": "classification",
    "confusion_matrix": "classification",
    "worst_mistakes": "classification",
    "convolution_animation": "convolution",
    "accuracy_curves": "curves",
    "compare_curves": "curves",
    "loss_curves": "curves",
    "descent_paths": "descent",
    "example_rates": "descent",
    "network_diagram": "diagram",
    "maps_diagram": "maps",
    "gradients_over_time": "memory",
    "generated_digits": "generated",
    "computation_graph": "graph",
    "capacity_curve": "hopfield",
    "hopfield_recall": "hopfield",
    "timeline": "milestones",
    "neuron_diagram": "neuron",
    "perceptron_animation": "perceptron",
    "perceptron_lines": "perceptron",
    "pooling": "pooling_windows",
    "optimizer_race": "race",
    "optimizer_race_animation": "race",
    "fitted_curves": "regression",
    "Animation": "saving",
    "save": "saving",
    "save_animation": "saving",
    "board_policy": "selfplay",
    "selfplay_curve": "selfplay",
    "kernel_stops": "stops",
    "palette": "style",
    "rate_sweep": "sweep",
    "feature_maps": "tiles",
    "filters": "tiles",
    "samples_grid": "tiles",
    "unrolled": "unrolling",
}

__all__ = [
    "Animation",
    "accuracy_curves",
    "activation_functions",
    "attention_maps",
    "board_policy",
    "capacity_curve",
    "certificate_errors",
    "compare_curves",
    "computation_graph",
    "confusion_counts",
    "confusion_matrix",
    "convolution_animation",
    "decision_boundary",
    "descent_paths",
    "example_rates",
    "feature_maps",
    "filters",
    "fitted_curves",
    "generated_digits",
    "gradients_over_time",
    "hopfield_recall",
    "kernel_stops",
    "loss_curves",
    "maps_diagram",
    "network_diagram",
    "neuron_diagram",
    "optimizer_race",
    "optimizer_race_animation",
    "palette",
    "perceptron_animation",
    "perceptron_lines",
    "pooling",
    "position_patterns",
    "rate_sweep",
    "samples_grid",
    "save",
    "save_animation",
    "selfplay_curve",
    "timeline",
    "unrolled",
    "worst_mistakes",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"nnjax.viz.{_HOME[name]}"), name)
    raise AttributeError(f"module 'nnjax.viz' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
