"""nnjax: neural networks as pure JAX functions, with every gradient certified against backpropagation by hand.

The rooms, from the ground up::

    activations  losses  initializers  optimizers  sampling   plain functions
    layers  models                                            init(key, ...) -> params;  apply(params, x) -> outputs
    manual  certify                                           backpropagation by hand; the proof that it equals jax.grad
    data  training                                            load(name) -> Dataset;  fit(apply, params, dataset)
    parallel                                                  the same step on many devices and in many processes
    interop  viz  tour                                        to and from Flax; pictures; the whole course in one run
    exercises  grading  course                                check(my_function); marks for a class; the lessons
    runs  slides  cli                                         training by name, kept in a folder; the decks; the command

Submodules load at first use, so that ``import nnjax`` costs no more than ``import jax``.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

__all__ = [
    "activations",
    "certify",
    "check",
    "cli",
    "course",
    "data",
    "exercises",
    "flops",
    "grading",
    "hint",
    "initializers",
    "interop",
    "layers",
    "losses",
    "manual",
    "models",
    "optimizers",
    "parallel",
    "runs",
    "sampling",
    "slides",
    "tour",
    "training",
    "viz",
]


def __getattr__(name: str) -> Any:
    if name in ("check", "hint"):
        return getattr(importlib.import_module("nnjax.grading.checking"), name)
    if name in __all__:
        return importlib.import_module(f"nnjax.{name}")
    raise AttributeError(f"module 'nnjax' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
