"""The checks of arguments: what passes, and the sentence for what does not."""

import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.viz import inputs


def test_shaped_takes_lists_numpy_and_jax():
    for values in ([[1, 2]], np.array([[1, 2]], np.int8), jnp.array([[1.0, 2.0]])):
        array = inputs.shaped("x", values, "samples 2")
        assert array.dtype == np.float64
        assert array.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1.0, 2.0], r"x has shape \(2,\); it must have shape \(samples, 2\) or \(samples,\ 2,\ 1\)"),
        (np.zeros((3, 3)), r"x has shape \(3, 3\)"),
        (np.zeros((0, 2)), r"x is empty: shape \(0, 2\)"),
        ([["a", "b"]], "x is not an array of numbers"),
        ([[1], [1, 2]], "x is not an array of numbers"),
    ],
)
def test_shaped_tells_what_came_and_what_was_wanted(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        inputs.shaped("x", values, "samples 2", "samples 2 1")


def test_finite_names_the_entry():
    with pytest.raises(ValueError, match=r"x\[1, 0\] is nan"):
        inputs.finite("x", np.array([[1.0, 2.0], [np.nan, np.inf]]))


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([0, 1], "y has 2 labels for 3 samples"),
        ([0, 0.5, 1], r"y\[1\] is 0.5; labels are whole numbers"),
        ([0, 1, -1], r"y\[2\] is -1; labels are whole numbers"),
        ([0, np.nan, 1], r"y\[1\] is nan; labels are whole numbers"),
        ([[0], [1], [1]], r"y has shape \(3, 1\)"),
    ],
)
def test_class_labels(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        inputs.class_labels("y", labels, 3)


def test_class_names():
    assert inputs.class_names(None, 2) == inputs.class_names((), 2) == ["class 0", "class 1"]
    with pytest.raises(ValueError, match="classes has 1 names; the labels speak of 2"):
        inputs.class_names(["a"], 2)


def test_outputs_are_the_same_in_batches():
    x = np.arange(14.0).reshape(7, 2)

    def apply(params, x):
        return x @ params

    params = jnp.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]])
    assert np.array_equal(inputs.outputs_of(apply, params, x, batch=3), x @ np.asarray(params))
    assert inputs.outputs_of(lambda p, x: x[:, 0], None, x, batch=3).shape == (7, 1)
    for bad in (lambda p, x: x[0, 0], lambda p, x: x[:3], lambda p, x: x[:, :, None], lambda p, x: x[:, :0]):
        with pytest.raises(ValueError, match=r"it must be \(samples,\) or \(samples, outputs\)"):
            inputs.outputs_of(bad, None, x)


def test_one_output_stands_for_two_classes():
    scores = inputs.class_scores(lambda p, x: x[:, 0], None, np.array([[0.4, 0.0], [0.6, 0.0]]), threshold=0.5)
    assert np.argmax(scores, axis=1).tolist() == [0, 1]
