"""The exercises of lessons 00 to 05 on 200 seeds; two files, for a file is run by one process."""

import pytest

from nnjax.exercises import LESSONS, of_lesson
from tests.exercises.judged import judge_on_many_seeds

EXERCISES = [exercise for lesson in LESSONS[:6] for exercise in of_lesson(lesson)]


@pytest.mark.slow
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_on_many_seeds_right_answers_pass_and_every_mistake_is_named(exercise):
    judge_on_many_seeds(exercise)
