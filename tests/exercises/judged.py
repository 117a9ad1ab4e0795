"""Judging an answer to an exercise in the tests: on one seed, with or without the laws, and on many seeds."""

import importlib
import os

import jax
import numpy as np

from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading import answer_key, running, trusted
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import RIGHT, judge
from nnjax.grading.outcomes import Outcome, limited, pack, unpack
from tests.exercises.compiling import compiled

# The seeds on which an answer is judged where it is judged on many; on seed 0 it is in every run of the tests.
MANY = range(1, 1 + int(os.environ.get("NNJAX_SEEDS", "200")))
FEW = range(3)  # for exercises with a score, in which a network is trained
PATIENCE = 10  # times the seconds that a learner has: a busy machine says nothing about an answer


def drawn(exercise):
    """Return the arguments of an exercise's cases on three seeds, as a learner's function gets them."""
    return [materialise(case) for seed in range(3) for case in plan(exercise, seed)[0]]


def equal(a, b, rtol=1e-5, atol=1e-6):
    """Assert that two trees hold the same numbers, within the tolerances."""
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), a, b)


def assert_alike(name, own, rtol=1e-5, atol=1e-6):
    """Assert that the reference of an exercise gives what another function gives."""
    exercise = get(name)
    for case in drawn(exercise):
        equal(exercise.reference(*case), own(*case), rtol, atol)


def answers(exercise):
    return importlib.import_module(f"tests.exercises.answers.lesson_{exercise.lesson}").ANSWERS[exercise.name]


def verdict(exercise, body, seed, *, laws=True):
    """Judge a body on one seed, by what comes and goes as it does in a sandbox; without the laws, as if kept."""
    cases, calls = plan(exercise, seed)
    cases = unpack(pack(cases), inputs=True)
    called = calls if laws else calls[: len(cases)]
    outcomes = running.run(body, cases, called, PATIENCE * exercise.seconds, by_hand=exercise.by_hand)
    return judge(exercise.name, seed, unpack(pack(list(map(limited, outcomes)))) + as_if_kept(calls[len(called) :]))


def as_if_kept(calls):
    """Return outcomes of the calls of laws that break none of them."""
    return [Outcome(np.array(True)) if call.kind == "cut" else running.NOT_TRACED for call in calls]


def judge_on_many_seeds(exercise):
    """Assert that on every seed right answers pass and every known mistake is named, then forget what was compiled."""
    laws_only = {
        mistake.sentence for mistake in exercise.mistakes
        if verdict(exercise, mistake.body, 0, laws=False).status == RIGHT
    }  # fmt: skip
    for seed in FEW if exercise.score else MANY:
        for body in (exercise.reference, *answers(exercise)):
            assert verdict_without_laws(exercise, body, seed).status == RIGHT, (body.__name__, seed)
        for mistake in exercise.mistakes:
            if mistake.sentence not in laws_only:
                found = verdict_without_laws(exercise, mistake.body, seed)
                assert found.sentence == mistake.sentence, (mistake.sentence, found.sentence, seed)
        if seed % 50 == 49:  # what writes a loop anew at each call compiles anew on each seed; some thousands end XLA
            jax.clear_caches()
    answer_key.answer_key.cache_clear()
    answer_key.mistaken.cache_clear()
    trusted.forget()
    compiled.cache_clear()
    jax.clear_caches()


def verdict_without_laws(exercise, body, seed):
    """Judge one of our own bodies on one seed; compiled where it can be: the same numbers, many times as fast."""
    if exercise.rules:
        return verdict(exercise, compiled(body), seed, laws=False)
    cases, calls = plan(exercise, seed)
    known = next((mistake for mistake in exercise.mistakes if mistake.body is body), None)
    outcomes = [
        answer_key.mistaken(exercise.name, seed, known, call.case) if known
        else trusted.outcome(body, cases[call.case], call) for call in calls[: len(cases)]
    ]  # fmt: skip
    return judge(exercise.name, seed, outcomes + as_if_kept(calls[len(cases) :]))
