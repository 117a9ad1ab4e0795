import operator

import numpy as np
import pytest

from nnjax import data
from nnjax.data import synthetic


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("and", operator.and_),
        ("or", operator.or_),
        ("xor", operator.xor),
        ("nand", lambda a, b: 1 - (a & b)),
    ],
)
def test_the_truth_tables(name, truth):
    dataset = data.load(name)
    assert dataset.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert dataset.y.tolist() == [truth(int(a), int(b)) for a, b in dataset.x]
    np.testing.assert_array_equal(dataset.x_test, dataset.x)
    np.testing.assert_array_equal(dataset.y_test, dataset.y)


def test_moons_and_circles_are_scikit_learns():
    from sklearn.datasets import make_circles, make_moons

    x, y = synthetic.moons(50, noise=0.2, seed=3)
    wanted = make_moons(50, noise=0.2, random_state=3)
    np.testing.assert_array_equal(x, wanted[0].astype(np.float32))
    np.testing.assert_array_equal(y, wanted[1])
    x, y = synthetic.circles(50, noise=0.05, seed=4)
    wanted = make_circles(50, noise=0.05, factor=0.5, random_state=4)
    np.testing.assert_array_equal(x, wanted[0].astype(np.float32))
    np.testing.assert_array_equal(y, wanted[1])


@pytest.mark.parametrize("classes", [2, 3])
def test_spirals_without_noise_lie_on_their_arms(classes):
    x, y = synthetic.spirals(600, classes=classes, turns=1.25, noise=0.0, seed=1)
    radius = np.hypot(x[:, 0], x[:, 1])
    assert 0.1 <= radius.min() <= radius.max() <= 1.0
    turn = np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi) - 1.25 * radius
    wrong = (turn - y / classes) % 1.0
    np.testing.assert_allclose(np.minimum(wrong, 1 - wrong), 0.0, atol=1e-5)
    assert np.bincount(y).tolist() == [600 // classes] * classes


def test_spirals_wind_so_that_a_line_does_not_part_them_and_neighbours_do():
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    for classes in (2, 3):
        dataset = data.load("spirals", classes=classes)
        assert dataset.classes == tuple(f"arm {k + 1}" for k in range(classes))
        line = LogisticRegression().fit(dataset.x, dataset.y).score(dataset.x_test, dataset.y_test)
        near = KNeighborsClassifier(3).fit(dataset.x, dataset.y).score(dataset.x_test, dataset.y_test)
        assert line < 0.75
        assert near > 0.97


def test_spirals_have_two_or_three_arms():
    with pytest.raises(ValueError, match="classes=4"):
        synthetic.spirals(classes=4)
    with pytest.raises(ValueError, match="classes=4 for 'spirals'"):
        data.load("spirals", classes=4)
    with pytest.raises(ValueError, match="classes=2 for 'iris': only the spirals"):
        data.load("iris", classes=2)


@pytest.mark.parametrize("name", ["moons", "circles", "spirals"])
def test_the_seed_decides(name):
    first, again, other = (data.load(name, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_array_equal(first.y_test, again.y_test)
    assert not np.array_equal(first.x, other.x)
    assert "seed 5" in first.source
