"""The recurrent classifier against Flax, forward and backward; sizes, cells, training and errors."""

from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import data, optimizers, training
from nnjax.models import rnn

KEY = jax.random.key(0)
SIZES = (3, 5, 4, 2)


def drawn(cell, sizes=SIZES):
    """Return parameters without a zero: only the shapes come from init."""
    shapes = jax.eval_shape(partial(rnn.init, sizes=sizes, cell=cell), KEY)
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.7, leaf.shape), jnp.float32), shapes)


class Flax(linen.Module):
    @linen.compact
    def __call__(self, x):
        for n, hidden in enumerate(SIZES[1:-1]):
            x = linen.RNN(linen.SimpleCell(hidden, name=f"layer{n}"))(x)
        return linen.Dense(SIZES[-1], name="output")(x[:, -1])


def test_outputs_loss_and_gradients_are_those_of_flax():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(6, 4, 3)).astype(np.float32), np.array([0, 1, 1, 0, 1, 0])

    def theirs(params, x, labels):
        named = {
            f"layer{n}": {"i": {"kernel": p["Wx"], "bias": p["b"]}, "h": {"kernel": p["Wh"]}}
            for n, p in enumerate(params["recurrent"])
        }
        named["output"] = {"kernel": params["output"]["W"], "bias": params["output"]["b"]}
        logits = Flax().apply({"params": named}, x)
        return -jnp.mean(jnp.take_along_axis(linen.log_softmax(logits), labels[:, None], 1))

    @jax.jit
    def both(*arguments):
        return [jax.value_and_grad(f)(*arguments) for f in (partial(rnn.loss, cell="elman"), theirs)]

    ours, expected = both(drawn("elman"), x, labels)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6), ours, expected)


@pytest.mark.parametrize(("cell", "gates"), rnn.GATES.items())
def test_init_has_layers_of_the_sizes_each_from_a_key_of_its_own(cell, gates):
    params = rnn.init(KEY, (4, 4, 4, 2), cell=cell)
    shapes = [leaf.shape for leaf in jax.tree.leaves(params["recurrent"])]
    assert sorted(shapes) == sorted([(4, 4 * gates)] * 4 + [(4 * gates,)] * 2)
    assert jax.tree.map(jnp.shape, params["output"]) == {"W": (4, 2), "b": (2,)}
    first, second = params["recurrent"]
    assert not np.isin(first["Wx"], second["Wx"]).any()


@pytest.mark.parametrize("cell", rnn.CELLS)
def test_a_stack_step_by_step_is_the_stack_over_time(cell):
    params = drawn(cell)["recurrent"]
    xs = jax.random.normal(KEY, (2, 3, 3))
    _, states = rnn.stack_apply(params, xs[:, :1], cell=cell)
    outputs, last = rnn.stack_apply(params, xs[:, 1:], states, cell=cell)
    for t in (1, 2):
        h, states = rnn.stack_step(params, states, xs[:, t], cell=cell)
        np.testing.assert_allclose(h, outputs[:, t - 1], rtol=1e-5, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), states, last)


@pytest.mark.parametrize("cell", rnn.CELLS)
def test_it_learns_to_remember_the_first_of_eight_numbers(cell):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 8, 1)).astype(np.float32)
    dataset = SimpleNamespace(x=x[:200], y=(x[:200, 0, 0] > 0) * 1, x_test=x[200:], y_test=(x[200:, 0, 0] > 0) * 1)
    trained = training.fit(
        partial(rnn.apply, cell=cell),
        rnn.init(KEY, (1, 16, 2), cell=cell),
        dataset,
        epochs=25,
        key=KEY,
        batch_size=20,
        optimizer=optimizers.adam(0.01),
        progress=False,
    )
    assert trained.history["val_accuracy"][-1] >= 0.93


@pytest.mark.slow
def test_digits_row_by_row():
    digits = data.load("digits")
    rows = digits._replace(x=digits.x[..., 0], x_test=digits.x_test[..., 0])
    for cell in rnn.CELLS:
        params = rnn.init(KEY, (8, 64, 10), cell=cell)
        apply, adam = partial(rnn.apply, cell=cell), optimizers.adam(0.003)
        trained = training.fit(apply, params, rows, epochs=30, key=KEY, optimizer=adam, progress=False)
        assert trained.history["val_accuracy"][-1] >= 0.95, cell


@pytest.mark.parametrize(
    ("sizes", "cell", "words"),
    [
        ((3, 2), "lstm", r"sizes is \[3, 2\]; it must have at least 3 entries"),
        ((3, 0, 2), "lstm", "sizes holds 0; every size must be a whole number of at least 1"),
        ((3, 4, 2), "lstn", "unknown cell 'lstn'; did you mean 'lstm'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_init_names_what_is_wrong(sizes, cell, words):
    with pytest.raises(ValueError, match=words):
        rnn.init(KEY, sizes, cell=cell)


@pytest.mark.parametrize(
    ("shape", "cell", "words"),
    [
        ((6, 4, 3), "gru", "cell is 'gru'; the layer was made for 'lstm': init and apply must agree"),
        ((6, 4, 3), "rnn", "unknown cell 'rnn'"),
        ((6, 4, 2), "lstm", r"xs has shape \(6, 4, 2\); the recurrent layer wants 3 features on the last axis"),
        ((6, 0, 3), "lstm", r"xs is empty: shape \(6, 0, 3\)"),
        ((6, 4, 3, 1), "lstm", r"xs has 4 axes, shape \(6, 4, 3, 1\); it must be \(batch, time, inputs\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_apply_names_what_is_wrong_also_under_jit(shape, cell, words):
    for apply in (rnn.apply, jax.jit(rnn.apply, static_argnames="cell")):
        with pytest.raises(ValueError, match=words):
            apply(drawn("lstm"), jnp.zeros(shape), cell=cell)
