"""Judging an answer to an exercise in the tests: on one seed, with or without the laws, and on many seeds."""

import importlib
from functools import partial

import jax
import numpy as np

from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading import answer_key, running, trusted
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import RIGHT, judge

MANY = range(200)
FEW = range(3)  # for exercises with a score, in which a network is trained


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
    """Judge a body on one seed; without the laws, as if they had been kept."""
    cases, calls = plan(exercise, seed)
    called = calls if laws else calls[: len(cases)]
    outcomes = running.run(body, cases, called, exercise.seconds, by_hand=exercise.by_hand)
    return judge(exercise.name, seed, outcomes + [running.NOT_TRACED] * (len(calls) - len(called)))


def compiled_verdict(exercise, body, seed):
    """Judge a body on one seed without the laws, compiled where it can be: the same numbers, many times as fast."""
    cases, calls = plan(exercise, seed)
    outcomes = [trusted.outcome(body, cases[call.case], call) for call in calls[: len(cases)]]
    return judge(exercise.name, seed, outcomes + [running.NOT_TRACED] * (len(calls) - len(cases)))


def judge_on_many_seeds(exercise):
    """Assert that on every seed right answers pass and every known mistake is named, then forget what was compiled."""
    laws_only = {
        mistake.sentence for mistake in exercise.mistakes
        if verdict(exercise, mistake.body, 0, laws=False).status == RIGHT
    }  # fmt: skip
    # Compiled, a body that draws from a generator of its own would always draw the same.
    judged = partial(verdict, laws=False) if exercise.rules else compiled_verdict
    for seed in FEW if exercise.score else MANY:
        for body in (exercise.reference, *answers(exercise)):
            assert judged(exercise, body, seed).status == RIGHT, (body.__name__, seed)
        for mistake in exercise.mistakes:
            if mistake.sentence not in laws_only:
                found = judged(exercise, mistake.body, seed)
                assert found.sentence == mistake.sentence, (mistake.sentence, found.sentence, seed)
    answer_key.answer_key.cache_clear()
    answer_key.mistaken.cache_clear()
    trusted.forget()
    jax.clear_caches()
