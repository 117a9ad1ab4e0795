"""Wrong answers that nobody foresaw, named by what would make them right."""

import numpy as np
import pytest

from nnjax.grading import mechanical

RNG = np.random.default_rng(0)
CASES = [({"W": RNG.normal(size=(n + 1, 3)), "b": RNG.normal(size=3)}, RNG.normal(size=(n, n + 1))) for n in (4, 7)]
NAMES = ["params", "x"]
RIGHT = [x @ params["W"] + params["b"] for params, x in CASES]


def said(change, right=RIGHT):
    return mechanical.sentence(NAMES, CASES, [change(*pair) for pair in zip(right, CASES, strict=True)], right, 1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y, case: -y, "the wrong sign"),
        (lambda y, case: 2 * y, "2 times the right one"),
        (lambda y, case: y / 2, "0.5 times the right one"),
        (lambda y, case: y / 6, "0.167 times the right one"),
        (lambda y, case: y * len(y), "the batch size times too large"),
        (lambda y, case: y / len(y), "the batch size times too small"),
        (lambda y, case: y * 3, "3 times the right one"),  # though W and b have 3 columns
        (lambda y, case: y * (len(y) + 1), "the length of the last axis of x times too large"),
        (lambda y, case: y.T, "the transpose of the right one"),
        (lambda y, case: y[::-1], "reverse order along axis 0"),
        (lambda y, case: y.sum(1), "summed over axis 1"),
        (lambda y, case: y.mean(0), "averaged over axis 0"),
        (lambda y, case: y[..., None] / np.array([1.0, 1.0]) / 2, "not yet summed over axis 2"),
        (lambda y, case: y.reshape(-1, 1), "right but for its shape"),
        (lambda y, case: y - case[0]["b"], "without params['b']"),
        (lambda y, case: y + case[0]["b"], "with params['b'] added once too often"),
        (lambda y, case: y + 0.25, "0.25 too large everywhere"),
        (lambda y, case: np.abs(y), "right but for signs"),
    ],
)
def test_a_simple_change_is_named(change, words):
    found = said(change) or "nothing"
    assert words in found
    assert "?." not in found


def test_no_name_is_given_to_noise_or_where_cases_disagree():
    assert said(lambda y, case: y + RNG.normal(size=y.shape)) is None
    assert said(lambda y, case: y * (2 if len(y) == 4 else 3)) is None


def test_the_wrong_part_of_a_tree_is_named():
    right = [{"W": params["W"], "b": params["b"]} for params, _ in CASES]
    found = said(lambda tree, case: tree | {"b": -tree["b"]}, right)
    assert found == "Your answer['b'] is the right one with the wrong sign."
    assert said(lambda tree, case: {name: 2 * leaf for name, leaf in tree.items()}, right) == (
        "Your answer is 2 times the right one."
    )


def test_zeros_agree_with_any_factor():
    right = [np.zeros(2), np.array([1.0, 2.0])]
    found = mechanical.sentence([], [(), ()], [3 * y for y in right], right, 1e-4)
    assert found == "Your answer is 3 times the right one."
