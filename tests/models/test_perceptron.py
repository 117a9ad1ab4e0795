"""Rosenblatt's rule against a loop of plain Python; convergence, XOR, the mistake bound; Hebb's rule."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nnjax import manual
from nnjax.models import perceptron

KEY = jax.random.key(0)
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "xor": [0, 1, 1, 0]}
ZERO = {"W": jnp.zeros(2), "b": jnp.zeros(())}
train = jax.jit(perceptron.train, static_argnums=4)
mistake_bound = jax.jit(perceptron.mistake_bound)


def in_plain_python(w, b, xs, ys, rate, epochs):
    path, mistakes = [], []
    for _ in range(epochs):
        for x, y in zip(xs, ys, strict=True):
            fires = 1 if sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b >= 0 else 0
            w = [wi + rate * (y - fires) * xi for wi, xi in zip(w, x, strict=True)]
            b = b + rate * (y - fires)
            path.append([*w, b])
            mistakes.append(int(fires != y))
    return path, mistakes


@given(seed=st.integers(0, 9999), rate=st.sampled_from([0.25, 1.0, 2.0]))
@settings(max_examples=25, deadline=None)
def test_training_is_the_plain_loop_number_for_number(seed, rate):
    """All numbers are small multiples of 1/8, which floats hold exactly."""
    rng = np.random.default_rng(seed)
    xs, ys = rng.integers(-8, 9, (6, 3)) / 4, rng.integers(0, 2, 6)
    w, b = rng.integers(-8, 9, 3) / 8, float(rng.integers(-8, 9)) / 8
    params = {"W": w.astype(np.float32), "b": np.float32(b)}
    last, history = train(params, xs.astype(np.float32), ys, rate, 4)
    path, mistakes = in_plain_python(w.tolist(), b, xs.tolist(), ys.tolist(), rate, 4)
    np.testing.assert_array_equal(np.column_stack([history["params"]["W"], history["params"]["b"]]), path)
    np.testing.assert_array_equal(history["mistakes"].reshape(-1), mistakes)
    assert history["mistakes"].shape == (4, 6)
    assert [*last["W"].tolist(), float(last["b"])] == path[-1]


@pytest.mark.parametrize("gate", ["and", "or", "nand"])
def test_it_learns_the_gates_that_a_line_divides(gate):
    ys = np.array(GATES[gate])
    for start in (ZERO, *(perceptron.init(key, 2) for key in jax.random.split(KEY, 3))):
        params, history = train(start, CORNERS, ys, 1.0, 25)
        np.testing.assert_array_equal(perceptron.apply(params, jnp.asarray(CORNERS)), ys)
        assert not history["mistakes"][-1].any()


def test_it_never_learns_xor():
    _, history = train(ZERO, CORNERS, np.array(GATES["xor"]), 1.0, 200)
    assert (history["mistakes"].sum(axis=1) > 0).all()
    # In fact no line does: of all lines on a fine grid none is right on more than 3 corners.
    grid = np.stack(np.meshgrid(*[np.linspace(-2, 2, 41)] * 3), -1).reshape(-1, 3)
    answers = grid[:, :2] @ CORNERS.T + grid[:, 2:] >= 0
    assert (answers == GATES["xor"]).sum(axis=1).max() == 3
    assert (answers == GATES["and"]).all(axis=1).any()


@given(seed=st.integers(0, 9999), rate=st.sampled_from([0.1, 1.0]))
@settings(max_examples=25, deadline=None)
def test_the_mistakes_stay_below_the_bound(seed, rate):
    rng = np.random.default_rng(seed)
    teacher, xs = rng.normal(size=4).astype(np.float32), rng.normal(size=(20, 3)).astype(np.float32)
    a = xs @ teacher[:3] + teacher[3]
    # Nearer to the line float32 does not tell the distance exactly enough.
    assume(np.abs(a).min() > 0.01)
    ys = (a >= 0).astype(np.int32)
    params = {"W": teacher[:3], "b": teacher[3]}
    bound = float(mistake_bound(params, xs, ys))
    radius = max(float(np.sum(x.astype(float) ** 2) + 1) for x in xs)
    assert bound == pytest.approx(
        radius * float(np.sum(teacher.astype(float) ** 2)) / float(np.abs(a).min()) ** 2, rel=1e-3
    )
    _, history = train({"W": np.zeros(3, np.float32), "b": np.float32(0)}, xs, ys, rate, 300)
    assert int(history["mistakes"].sum()) <= bound


def test_the_bound_of_and_by_hand():
    """x1 + x2 - 3/2: the nearest corners are 1/2 from 0, |W, b|^2 = 17/4, R^2 = 3: 3 (17/4) / (1/4) = 51."""
    line = {"W": np.ones(2, np.float32), "b": np.float32(-1.5)}
    for dtype in (np.int32, np.uint8, np.float32):
        assert float(mistake_bound(line, CORNERS, np.array(GATES["and"], dtype))) == pytest.approx(51, rel=1e-5)
    assert float(mistake_bound(line, CORNERS, np.array(GATES["or"], np.int32))) == np.inf
    assert float(mistake_bound(ZERO, CORNERS, np.array(GATES["or"], np.int32))) == np.inf


def test_one_update_is_one_step_against_the_gradient_of_the_criterion():
    params = {"W": np.array([0.5, 1.0, -1.0], np.float32), "b": np.float32(0.25)}

    @jax.jit
    def both(x, y):
        grads = jax.grad(perceptron.loss)(params_of_jax, x[None], y[None])
        return perceptron.update(params_of_jax, x, y, 0.3), jax.tree.map(lambda p, g: p - 0.3 * g, params_of_jax, grads)

    params_of_jax = jax.tree.map(jnp.asarray, params)
    for x in ([1.0, -2.0, 0.5], [1.0, 2.0, 0.5]):
        for y in (0, 1):
            updated, expected = both(np.array(x, np.float32), np.array(y))
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), updated, expected)
            moved = 0.3 * (y - (np.dot(x, params["W"]) + 0.25 >= 0))
            np.testing.assert_allclose(updated["W"], params["W"] + moved * np.array(x), rtol=1e-6)


def test_a_layer_answers_and_has_a_loss_for_each_neuron():
    params = perceptron.init(KEY, 2, 3)
    assert params["W"].shape == (2, 3)
    answers = perceptron.apply(params, jnp.asarray(CORNERS))
    assert answers.shape == (4, 3)
    assert set(np.unique(answers)) <= {0, 1}
    assert float(perceptron.loss(params, jnp.asarray(CORNERS), answers.astype(int))) == 0


def test_the_step_fires_at_zero():
    assert float(perceptron.apply(ZERO, jnp.zeros(2))) == 1


def test_no_epochs_change_nothing():
    params, history = perceptron.train(ZERO, jnp.asarray(CORNERS), jnp.array(GATES["and"]), 1.0, 0)
    assert jax.tree.map(lambda p: p.tolist(), params) == {"W": [0, 0], "b": 0}
    assert history["mistakes"].shape == (0, 4)


def test_hebb_strengthens_what_is_active_together():
    w, x = np.array([0.5, -1.0, 0.0], np.float32), np.array([1.0, 0.0, -2.0], np.float32)
    for y in (0, 1, -1):
        new = perceptron.hebb_update(jnp.asarray(w), jnp.asarray(x), jnp.array(y), 0.25)
        np.testing.assert_array_equal(new, w + 0.25 * y * x)
        np.testing.assert_array_equal(new, manual.perceptron.hebb_update(w, x, y, 0.25))


@pytest.mark.usefixtures("unchecked")
def test_errors():
    xs, ys = jnp.asarray(CORNERS), jnp.array(GATES["and"])
    with pytest.raises(ValueError, match=r"x has shape \(4, 3\); the dense layer wants 2 features"):
        perceptron.apply(ZERO, jnp.zeros((4, 3)))
    with pytest.raises(ValueError, match="learning_rate is -1; it must be at least 0"):
        perceptron.train(ZERO, xs, ys, -1.0)
    for epochs in (-1, 1.5):
        with pytest.raises(ValueError, match=f"epochs is {epochs}; it must be a whole number of at least 0"):
            perceptron.train(ZERO, xs, ys, 1.0, epochs)
    for call in (perceptron.train, perceptron.mistake_bound):
        with pytest.raises(ValueError, match=r"ys\[0\] is -1; labels of 2 classes run from 0 to 1"):
            call(ZERO, xs, 2 * ys - 1)
    with pytest.raises(ValueError, match="y is 5; labels of 2 classes run from 0 to 1"):
        perceptron.update(ZERO, xs[0], jnp.array(5), 1.0)
    with pytest.raises(ValueError, match=r"ys has shape \(3,\) and the samples in xs \(4,\)"):
        perceptron.train(ZERO, xs, ys[:3])
    with pytest.raises(ValueError, match=r"ys has shape \(4, 1\) and the samples in xs \(4,\)"):
        perceptron.mistake_bound(ZERO, xs, ys[:, None])
    # A batch of two samples of two inputs would broadcast in silence.
    with pytest.raises(ValueError, match=r"x has shape \(2, 2\) and the W of one neuron \(2,\)"):
        perceptron.update(ZERO, xs[:2], ys[:2], 1.0)
    with pytest.raises(ValueError, match=r"y has shape \(1,\) and its answer \(\)"):
        perceptron.update(ZERO, xs[0], ys[:1], 1.0)
    with pytest.raises(ValueError, match=r"x has shape \(4, 2\) and w \(2,\)"):
        perceptron.hebb_update(jnp.zeros(2), xs, jnp.array(1), 0.1)
