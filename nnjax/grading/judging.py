"""From the outcomes of a learner's function to a verdict: right, not yet or wrong, and the sentence that helps most.

Judging sees only what came back, never the function, so that it can be done outside the process in which it ran.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from nnjax.exercises import get
from nnjax.exercises.exercise import Exercise
from nnjax.exercises.inputs import Function, Key, Mesh
from nnjax.grading import by_laws
from nnjax.grading.answer_key import AnswerKey, answer_key
from nnjax.grading.by_values import wrong_values
from nnjax.grading.comparing import kind, shown
from nnjax.grading.outcomes import Outcome, plain

Example = tuple[tuple[str, str], ...]
RIGHT, NOT_YET, WRONG = "right", "not yet", "wrong"


class Verdict(NamedTuple):
    """What is said of an answer.

    ``example`` holds the smallest failing input and, where values are wrong, what came and what was expected.
    """

    name: str
    status: str
    sentence: str
    points: float
    out_of: float
    example: Example = ()
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
    by_values = wrong_values(exercise, key, outcomes[:count], seed)
    wrong = by_values or by_laws.broken_law(exercise, key, outcomes)
    if wrong is None:
        share, remark = 1.0, by_laws.remark(exercise, key, outcomes[count:])
        if exercise.score is not None:
            share = exercise.score(key.cases, [outcome.value for outcome in outcomes[:count]])
            remark = f"{share:.0%} of the points."
        status = RIGHT if share > 0 else WRONG
        return Verdict(name, status, "Right." if share > 0 else "Not good enough yet for a point.",
                       round(share * exercise.points, 2), exercise.points, remark=remark)  # fmt: skip
    said, place = wrong
    example = _example(exercise, key, outcomes, place)
    # Where a law is broken, what came is what was expected.
    return Verdict(name, WRONG, plain(said, 600), 0, exercise.points, example if by_values else example[:1])


def _example(exercise: Exercise, key: AnswerKey, outcomes: Sequence[Outcome], place: int) -> Example:
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
