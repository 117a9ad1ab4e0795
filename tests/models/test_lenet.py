"""LeNet-5: the published numbers of parameters and connections, every gradient by hand, digits learnt; its errors."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import data, manual, optimizers, training
from nnjax.certify.engine import gradient_error
from nnjax.models import lenet

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def params():
    return jax.jit(lenet.init)(KEY)


def test_the_numbers_of_trainable_parameters_are_the_published_ones(params):
    counts = {name: sum(leaf.size for leaf in layer.values()) for name, layer in params.items()}
    assert counts == {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48120, "F6": 10164}
    assert sum(counts.values()) == 60_000


def test_the_connections_of_c3_are_the_published_ones():
    """Six maps see three maps in a row, six four in a row, three two and two, one all; each source serves ten."""
    assert [len(sources) for sources in lenet.CONNECTIONS] == [3] * 6 + [4] * 9 + [6]
    assert len(set(map(frozenset, lenet.CONNECTIONS))) == 16
    assert np.bincount(lenet.FROM).tolist() == [10] * 6
    runs = [all((b - a) % 6 == 1 for a, b in pairwise(sources)) for sources in lenet.CONNECTIONS]
    assert runs == [True] * 12 + [False] * 3 + [True]
    assert [tuple(map(int, sources)) for sources in manual.lenet.SEEN_BY] == list(lenet.CONNECTIONS)
    kernel = lenet.full_kernel(jnp.ones((5, 5, 60)))
    assert [tuple(sorted(sources)) for sources in lenet.CONNECTIONS] == [
        tuple(np.flatnonzero(kernel[0, 0, :, target]).tolist()) for target in range(16)
    ]


def test_weights_begin_within_2_4_over_the_number_of_inputs(params):
    for name, fan_in in (("C1", 25), ("S2", 4), ("S4", 4), ("C5", 400), ("F6", 120)):
        largest = float(abs(params[name]["W"]).max())
        assert 0.5 * 2.4 / fan_in < largest <= 2.4 / fan_in
    of_map = [float(abs(params["C3"]["W"][:, :, target == lenet.TO]).max()) for target in (0, 6, 15)]
    assert all(0.9 * 2.4 / n < m <= 2.4 / n for n, m in zip((75, 100, 150), of_map, strict=True))


def test_the_codes_are_bitmaps_that_differ():
    assert lenet.CODES.shape == (10, 84)
    assert set(np.unique(lenet.CODES)) == {-1, 1}
    apart = np.sum(lenet.CODES[:, None] != lenet.CODES, axis=-1)
    assert apart[~np.eye(10, dtype=bool)].min() >= 5


def test_the_squashing_function_and_the_output():
    assert lenet.squash(jnp.array([1.0, -1.0, 0.0])).tolist() == pytest.approx([1, -1, 0], abs=1e-5)
    zeros = jax.tree.map(jnp.zeros_like, jax.eval_shape(lenet.init, KEY))
    np.testing.assert_allclose(lenet.apply(zeros, jnp.zeros((2, 28, 28, 1))), -84)  # F6 is 0, each code 84 ones away


def test_subsampling():
    x = jnp.arange(16.0).reshape(1, 4, 4, 1) * jnp.array([1.0, -1.0])
    y = lenet.subsample({"W": jnp.array([0.5, 2.0]), "b": jnp.array([1.0, -1.0])}, x)
    sums = np.array([[10.0, 18.0], [42.0, 50.0]])
    np.testing.assert_allclose(y[0, :, :, 0], 0.5 * sums + 1)
    np.testing.assert_allclose(y[0, :, :, 1], -2 * sums - 1)


def test_28_by_28_is_32_by_32_with_a_white_margin(params):
    x = np.random.default_rng(0).uniform(size=(2, 28, 28, 1)).astype(np.float32)
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    apply = jax.jit(lenet.apply)
    np.testing.assert_allclose(apply(params, x), apply(params, padded), rtol=1e-5)


def large(digits):
    """Return 28 x 28 images: each pixel three times, and a margin of two."""
    grown = [np.pad(np.kron(x, np.ones((1, 3, 3, 1), np.float32)), ((0, 0), (2, 2), (2, 2), (0, 0)))
             for x in (digits.x, digits.x_test)]  # fmt: skip
    return digits._replace(x=grown[0], x_test=grown[1])


@pytest.mark.slow
def test_digits_are_learnt_and_all_60000_gradients_are_right(params):
    digits = large(data.load("digits"))
    few = digits._replace(x=digits.x[:640], y=digits.y[:640], x_test=digits.x_test[:200], y_test=digits.y_test[:200])
    trained, history = training.fit(
        lenet.apply, params, few, epochs=4, key=KEY, optimizer=optimizers.adam(2e-3), progress=False
    )
    assert history["val_accuracy"][-1] > 0.85
    by_hand = partial(manual.lenet.loss_and_grads, codes=lenet.CODES)
    for each in (params, trained):
        assert gradient_error(lenet.loss, by_hand, each, few.x[:3], few.y[:3]) < 1e-10


def test_of_an_empty_batch_there_are_no_distances(params):
    assert jax.eval_shape(lenet.apply, params, jnp.zeros((0, 28, 28, 1))).shape == (0, 10)


@pytest.mark.usefixtures("unchecked")
def test_another_size_is_named_also_under_jit(params):
    for f in (lenet.apply, jax.jit(lenet.apply)):
        with pytest.raises(ValueError, match=r"x has shape \(2, 8, 8, 1\); LeNet-5 wants \(batch, 28, 28, 1\)"):
            f(params, jnp.zeros((2, 8, 8, 1)))
