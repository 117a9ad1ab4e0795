"""The references of lesson 05 against nnjax's own functions, and what the open exercise hides."""

import jax
import numpy as np
import pytest

from nnjax import losses, models
from nnjax.exercises.lesson_05_training import cross_entropy, improve, train_epoch, train_step
from nnjax.grading import running
from nnjax.grading.answer_key import plan
from nnjax.grading.outcomes import pack, unpack
from tests.exercises.judged import drawn, equal


def test_cross_entropy_is_that_of_nnjax():
    for logits, labels in drawn(cross_entropy):
        equal(cross_entropy.reference(logits, labels), losses.cross_entropy(logits, labels))


def own_step(params, x, labels, learning_rate):
    grads = jax.grad(lambda params: losses.cross_entropy(models.mlp.apply(params, x), labels))(params)
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)


def test_a_step_and_an_epoch_are_those_of_an_mlp_of_nnjax():
    for case in drawn(train_step):
        equal(train_step.reference(*case), own_step(*case))
    for params, xs, labels, rate in drawn(train_epoch):
        trained = params
        for x, y in zip(xs, labels, strict=True):
            trained = own_step(trained, x, y, rate)
        equal(train_epoch.reference(params, xs, labels, rate), trained)


def test_the_labels_of_the_open_exercise_do_not_travel_and_no_unseen_digit_is_one_of_the_others():
    (case,), _ = plan(improve, 0)
    (sent,) = unpack(pack([case]), inputs=True)
    assert type(sent) is tuple
    assert not hasattr(sent, "labels")
    (x, _, x_test, _), _, unseen = sent
    assert case.labels.tobytes() not in pack([case])
    assert not {image.tobytes() for image in unseen} & {image.tobytes() for image in (*x, *x_test)}


@pytest.mark.parametrize(
    "answer", [None, ({}, lambda params, x: x), lambda params, x: x], ids=["nothing", "swapped", "no params"]
)
def test_an_answer_that_is_no_pair_of_a_function_and_params_is_said_to_be_none(answer):
    cases, calls = plan(improve, 0)
    (outcome,) = running.run(lambda dataset, key: answer, cases, calls, 60)
    assert outcome.words.startswith("TypeError: the pair (apply, params) is wanted")


def test_the_open_exercise_gives_a_data_set_as_load_does():
    cases, calls = plan(improve, 0)
    seen = []
    running.run(lambda dataset, key: seen.append(dataset), cases, calls, 60)
    (dataset,) = seen
    assert (dataset.x.shape, dataset.x_test.shape) == ((4000, 8, 8, 1), (500, 8, 8, 1))
    assert dataset.classes == tuple("0123456789")
    assert all(isinstance(array, np.ndarray) for array in (dataset.x, dataset.y, dataset.x_test, dataset.y_test))
    assert 0 <= dataset.x.min() < dataset.x.max() <= 1


def test_the_points_of_the_open_exercise_rise_from_82_to_90_per_cent():
    (case,) = plan(improve, 0)[0]
    wrong = np.eye(10)[(case.labels + 1) % 10]
    for right, share in ((1600, 0), (1640, 0), (1720, 0.5), (1800, 1), (2000, 1)):
        logits = np.where(np.arange(2000)[:, None] < right, np.eye(10)[case.labels], wrong)
        assert improve.score([case], [logits]) == pytest.approx(share)
