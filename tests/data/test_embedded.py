import numpy as np
import pytest
from sklearn import datasets

from nnjax import data


def as_rows(x, y):
    """Every row with its target, sorted: the same for any order."""
    rows = np.concatenate([x.reshape(len(x), -1), y[:, None]], axis=1).astype(np.float32)
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "diabetes", "digits"])
def test_train_and_test_together_are_scikit_learns_arrays(name):
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    dataset = data.load(name)
    both = np.concatenate([dataset.x, dataset.x_test]), np.concatenate([dataset.y, dataset.y_test])
    np.testing.assert_array_equal(as_rows(*both), as_rows(x / 16 if name == "digits" else x, y))
    assert dataset.x.dtype == np.float32
    assert dataset.y.dtype == (np.float32 if name == "diabetes" else np.int32)


@pytest.mark.parametrize("name", ["iris", "breast_cancer"])
def test_class_names_are_scikit_learns(name):
    assert data.load(name).classes == tuple(getattr(datasets, f"load_{name}")().target_names)


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "digits", "moons"])
def test_the_split_is_stratified_seeded_and_of_the_asked_size(name):
    dataset = data.load(name, test_fraction=0.3, seed=11)
    total = len(dataset.y) + len(dataset.y_test)
    assert len(dataset.y_test) == int(np.ceil(0.3 * total))
    share, share_test = (np.bincount(y) / len(y) for y in (dataset.y, dataset.y_test))
    np.testing.assert_allclose(share, share_test, atol=1 / len(dataset.y_test) + 1e-9)
    again, other = data.load(name, test_fraction=0.3, seed=11), data.load(name, test_fraction=0.3, seed=12)
    np.testing.assert_array_equal(dataset.x_test, again.x_test)
    assert not np.array_equal(dataset.x_test, other.x_test)


def test_digits_are_images_in_0_1():
    digits = data.load("digits")
    assert digits.x.shape == (1437, 8, 8, 1)
    assert (digits.x.min(), digits.x.max()) == (0.0, 1.0)
    assert digits.classes == tuple("0123456789")


def test_diabetes_is_regression():
    diabetes = data.load("diabetes")
    assert diabetes.y.shape == (353,)
    assert diabetes.classes == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"test_fraction": 0.0}, "test_fraction=0.0"),
        ({"test_fraction": 1.0}, "test_fraction=1.0"),
        ({"test_fraction": float("nan")}, "test_fraction=nan"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 2**32}, "seed=4294967296"),
        ({"seed": 1.5}, "seed=1.5: wanted an integer"),
        (
            {"test_fraction": 0.01},
            "test_fraction=0.01: leaves 148 of the 150 rows of iris to train on and 2 to test on; wanted at least 3",
        ),
        ({"test_fraction": 0.99}, "leaves 1 of the 150 rows of iris to train on and 149 to test on"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load("iris", **arguments)


@pytest.mark.parametrize("name", ["diabetes", "unicode_names"])
def test_without_classes_each_part_has_at_least_one_row(name):
    assert len(data.load(name, test_fraction=1e-6).y_test) >= 1
    with pytest.raises(ValueError, match=f"leaves 0 of the .* rows of {name} .*; wanted at least 1 in each part"):
        data.load(name, test_fraction=1 - 1e-6)
