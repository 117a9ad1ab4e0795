"""Losses against loops of plain Python, against optax, and at the extremes; penalties against hand sums."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from nnjax import losses
from nnjax.manual import losses as manual

SHAPES = [(5,), (4, 3), (2, 3, 2)]


# Compiled once for each shape.
COMPILED = {name: jax.jit(jax.value_and_grad(loss)) for name, loss in losses.BY_NAME.items()}


def drawn(seed, *shape, scale=1.0):
    return (scale * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)


@jax.jit
def squared(y, d):
    return jax.value_and_grad(losses.squared_error)(y, d), jnp.sum(optax.l2_loss(y, d)) / len(y)


@given(shape=st.sampled_from(SHAPES), seed=st.integers(0, 999), scale=st.sampled_from([0.1, 1.0, 30.0]))
@settings(max_examples=25, deadline=None)
def test_squared_error_is_half_the_mean_squared_distance(shape, seed, scale):
    y, d = drawn(seed, *shape, scale=scale), drawn(seed + 1, *shape)
    per_example = [0.5 * sum((float(a) - float(b)) ** 2 for a, b in zip(np.ravel(p), np.ravel(q), strict=True))
                   for p, q in zip(y, d, strict=True)]  # fmt: skip
    (loss, gradient), by_optax = squared(y, d)
    assert loss.shape == ()
    assert float(loss) == pytest.approx(sum(per_example) / len(per_example), rel=1e-5)
    assert float(loss) == pytest.approx(float(by_optax), rel=1e-5)
    np.testing.assert_allclose(gradient, (y - d) / len(y), rtol=1e-5, atol=1e-6)


@jax.jit
def binary(z, d):
    by_optax = optax.sigmoid_binary_cross_entropy(z, d.astype(z.dtype))
    return jax.value_and_grad(losses.binary_cross_entropy)(z, d), jnp.sum(by_optax) / len(z)


@given(
    shape=st.sampled_from(SHAPES), seed=st.integers(0, 999), scale=st.sampled_from([0.1, 1.0, 30.0]), soft=st.booleans()
)
@settings(max_examples=25, deadline=None)
def test_binary_cross_entropy_is_that_of_optax(shape, seed, scale, soft):
    z = drawn(seed, *shape, scale=scale)
    rng = np.random.default_rng(seed)
    d = rng.uniform(size=shape).astype(np.float32) if soft else rng.integers(0, 2, shape)
    (loss, gradient), by_optax = binary(z, d)
    assert float(loss) == pytest.approx(float(by_optax), rel=1e-5, abs=1e-30)
    s = 1 / (1 + np.exp(-z.astype(float)))
    np.testing.assert_allclose(gradient, (s - d) / len(z), rtol=1e-4, atol=1e-6)


def test_binary_cross_entropy_by_hand():
    y = [0.9, 0.2, 0.5]
    z = np.array([math.log(p / (1 - p)) for p in y], np.float32)
    expected = -(math.log(0.9) + math.log(0.8) + math.log(0.5)) / 3
    assert float(losses.binary_cross_entropy(jnp.asarray(z), jnp.array([1, 0, 1]))) == pytest.approx(expected, rel=1e-6)


def test_binary_cross_entropy_at_extremes():
    z, d = np.array([1000, -1000, 1000, -1000, 1e30], np.float32), np.array([1, 0, 0, 1, 1])
    loss, gradient = COMPILED["binary_cross_entropy"](z, d)
    assert float(loss) == pytest.approx(2000 / 5)
    np.testing.assert_allclose(gradient, np.array([0, 0, 1, -1, 0]) / 5, atol=1e-30)


def test_binary_cross_entropy_at_zero_has_the_gradient_s_minus_d():
    _, gradient = COMPILED["binary_cross_entropy"](np.zeros(5, np.float32), np.array([1, 0, 1, 0, 1]))
    np.testing.assert_allclose(gradient, np.array([-0.5, 0.5, -0.5, 0.5, -0.5]) / 5)


def test_binary_cross_entropy_keeps_its_digits_where_it_is_small():
    for z in (5.0, 10.0, 15.0, 40.0):
        loss, gradient = COMPILED["binary_cross_entropy"](
            np.array([z, -z] * 2 + [z], np.float32), np.array([1, 0, 1, 0, 1])
        )
        assert float(loss) == pytest.approx(math.log1p(math.exp(-z)), rel=1e-6)
        np.testing.assert_allclose(gradient, np.array([-1, 1, -1, 1, -1]) / 5 / (1 + math.exp(z)), rtol=1e-5)


@jax.jit
def crossed(z, labels):
    one_hot = jnp.eye(z.shape[1])[labels]
    return (
        (losses.cross_entropy(z, labels), optax.softmax_cross_entropy_with_integer_labels(z, labels).mean()),
        (losses.cross_entropy(z, one_hot), optax.softmax_cross_entropy(z, one_hot).mean()),
        jax.grad(losses.cross_entropy)(z, labels),
    )


@given(
    shape=st.sampled_from([(1, 2), (4, 5), (3, 1)]), seed=st.integers(0, 999), scale=st.sampled_from([0.1, 1.0, 30.0])
)
@settings(max_examples=25, deadline=None)
def test_cross_entropy_is_that_of_optax_for_integers_and_one_hot(shape, seed, scale):
    z = drawn(seed, *shape, scale=scale)
    labels = np.random.default_rng(seed).integers(0, shape[1], shape[0])
    integers, rows, gradient = crossed(z, labels)
    assert integers[0].shape == rows[0].shape == ()
    # For integers optax takes logsumexp(z) - z_k, which loses digits where the logits are large.
    assert float(integers[0]) == pytest.approx(float(integers[1]), rel=1e-5, abs=2e-5)
    assert float(integers[0]) == pytest.approx(float(rows[0]), rel=1e-6, abs=1e-7)
    assert float(rows[0]) == pytest.approx(float(rows[1]), rel=1e-5, abs=1e-6)
    exact = special.log_softmax(z.astype(float), axis=1)[range(len(z)), labels]
    assert float(integers[0]) == pytest.approx(-exact.mean(), rel=1e-5, abs=1e-6)
    p = np.exp(z.astype(float) - z.max(axis=1, keepdims=True))
    expected = (p / p.sum(axis=1, keepdims=True) - np.eye(shape[1])[labels]) / shape[0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


def test_cross_entropy_by_hand():
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    z = (np.log(p) + np.array([[5.0], [-3.0]])).astype(np.float32)
    expected = -(math.log(0.7) + math.log(0.3)) / 2
    assert float(COMPILED["cross_entropy"](z, np.array([0, 1]))[0]) == pytest.approx(expected, rel=1e-5)
    soft = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], np.float32)
    expected = -(0.5 * math.log(0.7) + 0.5 * math.log(0.2) + math.log(0.6)) / 2
    assert float(COMPILED["cross_entropy"](z, soft)[0]) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_of_sequences_is_the_mean_over_time_too():
    z = drawn(0, 3, 4, 5)
    labels = np.random.default_rng(0).integers(0, 5, (3, 4))
    p = np.exp(z.astype(float)) / np.exp(z.astype(float)).sum(axis=-1, keepdims=True)
    expected = -np.mean([math.log(p[n, t, labels[n, t]]) for n in range(3) for t in range(4)])
    assert float(COMPILED["cross_entropy"](z, labels)[0]) == pytest.approx(expected, rel=1e-5)
    one_hot = np.eye(5, dtype=np.float32)[labels]
    assert float(COMPILED["cross_entropy"](z, one_hot)[0]) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_at_extremes():
    z = np.array([[1000.0, -1000.0, 0], [1000.0, -1000.0, 0], [1e30, 0, 0], [0, 1e30, 0]], np.float32)
    loss, gradient = COMPILED["cross_entropy"](z[:2], np.array([0, 1]))
    assert float(loss) == pytest.approx(1000)
    np.testing.assert_allclose(gradient, np.array([[0, 0, 0], [1, -1, 0]]) / 2, atol=1e-30)
    loss, gradient = COMPILED["cross_entropy"](z[2:], np.array([0, 1]))
    assert float(loss) == 0
    np.testing.assert_array_equal(gradient, np.zeros((2, 3)))


def test_cross_entropy_does_not_lose_digits_to_a_common_offset():
    z = np.array([[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]], np.float32) + 4096
    loss, _ = COMPILED["cross_entropy"](z, np.array([2, 2]))
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-2) + math.exp(-3)), rel=1e-6)


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float32, np.int8])
def test_perceptron_criterion_by_hand_whatever_holds_the_targets(dtype):
    a, d = np.array([2.0, -3.0, 0.5, -1.0, 0.0], np.float32), np.array([1, 1, 0, 0, 1], dtype)
    loss, gradient = COMPILED["perceptron_criterion"](a, d)
    assert float(loss) == pytest.approx((0 + 3.0 + 0.5 + 0 + 0) / 5)
    np.testing.assert_allclose(gradient, np.array([0, -1, 1, 0, 0]) / 5)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
@pytest.mark.parametrize("name", ["squared_error", "binary_cross_entropy"])
def test_small_integer_targets_do_not_wrap(name, dtype):
    y, d = drawn(0, 5), np.array([1, 0, 1, 0, 1])
    np.testing.assert_allclose(COMPILED[name](y, d.astype(dtype))[1], COMPILED[name](y, d)[1], rtol=1e-6)


def test_perceptron_criterion_is_the_mean_distance_of_the_wrong():
    a, d = drawn(3, 50), np.random.default_rng(0).integers(0, 2, 50)
    wrong = np.where((a >= 0) != (d == 1), np.abs(a), 0)
    assert float(COMPILED["perceptron_criterion"](a, d)[0]) == pytest.approx(wrong.mean(), rel=1e-6)


@pytest.mark.parametrize("name", losses.BY_NAME)
def test_losses_are_means_over_the_batch(name):
    y, d = drawn(0, 4, 3), np.eye(3, dtype=np.float32)[[0, 2, 1, 1]]
    whole = float(COMPILED[name](y, d)[0])
    singles = [float(COMPILED[name](y[n : n + 1], d[n : n + 1])[0]) for n in range(4)]
    assert whole == pytest.approx(sum(singles) / 4, rel=1e-5)
    assert float(losses.BY_NAME[name](jnp.asarray(y), jnp.asarray(d))) == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("name", losses.BY_NAME)
def test_in_float64_loss_and_gradient_are_those_by_hand(name):
    y, d = drawn(5, 4, 3).astype(float), np.eye(3)[[0, 2, 1, 1]]
    if name == "cross_entropy":
        d = np.abs(drawn(1, 4, 3)).astype(float)
    with jax.enable_x64(True):
        value, gradient = jax.tree.map(np.asarray, COMPILED[name](y, d))
    assert value.dtype == gradient.dtype == np.float64
    by_hand = getattr(manual, name)(y, d)
    assert float(value) == pytest.approx(by_hand[0], rel=1e-13)
    np.testing.assert_allclose(gradient, by_hand[1], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", losses.BY_NAME)
def test_nan_is_not_hidden(name):
    y = drawn(0, 4, 3)
    y[2, 1] = np.nan
    for d in (np.eye(3, dtype=np.float32)[[0, 2, 1, 1]], np.eye(3, dtype=np.float32)[[1, 1, 0, 2]]):
        assert np.isnan(COMPILED[name](y, d)[0])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", losses.BY_NAME)
def test_wrong_shapes_are_named(name):
    loss = losses.BY_NAME[name]
    with pytest.raises(ValueError, match=r"\(4, 3\).*\(4, 2\)|\(4, 2\).*\(4, 3\)"):
        loss(jnp.zeros((4, 3)), jnp.zeros((4, 2)))
    with pytest.raises(ValueError, match=r"empty: shape \(0, 3\)"):
        loss(jnp.zeros((0, 3)), jnp.zeros((0, 3)))
    with pytest.raises(ValueError, match=r"0 axes, shape \(\); it must have at least 1"):
        loss(jnp.zeros(()), jnp.zeros(()))


@pytest.mark.usefixtures("unchecked")
def test_broadcasting_does_not_hide_a_column():
    with pytest.raises(ValueError, match=r"y has shape \(4, 1\) and d \(4,\)"):
        losses.squared_error(jnp.zeros((4, 1)), jnp.zeros(4))


@pytest.mark.usefixtures("unchecked")
def test_integer_labels_of_a_wrong_shape():
    with pytest.raises(ValueError, match=r"labels has shape \(3,\) and the batch of logits \(4,\)"):
        losses.cross_entropy(jnp.zeros((4, 3)), jnp.zeros(3, jnp.int32))


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_label_out_of_range_is_named_with_its_index(wrong):
    labels = jnp.array([0, 2, wrong, 1])
    with pytest.raises(ValueError, match=rf"labels\[2\] is {wrong}; labels of 3 classes run from 0 to 2"):
        losses.cross_entropy(jnp.zeros((4, 3)), labels)
    with pytest.raises(ValueError, match=rf"labels\[1, 0\] is {wrong};"):
        losses.cross_entropy(jnp.zeros((2, 2, 3)), labels.reshape(2, 2))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("rows", [np.eye(3, dtype=int), np.eye(3, dtype=bool), np.eye(3).tolist()])
def test_rows_and_labels_of_every_kind_are_the_same(rows):
    z, labels = jnp.asarray(drawn(0, 3, 3)), jnp.arange(3)
    wanted = float(losses.cross_entropy(z, labels))
    assert float(losses.cross_entropy(z, rows)) == float(losses.cross_entropy(z, [0, 1, 2])) == wanted
    assert float(losses.cross_entropy(z, labels == 1)) == float(losses.cross_entropy(z, jnp.array([0, 1, 0])))


@pytest.mark.usefixtures("unchecked")
def test_labels_of_the_wrong_kind_are_named():
    with pytest.raises(ValueError, match=r"labels has shape \(4,\) and dtype float32; .*: labels.astype\(int\)"):
        losses.cross_entropy(jnp.zeros((4, 3)), jnp.zeros(4))
    with pytest.raises(ValueError, match=r"labels\[0, 0\] is 2; entries of one-hot rows run from 0 to 1"):
        losses.cross_entropy(jnp.zeros((4, 3)), jnp.full((4, 3), 2))


@pytest.mark.parametrize("name", ["binary_cross_entropy", "perceptron_criterion"])
@pytest.mark.parametrize("wrong", [2, -1, 1.5])
def test_a_target_that_is_no_probability_is_named(name, wrong):
    with pytest.raises(ValueError, match=f"d is {wrong}; it must be at least 0 and at most 1"):
        losses.BY_NAME[name](jnp.zeros(4), jnp.array([0, 1, wrong, 0]))


NETWORK = [
    {"W": jnp.array([[1.0, -2.0], [0.0, 3.0]]), "b": jnp.array([10.0, -20.0])},
    {"W": jnp.array([[[0.5]]]), "b": jnp.array([7.0]), "slope": jnp.array([0.25]), "scale": jnp.array([9.0])},
    {"Wx": jnp.array([4.0]), "bias": jnp.array([100.0])},
]


def test_penalties_sum_weights_and_leave_biases():
    assert float(losses.l1(NETWORK, 0.1)) == pytest.approx(0.1 * (1 + 2 + 0 + 3 + 0.5 + 4))
    assert float(losses.l2(NETWORK, 0.1)) == pytest.approx(0.1 * (1 + 4 + 0 + 9 + 0.25 + 16))


@pytest.mark.parametrize(("penalty", "gradient"), [(losses.l1, np.sign), (losses.l2, lambda w: 2 * np.asarray(w))])
def test_penalty_gradients_are_zero_for_all_but_weights(penalty, gradient):
    grads = jax.jit(jax.grad(penalty))(NETWORK, 0.1)
    for layer, layer_grads in zip(NETWORK, grads, strict=True):
        for name, leaf in layer.items():
            expected = 0.1 * gradient(leaf) if name.startswith("W") else np.zeros_like(leaf)
            np.testing.assert_allclose(layer_grads[name], expected, rtol=1e-6)


def test_penalties_of_a_named_tuple():
    class Layer(NamedTuple):
        W: jax.Array
        b: jax.Array

    assert float(losses.l2(Layer(jnp.array([1.0, 2.0]), jnp.array([5.0])), 1.0)) == 5
    assert [w.shape for w in losses.weights(NETWORK)] == [(2, 2), (1, 1, 1), (1,)]


@pytest.mark.parametrize("penalty", [losses.l1, losses.l2])
@pytest.mark.parametrize(
    ("params", "found"),
    [({"w": 1.0, "b": 0.0}, r"params\['b'\], params\['w'\]"), ([(1.0, 0.0)], r"params\[0\]\[0\]"), ([], "no arrays")],
)
def test_a_penalty_on_nothing_or_below_zero_is_refused(penalty, params, found):
    with pytest.raises(ValueError, match=rf"params holds no weights, .* begins with W; it holds {found}"):
        penalty(jax.tree.map(jnp.asarray, params), 1.0)
    with pytest.raises(ValueError, match="rate is -1; it must be at least 0 and finite"):
        penalty(NETWORK, -1)


def test_float64_is_kept():
    with jax.enable_x64(True):
        params = jax.tree.map(lambda p: jax.ShapeDtypeStruct(p.shape, np.float64), NETWORK)
        assert jax.eval_shape(losses.l1, params, 0.1).dtype == np.float64
