"""The table of certificates: everything public in activations, losses, layers and models, and its cases."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from nnjax.certify import (
    activation_cases,
    attention_cases,
    image_cases,
    layer_cases,
    loss_cases,
    model_cases,
    sequence_cases,
)
from nnjax.certify.engine import Case, Certificate, certify_cases
from nnjax.checks import unknown

CASES: dict[str, Callable[[np.random.Generator], Iterator[Case]]] = {
    **activation_cases.CASES,
    **loss_cases.CASES,
    **layer_cases.CASES,
    **model_cases.CASES,
    **image_cases.CASES,
    **sequence_cases.CASES,
    **attention_cases.CASES,
}


def names() -> list[str]:
    """Return the names of all that is certified, such as "layers.dense"."""
    return list(CASES)


def run(only: Iterable[str] | None = None, *, seed: int = 0) -> Iterator[Certificate]:
    """Yield a certificate for each name in ``only`` (by default all), drawn from ``seed``.

    Raises ValueError for an unknown name before anything is computed.
    """
    chosen = names() if only is None else list(only)
    for name in chosen:
        if name not in CASES:
            raise unknown("certificate", name, CASES)
    return (certify_cases(name, CASES[name](np.random.default_rng(seed)), seed=seed) for name in chosen)
