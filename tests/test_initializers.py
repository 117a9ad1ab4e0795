"""Initializers against jax.nn.initializers: the same numbers where the formula is the same, else the same law."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn import initializers as theirs
from scipy import stats

from nnjax import initializers

KEY = jax.random.key(0)
SHAPES = [(100, 60), (3, 3, 2, 4)]
SCALED = {
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
}
SAME = {
    "zeros": theirs.zeros,
    "normal": theirs.normal(0.01),
    "glorot_uniform": theirs.glorot_uniform(),
    "he_uniform": theirs.he_uniform(),
    "glorot_normal": theirs.variance_scaling(1.0, "fan_avg", "normal"),
    "he_normal": theirs.variance_scaling(2.0, "fan_in", "normal"),
}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((7,), (7, 1)), ((3, 5), (3, 5)), ((5, 3, 2), (15, 10)), ((3, 3, 2, 4), (18, 36)), ((5, 5, 1, 6), (25, 150))],
)
def test_fans_by_hand(shape, expected):
    assert initializers.fans(shape) == expected


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_numbers_are_those_of_jax(name, shape):
    ours, jax_numbers = initializers.BY_NAME[name](KEY, shape), SAME[name](KEY, shape)
    assert ours.dtype == jax_numbers.dtype == jnp.float32
    # The same random numbers times a deviation that is rounded once more or once less.
    np.testing.assert_array_max_ulp(np.asarray(ours), np.asarray(jax_numbers), maxulp=2)


@pytest.mark.parametrize("shape", [(4, 6), (5, 5), (3, 3, 2, 4)])
def test_orthogonal_is_that_of_jax(shape):
    ours = initializers.orthogonal(KEY, shape)
    np.testing.assert_array_equal(ours, theirs.orthogonal()(KEY, shape))
    matrix = np.asarray(ours).reshape(-1, shape[-1])
    gram = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(gram, np.eye(min(matrix.shape)), atol=1e-5)


def test_orthogonal_matrices_turn_every_way():
    """Haar: with the signs of R left in, the determinant and the first entry would be biased."""
    q = np.asarray(jax.vmap(lambda key: initializers.orthogonal(key, (3, 3)))(jax.random.split(KEY, 2000)))
    assert abs(np.linalg.det(q).mean()) < 0.1
    # One entry of a uniform direction in three dimensions is uniform on [-1, 1].
    assert stats.kstest(q[:, 0, 0], stats.uniform(-1, 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", SCALED)
def test_mean_and_variance(name):
    shape = (100, 60)
    sample = np.asarray(initializers.BY_NAME[name](KEY, shape), np.float64).ravel()
    variance = SCALED[name](*initializers.fans(shape))
    assert abs(sample.mean()) < 5 * np.sqrt(variance / sample.size)
    assert abs(sample.var() - variance) < 5 * variance * np.sqrt(2 / sample.size)


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("glorot_normal", lambda variance: stats.norm(0, np.sqrt(variance))),
        ("he_normal", lambda variance: stats.norm(0, np.sqrt(variance))),
        ("glorot_uniform", lambda variance: stats.uniform(-np.sqrt(3 * variance), 2 * np.sqrt(3 * variance))),
        ("he_uniform", lambda variance: stats.uniform(-np.sqrt(3 * variance), 2 * np.sqrt(3 * variance))),
    ],
)
def test_distribution(name, law):
    shape = (100, 60)
    sample = np.asarray(initializers.BY_NAME[name](jax.random.key(5), shape)).ravel()
    assert stats.kstest(sample, law(SCALED[name](*shape)).cdf).pvalue > 1e-3


def test_the_standard_deviation_of_normal_is_an_argument():
    wide = partial(initializers.normal, std=2.0)
    np.testing.assert_allclose(wide(KEY, (100, 60)), 200 * initializers.normal(KEY, (100, 60)), rtol=1e-6)


@pytest.mark.parametrize("name", initializers.BY_NAME)
def test_the_key_decides(name):
    f = initializers.BY_NAME[name]
    first = f(KEY, (100, 60))
    np.testing.assert_array_equal(f(KEY, (100, 60)), first)
    assert np.array_equal(f(jax.random.key(1), (100, 60)), first) == (name == "zeros")


def test_raw_keys_work_too():
    first = initializers.he_normal(KEY, (100, 60))
    np.testing.assert_array_equal(initializers.he_normal(jax.random.PRNGKey(0), (100, 60)), first)


@pytest.mark.parametrize("name", initializers.BY_NAME)
def test_in_float64(name):
    with jax.enable_x64(True):
        shape = jax.eval_shape(lambda key: initializers.BY_NAME[name](key, (4, 3)), KEY)
    assert shape.dtype == np.float64
    assert shape.shape == (4, 3)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", initializers.BY_NAME)
@pytest.mark.parametrize("shape", [(3, 0), (3, -1), (3, 2.5), (True, 2)])
def test_an_impossible_size_is_named(name, shape):
    with pytest.raises(ValueError, match=r"shape holds .*; every size must be a whole number of at least 1"):
        initializers.BY_NAME[name](KEY, shape)


@pytest.mark.parametrize(("name", "shape"), [("he_normal", ()), ("glorot_uniform", ()), ("orthogonal", (4,))])
def test_too_few_axes(name, shape):
    with pytest.raises(ValueError, match=r"shape is .*; it must have at least"):
        initializers.BY_NAME[name](KEY, shape)


def test_zeros_and_normal_make_scalars():
    assert initializers.zeros(KEY, ()).shape == initializers.normal(KEY, ()).shape == ()


def test_a_deviation_below_zero_is_named():
    with pytest.raises(ValueError, match="std is -1; it must be at least 0 and finite"):
        initializers.normal(KEY, (3, 2), std=-1.0)
