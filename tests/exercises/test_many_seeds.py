"""The exercises on 200 seeds, or on as many as NNJAX_SEEDS says: right answers pass, every known mistake is named."""

import pytest

from nnjax.exercises import all_exercises
from tests.exercises.judged import judge_on_many_seeds


# The shapes in the annotations are checked elsewhere; here that would take a third of the time.
@pytest.mark.slow
@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("exercise", all_exercises().values(), ids=lambda exercise: exercise.name)
def test_on_many_seeds_right_answers_pass_and_every_mistake_is_named(exercise):
    judge_on_many_seeds(exercise)
