"""The exercises of the course: one file a lesson, each an exercise sheet with its answer key."""

import functools
import importlib

from nnjax.checks import unknown
from nnjax.exercises.exercise import Exercise

__all__ = ["LESSONS", "Exercise", "all_exercises", "full_name", "get", "of_lesson"]

LESSONS = (
    "00_jax", "01_perceptron", "02_neuron", "03_mlp", "04_backprop", "05_training", "06_tuning", "07_cnn", "08_rnn",
    "09_attention", "10_milestones", "11_scaling",
)  # fmt: skip


def full_name(lesson: str) -> str:
    """Return the full name of a lesson, such as "03_mlp", from itself, its number or its subject.

    Raises ValueError for an unknown lesson.
    """
    full = next((name for name in LESSONS if lesson in (name, name[3:], name[:2], str(int(name[:2])))), None)
    if full is None:
        raise unknown("lesson", lesson, LESSONS)
    return full


def of_lesson(lesson: str) -> list[Exercise]:
    """Return the exercises of a lesson, named in full, by its number or subject, in the order of the sheet."""
    module = importlib.import_module(f"nnjax.exercises.lesson_{full_name(lesson)}")
    return [value for value in vars(module).values() if isinstance(value, Exercise)]


@functools.cache
def all_exercises() -> dict[str, Exercise]:
    """Return every exercise of the course by name, in the order of the lessons."""
    return {exercise.name: exercise for lesson in LESSONS for exercise in of_lesson(lesson)}


def get(name: str) -> Exercise:
    """Return the exercise called ``name``; raises ValueError, with the closest name, if there is none."""
    exercises = all_exercises()
    if name not in exercises:
        raise unknown("exercise", name, exercises)
    return exercises[name]
