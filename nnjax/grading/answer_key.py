"""The answer key of an exercise for one seed: inputs, calls, what the reference gives, and what known mistakes give."""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from nnjax.exercises import get
from nnjax.exercises.exercise import Exercise, Mistake
from nnjax.exercises.inputs import materialise
from nnjax.exercises.laws import Call
from nnjax.grading import running, trusted
from nnjax.grading.outcomes import Outcome, to_numpy


class AnswerKey(NamedTuple):
    """The answer key of an exercise for one seed: cases, calls, and what the reference gives in each."""

    cases: list[tuple[Any, ...]]
    calls: list[Call]
    outcomes: list[Outcome]


def plan(exercise: Exercise, seed: int) -> tuple[list[tuple[Any, ...]], list[Call]]:
    """Return the inputs drawn from ``seed``, the same for the same seed, and the calls to make with them."""
    cases = exercise.draw(np.random.default_rng([seed, *exercise.name.encode()]))
    calls = [Call(exercise.manner, number) for number in range(len(cases))]
    for law in exercise.laws:
        calls += [Call(law.kind, number % len(cases), law.detail) for number in law.cases]
    return cases, calls


@functools.lru_cache(maxsize=128)
def answer_key(name: str, seed: int) -> AnswerKey:
    """Return the answer key of an exercise for the inputs drawn from ``seed``."""
    exercise = get(name)
    cases, calls = plan(exercise, seed)
    return AnswerKey(cases, calls, _expected(exercise, cases, calls))


def _expected(exercise: Exercise, cases: list[tuple[Any, ...]], calls: list[Call]) -> list[Outcome]:
    """Return the outcomes of the reference; under jit it gives what it gives without, which the tests prove."""
    outcomes: list[Outcome] = []
    for call in calls:
        if call.kind == "jit":
            outcome = outcomes[call.case]
        elif call.kind == "again":
            sent = to_numpy(jax.tree.map(running.as_sent, materialise(cases[call.case])))
            outcome = Outcome((outcomes[call.case].value, sent))
        else:
            outcome = trusted.outcome(exercise.reference, cases[call.case], call)
        if outcome.failure:
            raise RuntimeError(f"the reference of {exercise.name} failed: {outcome.failure} {outcome.words}")
        outcomes.append(outcome)
    return outcomes


@functools.lru_cache(maxsize=4096)
def mistaken(name: str, seed: int, mistake: Mistake, place: int) -> Outcome:
    """Return what a known mistake gives in the case of a number, without the laws."""
    key = answer_key(name, seed)
    return trusted.outcome(mistake.body, key.cases[place], key.calls[place])
