"""Judging by laws: what any right answer keeps, and what is said of one that has the right values and breaks it."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nnjax.exercises import laws
from nnjax.exercises.exercise import Exercise
from nnjax.exercises.laws import Call, Law
from nnjax.grading import trusted
from nnjax.grading.answer_key import AnswerKey
from nnjax.grading.by_values import difference_of, failure, has_right_values
from nnjax.grading.comparing import difference, fitted, same
from nnjax.grading.outcomes import Outcome

ROUGH = 1e-2
COUNTED = ("flops", "largest")
INFINITE = re.compile(r"\b(nan|-?inf)\b")


def _laws(exercise: Exercise) -> list[Law]:
    """Return the laws, each as often as it asks for a call."""
    return [law for law in exercise.laws for _ in law.cases]


def broken_law(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome]) -> tuple[str, int] | None:
    """Return the sentence of the first law that is broken, and the case; a known mistake's where it breaks it alike."""
    count = len(key.cases)
    for law, call, outcome, right in zip(
        _laws(exercise), key.calls[count:], outcomes[count:], key.outcomes[count:], strict=True
    ):
        if not law.marks or (outcome.failure == "not traced" and law.kind != "cut"):
            continue
        if exercise.rules:
            right = _own(call, outcomes[call.case], right)
        why = _against_law(exercise, law, outcome, right)
        if why:
            known = _known_by_law(exercise, key, call, outcome, right)
            if law.kind == "jit" and outcome.failure == "slow":
                return known or laws.SLOW_TO_COMPILE, call.case
            more = laws.NOT_FINITE if law.kind == "gradient" and INFINITE.search(why) else ""
            return known or law.sentence.format(why) + more, call.case
    return None


def _own(call: Call, plain: Outcome, right: Outcome) -> Outcome:
    """Return what a law wants where right answers may differ: what the learner's own function gave before."""
    if call.kind == "jit":
        return plain
    return right._replace(value=(plain.value, right.value[1])) if call.kind == "again" else right


def _against_law(exercise: Exercise, law: Law, outcome: Outcome, right: Outcome) -> str | None:
    if outcome.failure:
        said = failure(exercise, outcome).removesuffix(": is there a loop that never ends?")
        return said.removeprefix("it ") if law.kind == "again" else said
    if law.kind == "again":
        value = outcome.value if isinstance(outcome.value, tuple) and len(outcome.value) == 2 else (None, None)
        if difference(value[1], right.value[1], 0):
            return "changed its arguments"
        result, wanted = fitted(value[0], right.value[0]), right.value[0]
        found = difference(result, wanted, exercise.tolerance)
        return "gives something else the second time" if found else None
    if law.kind in COUNTED:
        times = _times(outcome, right)
        cost = f"{times:.1f} times the operations of the reference ({law.factor:g} allowed)"
        return None if times <= law.factor else cost
    value = fitted(outcome.value, right.value)
    if exercise.rules and law.kind == "jit":
        found = difference(value, right.value, exercise.tolerance)
    else:
        # A gradient takes differences of what is nearly equal: in float32 it has fewer right digits than the values.
        rough = replace(exercise, tolerance=max(exercise.tolerance, ROUGH)) if law.kind == "gradient" else exercise
        found = difference_of(rough, outcome, value, right)
    return found.words if found else None


def _known_by_law(exercise: Exercise, key: AnswerKey, call: Call, outcome: Outcome, right: Outcome) -> str | None:
    """Return the sentence of a known mistake that has the right values and breaks the law in the same way."""
    for mistake in exercise.mistakes:
        given = trusted.outcome(mistake.body, key.cases[call.case], call)
        alike = same(outcome, given, exercise.tolerance) or (given.failure and given.failure == outcome.failure)
        if alike and not same(given, right, exercise.tolerance):
            plain = [trusted.outcome(mistake.body, key.cases[one.case], one) for one in key.calls[: len(key.cases)]]
            if has_right_values(exercise, key, plain):
                return mistake.sentence
    return None


def remark(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome]) -> str:
    """Return what is said of a right answer that breaks a law that costs no points, such as by too much work."""
    rights = key.outcomes[len(key.cases) :]
    for law, outcome, right in zip(_laws(exercise), outcomes, rights, strict=True):
        why = None if law.marks or outcome.failure else _against_law(exercise, law, outcome, right)
        if why:
            return law.sentence.format(why)
    return ""


def _times(outcome: Outcome, right: Outcome) -> float:
    """Return how many times as large a count is as the reference's; nan where what came is no number."""
    came = outcome.value
    is_number = isinstance(came, np.ndarray) and came.shape == () and came.dtype.kind in "iuf"
    return float(came) / max(float(right.value), 1) if is_number else math.nan
