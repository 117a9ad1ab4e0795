"""The MLP against Flax, forward and backward, with every activation; wide ones; dropout, keys, sizes and errors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import activations, initializers, losses, optimizers
from nnjax.models import mlp

KEY = jax.random.key(0)
SIZES = (4, 6, 5, 3)
X = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
LABELS = np.array([0, 2, 1, 1, 0, 2, 2])


def drawn(activation="relu", sizes=SIZES, pieces=2):
    """Return parameters without a zero: only the shapes come from init."""
    shapes = jax.eval_shape(partial(mlp.init, sizes=sizes, activation=activation, pieces=pieces), KEY)
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: rng.normal(0, 0.7, leaf.shape).astype(np.float32), shapes)


class Flax(linen.Module):
    act: object

    @linen.compact
    def __call__(self, x):
        for size in SIZES[1:-1]:
            x = self.act(linen.Dense(size)(x))
        return linen.Dense(SIZES[-1])(x)


IN_FLAX = {
    "relu": linen.relu,
    "tanh": linen.tanh,
    "sigmoid": linen.sigmoid,
    "elu": linen.elu,
    "gelu": partial(linen.gelu, approximate=False),
    "leaky_relu": partial(linen.leaky_relu, negative_slope=0.1),
    "identity": lambda x: x,
}


@pytest.mark.parametrize("name", IN_FLAX)
def test_outputs_loss_and_gradients_are_those_of_flax(name):
    params = drawn()

    def ours(params, x, labels):
        return mlp.loss(params, x, labels, activation=name), mlp.apply(params, x, activation=name)

    def theirs(params, x, labels):
        named = {f"Dense_{n}": {"kernel": layer["W"], "bias": layer["b"]} for n, layer in enumerate(params)}
        logits = Flax(IN_FLAX[name]).apply({"params": named}, x)
        return -jnp.mean(jnp.take_along_axis(linen.log_softmax(logits), labels[:, None], 1)), logits

    @jax.jit
    def both(*arguments):
        return [jax.value_and_grad(f, has_aux=True)(*arguments) for f in (ours, theirs)]

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6), *both(params, X, LABELS))


def by_loops(params, x, names):
    """Return the outputs for one example, neuron by neuron, in plain Python floats."""
    scalar = {
        "relu": lambda z, _: max(z, 0.0),
        "tanh": lambda z, _: float(np.tanh(z)),
        "step": lambda z, _: float(z >= 0),
        "prelu": lambda z, slope: z if z > 0 else slope * z,
        "identity": lambda z, _: z,
    }
    h = [float(value) for value in x]
    for layer, name in zip(params, [*names, "identity"], strict=True):
        W, b = np.asarray(layer["W"], float), np.asarray(layer["b"], float)
        slopes = np.broadcast_to(np.asarray(layer.get("slope", 0.0), float), b.shape[-1:])
        if name == "maxout":
            h = [
                max(sum(h[i] * W[p, i, j] for i in range(len(h))) + b[p, j] for p in range(len(b)))
                for j in range(b.shape[1])
            ]
        else:
            a = [sum(h[i] * W[i, j] for i in range(len(h))) + b[j] for j in range(len(b))]
            h = [scalar[name](z, slope) for z, slope in zip(a, slopes, strict=True)]
    return h


@pytest.mark.parametrize(
    "names", [("maxout", "maxout"), ("prelu", "prelu"), ("tanh", "maxout"), ("prelu", "relu"), ("step", "identity")]
)
def test_an_activation_for_each_layer(names):
    params = drawn(names, pieces=3)
    expected = [by_loops(params, x, names) for x in X]
    outputs = jax.jit(partial(mlp.apply, activation=names))(params, X)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_one_name_is_that_name_for_all_and_a_function_will_do():
    params = jax.tree.map(jnp.asarray, drawn())
    expected = mlp.apply(params, jnp.asarray(X), activation="tanh")
    for activation in (["tanh", "tanh"], activations.tanh, [jnp.tanh, "tanh"]):
        np.testing.assert_allclose(mlp.apply(params, jnp.asarray(X), activation=activation), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["sigmoid", activations.softmax])
def test_the_output_may_be_activated(name):
    params = jax.tree.map(jnp.asarray, drawn())
    plain = mlp.apply(params, jnp.asarray(X))
    function = name if callable(name) else activations.BY_NAME[name]
    np.testing.assert_array_equal(mlp.apply(params, jnp.asarray(X), output_activation=name), function(plain))


def test_the_criterion_of_the_loss():
    params, d = jax.tree.map(jnp.asarray, drawn()), jnp.ones((7, 3))
    outputs = mlp.apply(params, jnp.asarray(X), output_activation="sigmoid")
    value = mlp.loss(params, jnp.asarray(X), d, output_activation="sigmoid", criterion=losses.squared_error)
    assert float(value) == pytest.approx(0.5 * float(jnp.sum((outputs - d) ** 2)) / 7, rel=1e-6)


def test_without_hidden_layers_it_is_linear():
    params = mlp.init(KEY, (4, 3))
    assert len(params) == 1
    expected = X @ np.asarray(params[0]["W"])
    np.testing.assert_allclose(mlp.apply(params, jnp.asarray(X), dropout=0.5, key=KEY), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "pieces", "count"),
    [
        ("relu", 2, 4 * 6 + 6 + 6 * 5 + 5 + 5 * 3 + 3),
        ("prelu", 2, 4 * 6 + 6 + 6 + 6 * 5 + 5 + 5 + 5 * 3 + 3),
        ("maxout", 3, 3 * (4 * 6 + 6 + 6 * 5 + 5) + 5 * 3 + 3),
        (("maxout", "prelu"), 2, 2 * (4 * 6 + 6) + 6 * 5 + 5 + 5 + 5 * 3 + 3),
    ],
)
def test_the_number_of_parameters(activation, pieces, count):
    assert sum(leaf.size for leaf in jax.tree.leaves(drawn(activation, pieces=pieces))) == count


def test_init_draws_each_layer_from_a_key_of_its_own_and_starts_prelu_at_a_quarter():
    params = mlp.init(KEY, (4, 4, 4, 4), activation="prelu")
    weights = np.stack([layer["W"] for layer in params])
    assert len(np.unique(weights)) == weights.size
    assert [sorted(layer) for layer in params] == [["W", "b", "slope"], ["W", "b", "slope"], ["W", "b"]]
    assert all((layer["slope"] == 0.25).all() for layer in params[:2])
    assert not any(layer["b"].any() for layer in params)
    again = mlp.init(KEY, (4, 4, 4, 4), activation="prelu")
    jax.tree.map(np.testing.assert_array_equal, params, again)
    zero = mlp.init(KEY, (4, 4, 4, 4), initializer=initializers.zeros)
    assert not any(leaf.any() for leaf in jax.tree.leaves(zero))


def test_one_hidden_layer_fits_a_sine_better_as_it_widens():
    """Universal approximation (Cybenko, 1989; Hornik, Stinchcombe and White, 1989), here of one period of a sine."""
    x = jnp.linspace(-1, 1, 64)[:, None]
    objective = partial(mlp.loss, x=x, targets=jnp.sin(jnp.pi * x), activation="tanh", criterion=losses.squared_error)
    optimizer = optimizers.adam(0.01)

    def fit(key, width):
        def step(carry, _):
            params, state = carry
            updates, state = optimizer.update(jax.grad(objective)(params), state, params)
            return (jax.tree.map(jnp.add, params, updates), state), None

        params = mlp.init(key, (1, width, 1), activation="tanh")
        (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), length=1000)
        return objective(params)

    keys = jax.random.split(KEY, 5)
    errors = jax.jit(lambda: [jnp.median(jax.vmap(partial(fit, width=width))(keys)) for width in (1, 4, 16)])()
    assert errors[0] > 0.03
    assert errors[1] < errors[0] / 10
    assert errors[2] < errors[1] / 10


DROPPED = partial(mlp.apply, dropout=0.5)


def test_without_a_key_nothing_is_dropped():
    params = jax.tree.map(jnp.asarray, drawn())
    np.testing.assert_array_equal(DROPPED(params, jnp.asarray(X)), mlp.apply(params, jnp.asarray(X)))
    np.testing.assert_array_equal(mlp.apply(params, jnp.asarray(X), key=KEY), mlp.apply(params, jnp.asarray(X)))


def test_the_key_decides_what_is_dropped():
    params = jax.tree.map(jnp.asarray, drawn())
    first = DROPPED(params, jnp.asarray(X), key=KEY)
    np.testing.assert_array_equal(DROPPED(params, jnp.asarray(X), key=KEY), first)
    assert not np.array_equal(DROPPED(params, jnp.asarray(X), key=jax.random.key(1)), first)


def test_each_hidden_layer_is_dropped_by_a_key_of_its_own():
    """Two identity layers let both masks through: were they one mask, half would be kept and not a quarter."""
    width = 400
    identity = {"W": np.eye(width, dtype=np.float32), "b": np.zeros(width, np.float32)}
    kept = jax.jit(DROPPED)([identity] * 3, np.ones((1, width), np.float32), key=KEY)
    assert np.unique(kept).tolist() == [0, 4]
    assert 0.17 < np.mean(np.asarray(kept) > 0) < 0.33


@jax.jit
def compiled(params, many, x, rates):
    return {
        "jit": mlp.apply(params, x),
        "vmap over examples": jax.vmap(mlp.apply, (None, 0))(params, x),
        "vmap over networks": jax.vmap(mlp.apply, (0, None))(many, x)[1],
        "vmap over rates": jax.vmap(lambda rate: mlp.apply(params, x, dropout=rate, key=KEY))(rates)[0],
    }


def test_jit_and_vmap_agree_and_the_dropout_rate_may_be_traced():
    params = jax.tree.map(jnp.asarray, drawn())
    plain = mlp.apply(params, jnp.asarray(X))
    many = jax.tree.map(lambda leaf: np.stack([2 * leaf, leaf]), drawn())
    for way, outputs in compiled(params, many, X, np.array([0.0, 0.5], np.float32)).items():
        np.testing.assert_allclose(outputs, plain, rtol=1e-5, atol=1e-6, err_msg=way)


@pytest.mark.parametrize("activation", ["relu", "gelu", "elu", "prelu", "maxout", "softmax"])
def test_float64_is_kept(activation):
    activation = activations.softmax if activation == "softmax" else activation

    def run(key, x):
        params = mlp.init(key, SIZES, activation=activation)
        return params, mlp.apply(params, x, activation=activation, dropout=0.5, key=key)

    with jax.enable_x64(True):
        outputs = jax.eval_shape(run, KEY, jax.ShapeDtypeStruct((7, 4), np.float64))
    assert {leaf.dtype for leaf in jax.tree.leaves(outputs)} == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        ([(4,)], {}, r"sizes is \[4\]; it must have at least 2 entries"),
        ([(4, 0, 3)], {}, "sizes holds 0; every size must be a whole number of at least 1"),
        ([(4, 2.5)], {}, "sizes holds 2.5"),
        ([SIZES], {"activation": "rleu"}, "unknown activation 'rleu'; did you mean 'relu'"),
        ([SIZES], {"activation": ["relu"]}, "activation names 1 activations; the network has 2 hidden layers"),
        ([SIZES], {"activation": "maxout", "pieces": 0}, r"\(pieces, inputs, outputs\) holds 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_init_names_what_is_wrong(arguments, settings, words):
    with pytest.raises(ValueError, match=words):
        mlp.init(KEY, *arguments, **settings)


@pytest.mark.parametrize(
    ("made", "settings", "words"),
    [
        ("relu", {"activation": "softmax"}, "unknown activation 'softmax'"),
        ("relu", {"activation": ["relu"] * 3}, "activation names 3 activations; the network has 2 hidden layers"),
        ("relu", {"output_activation": "maxout"}, r"unknown output_activation 'maxout' \(known: elu, gelu"),
        ("relu", {"output_activation": "sigmod"}, "unknown output_activation 'sigmod'; did you mean 'sigmoid'"),
        (
            "relu",
            {"activation": "prelu"},
            "activation is 'prelu'; the layer was made for a plain activation: init and apply must agree",
        ),
        (
            "relu",
            {"activation": "maxout"},
            "activation is 'maxout'; the layer was made for a plain activation: init and apply must agree",
        ),
        ("maxout", {"activation": "relu"}, "activation is 'relu'; the layer was made for maxout"),
        ("prelu", {"activation": "tanh"}, "activation is 'tanh'; the layer was made for prelu"),
        ("relu", {"dropout": 1.0}, "rate is 1; it must be at least 0 and below 1"),
    ],
)
def test_apply_names_what_is_wrong(made, settings, words):
    with pytest.raises(ValueError, match=words):
        mlp.apply(jax.tree.map(jnp.asarray, drawn(made)), jnp.asarray(X), **settings)


@pytest.mark.usefixtures("unchecked")
def test_a_wrong_shape_is_named():
    params = jax.tree.map(jnp.asarray, drawn())
    with pytest.raises(ValueError, match=r"x has shape \(7, 5\); the dense layer wants 4 features on the last axis"):
        mlp.apply(params, jnp.zeros((7, 5)))
    with pytest.raises(ValueError, match="; flatten each example first"):
        mlp.apply(params, jnp.zeros((7, 2, 2)))
    with pytest.raises(ValueError, match=r"labels\[1\] is 3; labels of 3 classes run from 0 to 2"):
        mlp.loss(params, jnp.asarray(X), jnp.array([0, 3, 0, 0, 0, 0, 0]))
    with pytest.raises(ValueError, match=r"labels has shape \(6,\)"):
        mlp.loss(params, jnp.asarray(X), jnp.asarray(LABELS[:6]))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("params", "words"), [([], "params is empty"), (drawn()[0], "params is a dict")])
def test_params_that_are_no_list_of_layers(params, words):
    with pytest.raises(ValueError, match=f"{words}; it must be the list of layers that init returned"):
        mlp.apply(params, jnp.asarray(X))


def test_a_maxout_network_of_two_inputs_and_two_pieces_is_not_mistaken_for_a_batch():
    params = jax.tree.map(jnp.asarray, drawn("maxout", sizes=(2, 5, 3)))
    with pytest.raises(ValueError, match="made for maxout"):
        mlp.apply(params, jnp.zeros((2, 2)))
