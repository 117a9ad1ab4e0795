"""Each check raises one sentence for bad input, and nothing for good or traced input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import checks, layers, models


def test_last_axis():
    checks.require_last_axis("x", np.zeros((2, 3)), 3, "the layer")
    for x in (np.zeros((2, 4)), np.zeros(()), np.zeros(2)):
        with pytest.raises(ValueError, match=r"x has shape \(.*\); the layer wants 3 features on the last axis$"):
            checks.require_last_axis("x", x, 3, "the layer")
    with pytest.raises(ValueError, match="; flatten each example first"):
        checks.require_last_axis("x", np.zeros((5, 8, 8, 1)), 64, "the layer")


KEY = jax.random.key(0)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("apply", "params", "name", "x"),
    [
        (models.mlp.apply, lambda: models.mlp.init(KEY, (2, 3, 2)), "x", [[1.0, 2.0]]),
        (models.cnn.apply, lambda: models.cnn.init(KEY, (2, 2, 1), (2,), (), kernel=1), "x", [[[[1.0]] * 2] * 2]),
        (models.rnn.apply, lambda: models.rnn.init(KEY, (2, 3, 2)), "xs", [[[1.0, 2.0]]]),
        (
            lambda params, tokens: models.transformer.apply(params, tokens, heads=1),
            lambda: models.transformer.init(KEY, 5, width=2, layers=1, heads=1, length=2), "tokens", [[1, 2]],
        ),
        (lambda _, images: models.vision_transformer.patches(images, 2), dict, "images", [[[1.0] * 2] * 2]),
        (lambda _, x: layers.pooling.max_pool(x, 2), dict, "x", [[[[1.0]] * 2] * 2]),
    ],
    ids=["mlp", "cnn", "rnn", "transformer", "patches", "pooling"],
)  # fmt: skip
def test_lists_are_no_arrays(apply, params, name, x):
    with pytest.raises(ValueError, match=f"^{name} is a list; it must be an array"):
        apply(params(), x)


def test_same_shape():
    checks.require_same_shape("y", np.zeros((2, 3)), "d", jnp.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"^y has shape \(2, 1\) and d \(2,\); they must be the same$"):
        checks.require_same_shape("y", np.zeros((2, 1)), "d", np.zeros(2))


def test_not_empty():
    checks.require_not_empty("x", np.zeros((1, 1)), axes=2)
    with pytest.raises(ValueError, match=r"^x is empty: shape \(3, 0\)$"):
        checks.require_not_empty("x", np.zeros((3, 0)))
    with pytest.raises(ValueError, match=r"^x has 0 axes, shape \(\); it must have at least 1$"):
        checks.require_not_empty("x", 3.0)
    with pytest.raises(ValueError, match=r"^x has 1 axes, shape \(3,\); it must have at least 2$"):
        checks.require_not_empty("x", np.zeros(3), axes=2)


@pytest.mark.parametrize(
    ("value", "low", "high", "included"),
    [(0, 0, 1, True), (1, 0, 1, True), (0.999, 0, 1, False), (1e30, 0, np.inf, False), (np.inf, 0, np.inf, True)],
)
def test_between_lets_good_numbers_pass(value, low, high, included):
    checks.require_between("rate", value, low, high, high_included=included)
    checks.require_between("rate", jnp.float32(value), low, high, high_included=included)


@pytest.mark.parametrize(
    ("value", "high", "included", "sentence"),
    [
        (-0.1, 1, True, "rate is -0.1; it must be at least 0 and at most 1"),
        (1.5, 1, True, "rate is 1.5; it must be at least 0 and at most 1"),
        (1, 1, False, "rate is 1; it must be at least 0 and below 1"),
        (np.nan, 1, True, "rate is nan; it must be at least 0 and at most 1"),
        (-1, np.inf, True, "rate is -1; it must be at least 0"),
        (np.inf, np.inf, False, "rate is inf; it must be at least 0 and finite"),
        (np.nan, np.inf, False, "rate is nan; it must be at least 0 and finite"),
    ],
)
def test_between_names_what_came(value, high, included, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        checks.require_between("rate", value, 0, high, high_included=included)


@pytest.mark.usefixtures("unchecked")
def test_sizes():
    checks.require_sizes("sizes", [1, np.int64(2)], least=2)
    with pytest.raises(ValueError, match=r"^sizes is \[3\]; it must have at least 2 entries$"):
        checks.require_sizes("sizes", (3,), least=2)
    for wrong in (0, -2, 2.0, True, "3", None):
        with pytest.raises(ValueError, match=r"sizes holds .*; every size must be a whole number of at least 1"):
            checks.require_sizes("sizes", [3, wrong])


def test_labels():
    checks.require_labels("labels", np.array([0, 2]), 3)
    checks.require_labels("labels", np.array([], int), 3)
    with pytest.raises(ValueError, match=r"^labels\[1\] is 3; labels of 3 classes run from 0 to 2$"):
        checks.require_labels("labels", jnp.array([0, 3, -1]), 3)
    with pytest.raises(ValueError, match=r"^labels\[0, 1\] is -1;"):
        checks.require_labels("labels", np.array([[0, -1], [5, 0]]), 3)


def test_values_are_not_looked_at_while_tracing():
    def traced(x):
        checks.require_between("rate", x, 0, 1)
        checks.require_labels("labels", x, 3)
        return x

    assert float(jax.jit(traced)(7.0)) == 7
    np.testing.assert_array_equal(jax.vmap(traced)(jnp.array([-1.0, 9.0])), [-1, 9])


def test_unknown_suggests_the_closest():
    error = checks.unknown("activation", "rleu", ["tanh", "relu", "elu"])
    assert str(error) == "unknown activation 'rleu'; did you mean 'relu'? (known: elu, relu, tanh)"
    assert "; did you mean 'relu'?" in str(checks.unknown("activation", "Relu", ["elu", "relu"]))
    assert "; did you mean 'VALID'?" in str(checks.unknown("padding", "valid", ["SAME", "VALID"]))
    assert str(checks.unknown("optimizer", 7, ["sgd"])) == "unknown optimizer 7 (known: sgd)"


def test_tokens():
    checks.require_tokens("tokens", np.array([[0, 3]]), 4)
    jax.jit(lambda tokens: checks.require_tokens("tokens", tokens, 4))(jnp.array([4]))
    with pytest.raises(ValueError, match=r"^tokens\[0, 1\] is 4; tokens of a table of 4 rows run from 0 to 3$"):
        checks.require_tokens("tokens", np.array([[0, 4]]), 4)
    with pytest.raises(ValueError, match=r"^tokens is -1; tokens of a table of 4 rows run from 0 to 3$"):
        checks.require_tokens("tokens", np.array(-1), 4)
    with pytest.raises(ValueError, match=r"^tokens has dtype float64; tokens are integers"):
        checks.require_tokens("tokens", np.zeros(2), 4)
