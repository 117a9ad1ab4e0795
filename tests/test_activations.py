"""Activations against jax.nn, SciPy and NumPy; derivatives against jax.grad and against the backward pass by hand.

All activations are compiled together, once for each shape: compiling is nearly all that these tests cost.
"""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special, stats

from nnjax import activations
from nnjax.manual import activations as manual

NUMPY = {
    "identity": lambda z: z,
    "step": lambda z: np.heaviside(z, 1.0),
    "sigmoid": lambda z, slope=1.0: 0.5 + 0.5 * np.tanh(0.5 * slope * z),
    "tanh": lambda z, slope=1.0: 2 * special.expit(2 * slope * z) - 1,
    "relu": lambda z, slope=1.0: np.clip(slope * z, 0, None),
    "leaky_relu": lambda z, slope=0.1: np.maximum(z, 0) + slope * np.minimum(z, 0),
    "elu": lambda z, alpha=1.0: np.maximum(z, 0) + alpha * (np.exp(np.minimum(z, 0)) - 1),
    "gelu": lambda z: z * stats.norm.cdf(z),
}
JAX = {
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": lambda z: jax.nn.leaky_relu(z, 0.1),
    "elu": jax.nn.elu,
    "gelu": lambda z: jax.nn.gelu(z, approximate=False),
}
SETTINGS = [
    ("identity", {}),
    ("step", {}),
    *((name, {"slope": slope}) for name in ("sigmoid", "tanh", "relu") for slope in (1.0, 0.25, 4.0)),
    *(("leaky_relu", {"slope": slope}) for slope in (0.1, 0.01)),
    *(("elu", {"alpha": alpha}) for alpha in (1.0, 0.3)),
    ("gelu", {}),
]
NAMES = list(activations.BY_NAME)


@jax.jit
def computed(z):
    """Return (value, derivative as written, derivative by jax.grad) of each setting."""

    def one(name, setting):
        y, pull_back = jax.vjp(lambda z: activations.BY_NAME[name](z, **setting), z)
        return y, getattr(activations, f"{name}_derivative")(z, **setting), pull_back(jnp.ones_like(y))[0]

    return [one(*pair) for pair in SETTINGS]


@jax.jit
def of_jax(z):
    return {name: (activations.BY_NAME[name](z), f(z)) for name, f in JAX.items()}


def test_every_activation_has_its_derivative_and_its_backward_pass():
    functions = inspect.getmembers(activations, inspect.isfunction)
    public = {name for name, f in functions if f.__module__ == activations.__name__}
    differentiated = {name.removesuffix("_derivative") for name in public if name.endswith("_derivative")}
    assert differentiated == {*NAMES, "prelu", "maxout", "softmax"} == public & {f"{name}" for name in differentiated}
    assert set(NUMPY) == {name for name, _ in SETTINGS} == set(NAMES) == set(manual.FORWARD) == set(manual.BACKWARD)
    assert all(hasattr(manual, f"{name}_backward") for name in differentiated)


def numbers(shapes, size=1000.0):
    near = st.floats(-8, 8, width=32, allow_subnormal=False)
    values = st.one_of(near, st.floats(-size, size, width=32, allow_subnormal=False))
    return st.sampled_from(shapes).flatmap(lambda shape: hnp.arrays(np.float32, shape, elements=values))


@given(z=numbers([(), (5,), (2, 3)]))
@settings(max_examples=60, deadline=None)
def test_value_is_the_formula_and_derivative_is_jax_grad(z):
    for (name, setting), (value, written, by_jax) in zip(SETTINGS, computed(z), strict=True):
        assert value.shape == written.shape == z.shape
        assert value.dtype == written.dtype == jnp.float32
        np.testing.assert_allclose(value, NUMPY[name](z.astype(float), **setting), rtol=3e-6, atol=3e-6, err_msg=name)
        np.testing.assert_allclose(written, by_jax, rtol=2e-6, atol=2e-6, err_msg=name)


@given(z=numbers([(5,)]))
@settings(max_examples=30, deadline=None)
def test_value_is_that_of_jax_nn(z):
    for name, (ours, theirs) in of_jax(z).items():
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=2e-6, err_msg=name)


def test_in_float64_value_and_derivative_are_those_by_hand_and_the_difference_quotient():
    rng = np.random.default_rng(0)
    z, dh = rng.choice([-1, 1], 40) * rng.uniform(0.01, 6, 40), rng.normal(size=40)
    with jax.enable_x64(True):
        results = jax.tree.map(np.asarray, computed(z))
    for (name, setting), (value, written, _) in zip(SETTINGS, results, strict=True):
        assert value.dtype == written.dtype == np.float64
        np.testing.assert_allclose(value, manual.FORWARD[name](z, **setting), rtol=1e-12, atol=1e-14, err_msg=name)
        by_hand = manual.BACKWARD[name](z, dh, **setting)
        np.testing.assert_allclose(dh * written, by_hand, rtol=1e-12, atol=1e-13, err_msg=name)
        quotient = (NUMPY[name](z + 1e-6, **setting) - NUMPY[name](z - 1e-6, **setting)) / 2e-6
        np.testing.assert_allclose(written, quotient, rtol=1e-6, atol=2e-9, err_msg=name)


