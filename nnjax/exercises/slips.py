"""Slips that learners make in several lessons: bodies of wrong answers, and sentences, which these lessons share."""

from typing import Any

CLASSES_OF_LABELS = (
    "The number of classes is that of the logits' columns; it cannot be taken from the labels, among which some may be "
    "missing."
)


def written_into(params: Any, grads: Any, learning_rate: float) -> Any:
    """Return params after a step of descent, its dicts and lists being the old ones, into which the step is written."""
    if isinstance(params, (dict, list)):
        for place in params if isinstance(params, dict) else range(len(params)):
            params[place] = written_into(params[place], grads[place], learning_rate)
        return params
    if isinstance(params, tuple):
        return tuple(written_into(p, g, learning_rate) for p, g in zip(params, grads, strict=True))
    return params - learning_rate * grads
