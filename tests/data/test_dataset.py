import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from nnjax import data


def made(**changes):
    rng = np.random.default_rng(0)
    arrays = data.Dataset(
        "made",
        rng.normal(5.0, 3.0, (12, 4)).astype(np.float32),
        rng.integers(0, 3, 12).astype(np.int32),
        rng.normal(5.0, 3.0, (5, 4)).astype(np.float32),
        rng.integers(0, 3, 5).astype(np.int32),
        ("a", "b", "c"),
        "this test",
    )
    return arrays._replace(**changes)


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "diabetes", "digits", "moons"])
def test_standardize_is_scikit_learns_standard_scaler(name):
    dataset = data.flatten(data.load(name))
    result = data.standardize(dataset)
    scaler = StandardScaler().fit(dataset.x.astype(np.float64))
    np.testing.assert_allclose(result.x, scaler.transform(dataset.x.astype(np.float64)), rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(result.x_test, scaler.transform(dataset.x_test.astype(np.float64)), rtol=2e-5, atol=2e-5)
    assert result.x.dtype == result.x_test.dtype == np.float32
    assert result.y is dataset.y


def test_standardize_only_centres_a_constant_column():
    x = made().x.copy()
    x[:, 2] = 0.1  # not exact in float32: its computed deviation need not be 0
    result = data.standardize(made(x=x, x_test=changed(made().x_test, (0, 2), 3.1)))
    np.testing.assert_allclose(result.x[:, 2], 0.0, atol=1e-8)
    np.testing.assert_allclose(result.x_test[0, 2], 3.0, rtol=1e-6)


def test_standardize_keeps_the_shape_of_images():
    result = data.standardize(data.load("digits"))
    assert result.x.shape == (1437, 8, 8, 1)
    np.testing.assert_allclose(result.x.mean(axis=0), 0.0, atol=1e-5)


def test_flatten():
    digits = data.load("digits")
    flat = data.flatten(digits)
    assert (flat.x.shape, flat.x_test.shape) == ((1437, 64), (360, 64))
    np.testing.assert_array_equal(flat.x[7], digits.x[7, :, :, 0].ravel())
    assert data.flatten(flat).x.shape == (1437, 64)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float64])
def test_standardized_inputs_are_float32_whatever_they_were(dtype):
    x, x_test = made().x.astype(dtype), made().x_test.astype(dtype)
    result = data.standardize(made(x=x, x_test=x_test))
    assert result.x.dtype == result.x_test.dtype == np.float32
    np.testing.assert_allclose(result.x, (x - x.mean(axis=0)) / x.std(axis=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": changed(made().x, (7, 2), np.nan)}, r"'made': x\[7, 2\] is nan; wanted finite"),
        ({"x_test": changed(made().x_test, (4, 0), np.inf)}, r"'made': x_test\[4, 0\] is inf; wanted finite"),
        ({"x": made().x[:0], "y": made().y[:0]}, r"'made': x is empty \(shape \(0, 4\)\)"),
        ({"x": np.full((12, 4), "a")}, r"'made': x has dtype <U1"),
    ],
)
def test_standardize_refuses_what_would_spoil_a_column(changes, message):
    with pytest.raises(ValueError, match=message):
        data.standardize(made(**changes))


@pytest.mark.parametrize("function", [data.flatten, data.standardize])
def test_a_stream_of_tokens_is_refused(function):
    stream = np.arange(10, dtype=np.int32)
    with pytest.raises(ValueError, match=r"'made': x has shape \(10,\)"):
        function(made(x=stream, x_test=stream))


@pytest.mark.parametrize("name", ["xor", "moons", "iris", "breast_cancer", "diabetes", "digits"])
def test_validate_accepts_what_load_gives(name):
    data.validate(data.load(name))
    data.validate(data.flatten(data.load(name)) if name == "digits" else data.standardize(data.load(name)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": changed(made().x, (3, 1), np.nan)}, r"'made': x\[3, 1\] is nan; wanted finite"),
        ({"x_test": changed(made().x_test, (4, 0), -np.inf)}, r"'made': x_test\[4, 0\] is -inf"),
        ({"y": changed(made().y, 7, 3)}, r"'made': y\[7\] is 3; wanted labels in 0\.\.2"),
        ({"y_test": changed(made().y_test, 0, -1)}, r"'made': y_test\[0\] is -1; wanted labels in 0\.\.2"),
        ({"y": made().y[:-1]}, r"x has shape \(12, 4\) and y \(11,\); wanted as many targets as inputs"),
        ({"y_test": made().y_test[:2]}, r"x_test has shape \(5, 4\) and y_test \(2,\)"),
        ({"x": made().x[:0], "y": made().y[:0]}, r"x is empty \(shape \(0, 4\)\)"),
        ({"x_test": made().x_test[:0], "y_test": made().y_test[:0]}, r"x_test is empty"),
        ({"y": made().y.astype(np.float32)}, r"y has dtype float32; wanted integer labels"),
        ({"x": np.full((12, 4), "a")}, r"x has dtype <U1"),
        ({"x_test": made().x_test[:, :3]}, r"a row of x has shape \(4,\) and of x_test \(3,\)"),
        ({"y": np.float32(1.0)}, r"x has shape \(12, 4\) and y \(\)"),
    ],
)
def test_validate_names_the_data_set_the_array_and_the_first_bad_index(changes, message):
    with pytest.raises(ValueError, match=message):
        data.validate(made(**changes))


def test_validate_looks_at_tokens_and_at_regression_targets():
    stream = np.array([0, 2, 1, 5, 0], np.int32)
    text = made(x=stream[:-1], y=stream[1:], x_test=stream[:2], y_test=stream[1:3])
    with pytest.raises(ValueError, match=r"x\[3\] is 5; wanted labels in 0\.\.2"):
        data.validate(text)
    targets = np.ones(12, np.float32)
    with pytest.raises(ValueError, match=r"y\[2\] is nan"):
        data.validate(made(y=changed(targets, 2, np.nan), y_test=targets[:5], classes=()))