def test_at_zero_all_derivatives_are_those_of_the_left_side():
    expected = {
        "identity": (0, 1), "step": (1, 0), "sigmoid": (0.5, 0.25), "tanh": (0, 1), "relu": (0, 0),
        "leaky_relu": (0, 1), "elu": (0, 1), "gelu": (0, 0.5),
    }  # fmt: skip
    for (name, setting), (value, written, by_jax) in zip(SETTINGS, computed(np.float32(0)), strict=True):
        h = setting.get("slope", setting.get("alpha", 1.0))
        value_at_0, slope_at_0 = expected[name]
        assert float(value) == value_at_0, name
        assert float(written) == pytest.approx(h * slope_at_0), name
        assert float(by_jax) == pytest.approx(h * slope_at_0), name


def test_the_defaults():
    z = jnp.array([-2.0, 3.0])
    np.testing.assert_allclose(activations.leaky_relu(z), [-0.2, 3], rtol=1e-6)
    np.testing.assert_allclose(activations.elu(z), [np.exp(-2) - 1, 3], rtol=1e-6)
    np.testing.assert_array_equal(activations.relu(z), [0, 3])
    np.testing.assert_array_equal(activations.step(z), [0, 1])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu"])
def test_the_slope_may_be_one_for_each_feature(name):
    f, derivative = getattr(activations, name), getattr(activations, f"{name}_derivative")
    z, h = np.linspace(-2, 2, 12, dtype=np.float32).reshape(4, 3), np.array([0.5, 1.0, 3.0], np.float32)

    def compute(z, h):
        return f(z, slope=h), derivative(z, slope=h), jax.grad(lambda h: jnp.sum(f(z, slope=h)))(h)

    value, slopes, by_h = jax.jit(compute)(z, h)
    exact = z.astype(float), h.astype(float)
    np.testing.assert_allclose(value, NUMPY[name](exact[0], slope=exact[1]), rtol=1e-5, atol=1e-6)
    by_hand = [manual.BACKWARD[name](exact[0][:, j], np.ones(4), slope=float(h[j])) for j in range(3)]
    np.testing.assert_allclose(slopes, np.stack(by_hand, axis=1), rtol=1e-5, atol=1e-6)
    quotient = [NUMPY[name](exact[0], slope=exact[1] + step).sum(axis=0) for step in (1e-6, -1e-6)]
    np.testing.assert_allclose(by_h, (quotient[0] - quotient[1]) / 2e-6, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1e3, 1e30])
def test_extremes_have_finite_values_and_gradients(size):
    z = np.array([-size, size, 0, -size, size], np.float32)
    for (name, setting), (value, written, by_jax) in zip(SETTINGS, computed(z), strict=True):
        assert np.isfinite(value).all(), name
        assert np.isfinite(by_jax).all(), name
        np.testing.assert_allclose(written, by_jax, rtol=1e-6, err_msg=name)
        exact = NUMPY[name](z.astype(float), **setting)
        np.testing.assert_allclose(value, exact, rtol=1e-6, atol=1e-30, err_msg=name)


def test_gelu_keeps_its_digits_far_below_zero():
    z = np.array([-2.0, -4.0, -6.0, -8.0, -10.0], np.float32)
    value, written, by_jax = computed(z)[-1]
    np.testing.assert_allclose(value, NUMPY["gelu"](z.astype(float)), rtol=1e-4)
    np.testing.assert_allclose(written, by_jax, rtol=1e-3)


def test_nan_is_not_hidden():
    z = np.array([1.0, np.nan, 0.0, -2.0, np.nan], np.float32)
    for (name, setting), (value, *_) in zip(SETTINGS, computed(z), strict=True):
        if name != "step":
            np.testing.assert_array_equal(np.isnan(value), np.isnan(z), err_msg=name)
            np.testing.assert_array_equal(np.isnan(manual.FORWARD[name](z, **setting)), np.isnan(z), err_msg=name)


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_dtype_is_kept(dtype):
    outputs = jax.eval_shape(computed, jax.ShapeDtypeStruct((3,), dtype))
    assert {leaf.dtype for leaf in jax.tree.leaves(outputs)} == {jnp.dtype(dtype)}


@jax.jit
def prelu_computed(z, slope):
    derivatives = activations.prelu_derivative(z, slope)
    by_jax = jax.grad(lambda z, slope: jnp.sum(activations.prelu(z, slope)), (0, 1))(z, slope)
    return activations.prelu(z, slope), derivatives, by_jax


