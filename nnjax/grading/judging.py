"""From the outcomes of a learner's function to a verdict: right, not yet or wrong, and the sentence that helps most.

Judging sees only what came back, never the function, so that it can be done outside the process in which it ran.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nnjax.exercises import get
from nnjax.exercises.exercise import Exercise
from nnjax.exercises.inputs import Function, Key, Mesh
from nnjax.exercises.laws import Call, Law
from nnjax.grading import trusted
from nnjax.grading.answer_key import AnswerKey, answer_key, mistaken, plan
from nnjax.grading.comparing import Difference, difference, fitted, kind, same, shown
from nnjax.grading.mechanical import sentence as mechanical
from nnjax.grading.outcomes import Outcome
from nnjax.grading.taylor import order

__all__ = ["NOT_YET", "RIGHT", "WRONG", "Verdict", "judge", "plan"]

RIGHT, NOT_YET, WRONG = "right", "not yet", "wrong"


class Verdict(NamedTuple):
    """What is said of an answer. ``example`` holds the smallest failing input, what came and what was expected."""

    name: str
    status: str
    sentence: str
    points: float
    out_of: float
    example: tuple[tuple[str, str], ...] = ()
    remark: str = ""


def judge(name: str, seed: int, outcomes: Sequence[Outcome]) -> Verdict:
    """Return the verdict on the outcomes of ``plan(get(name), seed)``; too few of them count as not given."""
    exercise = get(name)
    if outcomes and outcomes[0].failure == "unsolved":  # before the answer key, which may take a while to compute
        return Verdict(name, NOT_YET, "Not solved yet.", 0, exercise.points)
    key = answer_key(name, seed)
    count = len(key.cases)
    missing = [Outcome(failure="missing")] * (len(key.calls) - len(outcomes))
    outcomes = [*outcomes, *missing][: len(key.calls)]
    wrong = _wrong_values(exercise, key, outcomes[:count], seed) or _broken_law(exercise, key, outcomes)
    if wrong is None:
        share, remark = 1.0, _remark(exercise, key, outcomes[count:])
        if exercise.score is not None:
            share = exercise.score(key.cases, [outcome.value for outcome in outcomes[:count]])
            remark = f"{share:.0%} of the points."
        status = RIGHT if share > 0 else WRONG
        return Verdict(name, status, "Right." if share > 0 else "Not good enough yet for a point.",
                       round(share * exercise.points, 2), exercise.points, remark=remark)  # fmt: skip
    said, place = wrong
    return Verdict(name, WRONG, said, 0, exercise.points, _example(exercise, key, outcomes, place))


def _wrong_values(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome], seed: int) -> tuple[str, int] | None:
    """Return the sentence about the values, and the number of the first case in which they are wrong."""
    values = [fitted(one.value, right.value) for one, right in zip(outcomes, key.outcomes, strict=False)]
    found = [_difference(exercise, *three) for three in zip(outcomes, values, key.outcomes, strict=False)]
    place = next((number for number, one in enumerate(found) if one), None)
    if exercise.rules and place is None:
        for rule in exercise.rules:
            if not _holds(rule.holds, key.cases, values):
                return rule.sentence, 0
        return None
    if place is None:
        return _not_a_gradient(exercise, key, values)
    known = _known(exercise, key, outcomes, seed)
    if known:
        return known, place
    first = found[place]
    assert first is not None
    if first.kind in ("value", "shape") and not any(one.failure for one in outcomes):
        said = mechanical(key.cases, values, [one.value for one in key.outcomes[: len(values)]], exercise.tolerance)
        if said:
            return said, place
    said = f"{first.words[0].upper()}{first.words[1:]}{_taylor(exercise, key, values)}"
    return said if said.endswith(("?", ".")) else f"{said}.", place


def _difference(exercise: Exercise, outcome: Outcome, value: Any, right: Outcome) -> Difference | None:
    if outcome.failure:
        return Difference("failure", _failure(exercise, outcome))
    if value is None and right.value is not None:
        return Difference("structure", "it returned None: is the return missing?")
    # Where right answers may differ, only containers, kinds, shapes and finite numbers are compared.
    found = difference(value, right.value, np.inf if exercise.rules else exercise.tolerance)
    return None if exercise.rules and found is not None and found.kind == "value" else found


def _failure(exercise: Exercise, outcome: Outcome) -> str:
    said = {
        "slow": f"it did not finish within {exercise.seconds:g} seconds: is there a loop that never ends?",
        "raised": f"it raised {outcome.words}",
        "type": f"it returned {outcome.words}; numbers, arrays and containers of them are wanted",
        "unsolved": "a part of it is not solved yet",
        "missing": "no answer came back",
    }
    return said.get(outcome.failure, f"it failed: {outcome.words}")


def _known(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome], seed: int) -> str | None:
    """Return the sentence of the known mistake that gives the very same outcomes on every case."""
    for mistake, given in mistaken(exercise.name, seed):
        if all(same(a, b, exercise.tolerance) for a, b in zip(outcomes, given, strict=False)):
            wrong = zip(given, key.outcomes, strict=False)
            if not all(same(a, b, exercise.tolerance) for a, b in wrong):
                return mistake.sentence
    return None


def _holds(holds: Any, cases: list[tuple[Any, ...]], values: list[Any]) -> bool:
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
        # In one direction in a hundred the second derivative happens to be next to nothing; not in three.
        found = max(order(exercise.loss, case, value, seed=direction) for direction in range(3))
        if found < 1.8:
            return f"The Taylor remainder falls with order {found:.2f}; that of a gradient with 2", number
    return None


def _taylor(exercise: Exercise, key: AnswerKey, values: list[Any]) -> str:
    if exercise.loss is None:
        return ""
    try:
        found = order(exercise.loss, key.cases[-1], values[-1])
    except (ValueError, TypeError, KeyError, IndexError):
        return ""
    return f" (the Taylor remainder falls with order {found:.1f} where a gradient gives 2)" if found < 1.8 else ""


def _laws(exercise: Exercise, key: AnswerKey) -> list[Law]:
    return [law for law in exercise.laws for _ in law.cases]


def _broken_law(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome]) -> tuple[str, int] | None:
    """Return the sentence of the first law that is broken, and the case; a known mistake's where it breaks it alike."""
    count = len(key.cases)
    for law, call, outcome, right in zip(
        _laws(exercise, key), key.calls[count:], outcomes[count:], key.outcomes[count:], strict=True
    ):
        if not law.marks or outcome.failure == "not traced":
            continue
        if exercise.rules:
            right = _own(call, outcomes[call.case], right)
        why = _against_law(exercise, law, outcome, right)
        if why:
            known = _known_by_law(exercise, key, call, outcome, right)
            return known or law.sentence.format(why), call.case
    return None


