"""Every exercise: its stub fails, reference and differently written right answers pass, every mistake is named."""

import numpy as np
import pytest

from nnjax.exercises import LESSONS, full_name, of_lesson
from nnjax.exercises.exercise import IN_JAX, UNDER_JIT
from nnjax.grading import running
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import NOT_YET, RIGHT, WRONG
from nnjax.grading.taylor import order
from tests.exercises.judged import answers, verdict, verdict_without_laws

EXERCISES = [exercise for lesson in LESSONS for exercise in of_lesson(lesson)]


@pytest.fixture(params=EXERCISES, ids=lambda exercise: exercise.name)
def exercise(request):
    return request.param


def test_a_stub_is_not_yet_solved(exercise):
    namespace = {}
    exec(exercise.stub, namespace)
    found = verdict(exercise, namespace[exercise.name], 0)
    assert (found.status, found.points) == (NOT_YET, 0)


def test_the_printed_solution_is_right(exercise):
    namespace = {}
    exec("import jax\nimport jax.numpy as jnp\nimport numpy as np\n" + exercise.solution, namespace)
    found = verdict(exercise, namespace[exercise.name], 0, laws=False)  # the laws are asked of the reference itself
    assert found.status == RIGHT, found


def test_a_right_answer_in_another_style_passes(exercise):
    assert_right(exercise, answers(exercise)[0])


@pytest.mark.slow
def test_right_answers_in_every_style_pass(exercise):
    bodies = [exercise.reference, *answers(exercise)]
    assert len(bodies) >= 3
    for body in bodies:
        assert_right(exercise, body)


def assert_right(exercise, body):
    found = verdict(exercise, body, 0)
    assert found.status == RIGHT, (body.__name__, found)
    assert found.points == exercise.points or exercise.score


@pytest.mark.slow
def test_every_known_mistake_fails_and_is_named(exercise):
    for mistake in exercise.mistakes:
        found = verdict_without_laws(exercise, mistake.body, 0)
        if found.status == RIGHT:
            found = verdict(exercise, mistake.body, 0)
        assert (found.status, found.points, found.sentence) == (WRONG, 0, mistake.sentence)


@pytest.mark.parametrize("said", ["01_perceptron", "01", "1", "perceptron"])
def test_a_lesson_is_known_by_its_number_and_its_subject(said):
    assert full_name(said) == "01_perceptron"


def test_the_first_lesson_is_number_nought_and_no_name_is_no_lesson():
    assert full_name("0") == full_name("00") == "00_jax"
    for said in ("", "0x", "001", "jax_"):
        with pytest.raises(ValueError, match="unknown lesson"):
            full_name(said)


def test_there_are_hints_and_statements(exercise):
    assert len(exercise.statement) > 40
    kinds = {law.kind for law in exercise.laws}
    assert (IN_JAX in exercise.statement) == ("cut" in kinds)
    assert (UNDER_JIT in exercise.statement) == ("jit" in kinds and "cut" not in kinds)
    assert len(exercise.hints) >= 2
    assert len({mistake.sentence for mistake in exercise.mistakes}) >= 4
    assert 0 < exercise.points <= 10
    assert exercise.difficulty in (1, 2, 3)


def test_inputs_are_the_same_for_the_same_seed_and_of_the_same_shapes_for_all(exercise):
    def described(seed):
        cases, _ = plan(exercise, seed)
        return [[np.shape(part) for part in _arrays(case)] for case in cases]

    def numbers(seed):
        return [np.asarray(part).tobytes() for case in plan(exercise, seed)[0] for part in _arrays(case)]

    assert numbers(5) == numbers(5)
    assert described(5) == described(6)


def _arrays(tree):
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in _arrays(part)]
    return [tree] if isinstance(tree, np.ndarray) else []


def test_a_gradient_has_taylor_order_two_and_a_wrong_one_less(exercise):
    if exercise.loss is None:
        return
    for seed in range(3):
        cases, calls = plan(exercise, seed)
        for case, outcome in zip(cases, running.run(exercise.reference, cases, calls[: len(cases)], 60), strict=True):
            assert order(exercise.loss, case, outcome.value) > 1.9


def test_there_are_six_known_mistakes_an_exercise_on_average():
    assert sum(len(exercise.mistakes) for exercise in EXERCISES) >= 6 * len(EXERCISES)