@pytest.mark.parametrize("slope", [0.3, [0.1, 0.25, 0.9]])
def test_prelu_and_both_derivatives(slope):
    z, slope = np.array([[-2.0, 0.0, 1.5], [0.5, -0.25, -4.0]]), np.array(slope)
    with jax.enable_x64(True):
        value, (by_z, by_slope), by_jax = jax.tree.map(np.asarray, prelu_computed(z, slope))
    expected = [[v if v > 0 else v * np.broadcast_to(slope, 3)[j] for j, v in enumerate(row)] for row in z]
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_array_equal(by_z, by_jax[0])
    np.testing.assert_allclose(by_slope.sum(axis=0) if slope.ndim else by_slope.sum(), by_jax[1], rtol=1e-12)
    by_hand = manual.prelu_backward(z, slope, np.ones((2, 3)))
    np.testing.assert_allclose(by_z, by_hand[0], rtol=1e-12)
    np.testing.assert_allclose(by_jax[1], by_hand[1], rtol=1e-12)
    np.testing.assert_allclose(manual.prelu(z, slope), expected, rtol=1e-12)


@jax.jit
def maxout_computed(z):
    by_jax = jax.grad(lambda z: jnp.sum(activations.maxout(z)))(z)
    return activations.maxout(z), activations.maxout_derivative(z), by_jax


def test_maxout_takes_the_largest_piece_of_each_feature():
    z = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)
    h, written, by_jax = maxout_computed(z)
    assert h.tolist() == [[max(z[n, p, j] for p in range(3)) for j in range(4)] for n in range(2)]
    np.testing.assert_array_equal(written, by_jax)
    np.testing.assert_array_equal(written.sum(axis=1), np.ones((2, 4)))
    np.testing.assert_array_equal(manual.maxout(z.astype(float)), h)
    np.testing.assert_array_equal(manual.maxout_backward(z.astype(float), np.ones((2, 4))), by_jax)


def test_maxout_pieces_that_tie_share():
    z = np.array([[1.0, 5.0], [1.0, 2.0], [0.0, 5.0], [1.0, 5.0]])
    expected = np.array([[1, 1], [1, 0], [0, 1], [1, 1]]) / 3
    _, written, by_jax = maxout_computed(z.astype(np.float32))
    np.testing.assert_allclose(written, expected, rtol=1e-6)
    np.testing.assert_allclose(by_jax, expected, rtol=1e-6)
    np.testing.assert_allclose(manual.maxout_backward(z[None], np.ones((1, 2)))[0], expected)


@jax.jit
def softmax_computed(z):
    p = activations.softmax(z)
    weighted = jax.grad(lambda z: jnp.sum(activations.softmax(z) * jnp.arange(z.shape[-1])))(z)
    return p, activations.softmax(z + 3), jax.nn.softmax(z), activations.softmax_derivative(z), weighted


@given(z=numbers([(1,), (2, 3)], size=50))
@settings(max_examples=30, deadline=None)
def test_softmax_is_that_of_scipy_along_the_last_axis(z):
    p, shifted, of_jax, jacobian, weighted = softmax_computed(z)
    np.testing.assert_allclose(p, special.softmax(z.astype(float), axis=-1), rtol=1e-5, atol=1e-30)
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_allclose(p, shifted, rtol=1e-4, atol=1e-30)
    np.testing.assert_allclose(p, of_jax, rtol=1e-6, atol=1e-30)
    assert jacobian.shape == (*z.shape, z.shape[-1])
    np.testing.assert_allclose(jnp.arange(z.shape[-1]) @ jacobian, weighted, rtol=1e-4, atol=1e-6)


def test_softmax_derivative_is_the_jacobian():
    z = np.array([0.3, -1.0, 2.0, 0.1])
    p = special.softmax(z)
    expected = [[p[k] * ((k == m) - p[m]) for m in range(4)] for k in range(4)]
    np.testing.assert_allclose(softmax_computed(z.astype(np.float32))[3], expected, rtol=1e-5)
    dp = np.random.default_rng(0).normal(size=4)
    np.testing.assert_allclose(manual.softmax_backward(z[None], dp[None])[0], dp @ np.array(expected), rtol=1e-12)


def test_softmax_at_extremes():
    z = np.array([[1000.0, -1000.0, 0.0], [1000.0, 1000.0, -1000.0]], np.float32)
    for rows, expected in ((z, [[1, 0, 0], [0.5, 0.5, 0]]), (z * np.float32(1e27), [[1, 0, 0], [0.5, 0.5, 0]])):
        p, *_, jacobian, gradient = softmax_computed(rows)
        np.testing.assert_array_equal(p, expected)
        np.testing.assert_allclose(gradient, [[0, 0, 0], [-0.25, 0.25, 0]])
        assert np.isfinite(jacobian).all()


@pytest.mark.usefixtures("unchecked")
def test_gelu_of_integers_is_that_of_floats():
    z = jnp.array([1, 2, -1])
    for f in (activations.gelu, activations.gelu_derivative):
        np.testing.assert_array_equal(f(z), f(z.astype(jnp.float32)))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("f", [activations.maxout, activations.maxout_derivative])
def test_maxout_without_pieces_is_an_error(f):
    with pytest.raises(ValueError, match=r"z has 1 axes, shape \(3,\); it must have at least 2"):
        f(jnp.ones(3))


@pytest.mark.parametrize(("f", "shape"), [(activations.maxout, (3, 0, 2)), (activations.softmax, (3, 0))])
def test_empty_input_is_an_error(f, shape):
    with pytest.raises(ValueError, match=r"z is empty: shape \(3, 0"):
        f(jnp.zeros(shape))