def _own(call: Call, plain: Outcome, right: Outcome) -> Outcome:
    """Return what a law wants where right answers may differ: what the learner's own function gave before."""
    if call.kind == "jit":
        return plain
    return right._replace(value=(plain.value, right.value[1])) if call.kind == "again" else right


def _against_law(exercise: Exercise, law: Law, outcome: Outcome, right: Outcome) -> str | None:
    if outcome.failure:
        return _failure(exercise, outcome)
    if law.kind == "again":
        value = outcome.value if isinstance(outcome.value, tuple) and len(outcome.value) == 2 else (None, None)
        if difference(value[1], right.value[1], 0):
            return "changed its arguments"
        result, wanted = fitted(value[0], right.value[0]), right.value[0]
        found = difference(result, wanted, exercise.tolerance)
        return "gives something else the second time" if found else None
    value = fitted(outcome.value, right.value)
    if exercise.rules and law.kind == "jit":
        found = difference(value, right.value, exercise.tolerance)
    else:
        found = _difference(exercise, outcome, value, right)
    return found.words if found else None


def _known_by_law(exercise: Exercise, key: AnswerKey, call: Call, outcome: Outcome, right: Outcome) -> str | None:
    """Return the sentence of a known mistake that has the right values and breaks the law in the same way."""
    for mistake in exercise.mistakes:
        given = trusted.outcome(mistake.body, key.cases[call.case], call)
        alike = same(outcome, given, exercise.tolerance) or (given.failure and given.failure == outcome.failure)
        if alike and not same(given, right, exercise.tolerance):
            plain = [trusted.outcome(mistake.body, key.cases[one.case], one) for one in key.calls[: len(key.cases)]]
            if _right_values(exercise, key, plain):
                return mistake.sentence
    return None


def _right_values(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome]) -> bool:
    """Tell whether a known mistake has nothing wrong but that it breaks a law."""
    values = [fitted(one.value, right.value) for one, right in zip(outcomes, key.outcomes, strict=False)]
    if any(_difference(exercise, *three) for three in zip(outcomes, values, key.outcomes, strict=False)):
        return False
    return all(_holds(rule.holds, key.cases, values) for rule in exercise.rules)


def _remark(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome]) -> str:
    """Return what is said of a right answer that costs too much work."""
    rights = key.outcomes[len(key.cases) :]
    for law, outcome, right in zip(_laws(exercise, key), outcomes, rights, strict=True):
        if law.kind == "flops" and not outcome.failure and np.shape(outcome.value) == ():
            times = float(outcome.value) / max(float(right.value), 1)
            if times > law.factor:
                return law.sentence.format(
                    f"{times:.1f} times the operations of the reference ({law.factor:g} allowed)"
                )
    return ""


def _example(
    exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome], place: int
) -> tuple[tuple[str, str], ...]:
    """Return the smallest failing input, what came and what was expected, in words."""
    names = exercise.parameters
    inputs = ", ".join(f"{name} = {_input(part)}" for name, part in zip(names, key.cases[place], strict=False))
    outcome, right = outcomes[place], key.outcomes[place]
    came = () if outcome.failure else (("came", shown(outcome.value)),)
    wanted = kind(right.value) if exercise.rules else shown(right.value)
    return (("input", inputs), *came, ("expected", wanted))


def _input(part: Any) -> str:
    if isinstance(part, Key):
        return f"jax.random.key({part.seed})"
    if isinstance(part, Function):
        return part.words or part.name
    if isinstance(part, Mesh):
        return f"a mesh of {part.devices} devices, axis {part.axis!r}"
    return shown(part)
