"""Judging by values: whether they are right on every case, and if not, the sentence that says best what is wrong."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnjax.exercises.exercise import Exercise, Holds
from nnjax.grading.answer_key import AnswerKey, mistaken
from nnjax.grading.comparing import Difference, difference, fitted, same
from nnjax.grading.mechanical import sentence as mechanical
from nnjax.grading.outcomes import Outcome
from nnjax.grading.taylor import is_gradient, order


def wrong_values(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome], seed: int) -> tuple[str, int] | None:
    """Return the sentence about the values, and the number of the first case in which they are wrong."""
    values, found = _compared(exercise, key, outcomes)
    place = next((number for number, one in enumerate(found) if one), None)
    if exercise.rules and place is None:
        for rule in exercise.rules:
            if not _holds(rule.holds, key.cases, values):
                return rule.sentence, 0
        return None
    if place is None:
        return _not_a_gradient(exercise, key, values)
    known = _known(exercise, key, outcomes, seed, place)
    if known:
        return known, place
    first = found[place]
    assert first is not None
    if first.kind in ("value", "shape") and not any(one.failure for one in outcomes):
        rights = [one.value for one in key.outcomes[: len(values)]]
        said = mechanical(exercise.parameters, key.cases, values, rights, exercise.tolerance)
        if said:
            return (f"{said} {_sentence(first.words)}" if first.kind == "shape" else said), place
    return _sentence(f"{first.words}{_taylor(exercise, key, values)}"), place


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}" + ("" if words.endswith(("?", ".")) else ".")


def _compared(
    exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome]
) -> tuple[list[Any], list[Difference | None]]:
    """Return the values on each case in the containers of the right ones, and in what each differs."""
    values = [fitted(one.value, right.value) for one, right in zip(outcomes, key.outcomes, strict=False)]
    return values, [difference_of(exercise, *three) for three in zip(outcomes, values, key.outcomes, strict=False)]


def difference_of(exercise: Exercise, outcome: Outcome, value: Any, right: Outcome) -> Difference | None:
    """Return in what one outcome, whose ``value`` was fitted, differs from the right one; None where it does not."""
    if outcome.failure:
        return Difference("failure", failure(exercise, outcome))
    if value is None and right.value is not None:
        return Difference("structure", "it returned None: is the return missing?")
    # Where right answers may differ, only containers, kinds, shapes and finite numbers are compared.
    found = difference(value, right.value, np.inf if exercise.rules else exercise.tolerance)
    if exercise.rules and found is not None and found.kind in ("value", "nan"):
        # The reference's own number is only one of many that would be right.
        return found._replace(words=found.words.split(";")[0]) if found.kind == "nan" else None
    return found


def failure(exercise: Exercise, outcome: Outcome) -> str:
    """Return in words why an outcome holds no value."""
    said = {
        "slow": f"it did not finish within {exercise.seconds:g} seconds: is there a loop that never ends?",
        "raised": f"it raised {outcome.words}",
        "type": f"it returned {outcome.words}; numbers, arrays and containers of them are wanted",
        "unsolved": "a part of it is not solved yet",
    }
    # Other kinds of failure are made up by who sent them.
    return said.get(outcome.failure, "no answer came back")


def _known(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome], seed: int, place: int) -> str | None:
    """Return the sentence of the known mistake that gives the very same outcomes on every case.

    The case at ``place``, in which the outcomes are wrong, comes first: most mistakes differ from one another there.
    """
    places = sorted(range(len(outcomes)), key=lambda number: number != place)
    for mistake in exercise.mistakes:
        given = functools.partial(mistaken, exercise.name, seed, mistake)
        alike = all(same(outcomes[number], given(number), exercise.tolerance) for number in places)
        if alike and not all(same(given(number), key.outcomes[number], exercise.tolerance) for number in places):
            return mistake.sentence
    return None


def _holds(holds: Holds, cases: list[tuple[Any, ...]], values: list[Any]) -> bool:
    """Tell whether a rule holds; an answer on which it cannot even be asked breaks it."""
    try:
        with np.errstate(all="ignore"):
            return bool(holds(cases, values))
    except (ValueError, TypeError, IndexError, KeyError, ArithmeticError):
        return False


def _not_a_gradient(exercise: Exercise, key: AnswerKey, values: list[Any]) -> tuple[str, int] | None:
    """Return the sentence for values that agree with the reference but fail as a gradient: then one of us is wrong."""
    if exercise.loss is None:
        return None
    for number, (case, value) in enumerate(zip(key.cases, values, strict=True)):
        if not is_gradient(exercise.loss, case, value):
            found = order(exercise.loss, case, value)
            return f"The Taylor remainder falls with order {found:.2f}; that of a gradient with 2", number
    return None


def _taylor(exercise: Exercise, key: AnswerKey, values: list[Any]) -> str:
    if exercise.loss is None:
        return ""
    case, value = key.cases[-1], values[-1]
    try:
        if is_gradient(exercise.loss, case, value):
            return ""
    except (ValueError, TypeError, KeyError, IndexError):
        return ""
    found = order(exercise.loss, case, value)
    return f" (the Taylor remainder falls with order {found:.1f} where a gradient gives 2)"


def has_right_values(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome]) -> bool:
    """Tell whether a known mistake has nothing wrong but that it breaks a law."""
    values, found = _compared(exercise, key, outcomes)
    return not any(found) and all(_holds(rule.holds, key.cases, values) for rule in exercise.rules)
