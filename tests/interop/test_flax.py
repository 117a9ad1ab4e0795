"""The twins in Flax: the same outputs and gradients, the same bits back, training that goes on, and the errors."""

import subprocess
import sys
import warnings
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nnjax import models
from nnjax.interop import flax

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Flax 0.12.0 asks JAX for names that are about to go
    from flax import nnx

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)


def drawn(init, *arguments, **settings):
    """Return parameters without a zero: only the shapes come from init."""
    shapes = jax.eval_shape(partial(init, **settings), KEY, *arguments)
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: rng.normal(0, 0.5, leaf.shape).astype(np.float32), shapes)


def gradients_of(module, grads):
    """Return the gradients that Flax has computed, in nnjax's layout."""
    holder = nnx.clone(module)
    nnx.update(holder, grads)
    return flax.from_flax(holder)


def assert_twins(model, params, x, **settings):
    """Assert the same outputs and gradients to 1e-5, and the same parameters back; return the module."""
    module = flax.to_flax(model, params, **settings)
    apply, x = partial(getattr(models, model).apply, **settings), jnp.asarray(x)

    @jax.jit
    def ours(params):
        return jax.value_and_grad(lambda params: (jnp.sum(jnp.cos(y := apply(params, x))), y), has_aux=True)(params)

    @nnx.jit
    def theirs(module):
        return nnx.value_and_grad(lambda module: (jnp.sum(jnp.cos(y := module(x))), y), has_aux=True)(module)

    (_, y), grads = ours(params)
    (_, flax_y), flax_grads = theirs(module)
    assert y.shape == flax_y.shape
    np.testing.assert_allclose(flax_y, y, rtol=1e-5, atol=1e-5)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * (1 + np.abs(b).max())),
        gradients_of(module, flax_grads), grads,
    )  # fmt: skip
    jax.tree.map(np.testing.assert_array_equal, flax.from_flax(module), params)
    return module


@pytest.mark.parametrize("model", ["linear", "logistic"])
@pytest.mark.parametrize("outputs", [None, 1, 3])
def test_neurons(model, outputs):
    params = drawn(getattr(models, model).init, inputs=4, outputs=outputs)
    assert_twins(model, params, RNG.normal(size=(5, 4)).astype(np.float32))


@pytest.mark.parametrize(
    ("sizes", "settings"),
    [
        ((4, 6, 5, 3), {}),
        ((4, 3), {"output_activation": "sigmoid"}),
        ((4, 6, 5, 3), {"activation": "tanh", "dropout": 0.5}),
        ((4, 6, 5, 6, 3), {"activation": ("leaky_relu", "elu", "gelu")}),
        ((4, 6, 5, 3), {"activation": ("step", jnp.sin), "output_activation": "identity"}),
    ],
)
def test_mlp(sizes, settings):
    assert_twins("mlp", drawn(models.mlp.init, sizes=sizes), RNG.normal(size=(5, 4)).astype(np.float32), **settings)


@pytest.mark.parametrize(("kernel", "pool", "padding"), [(3, 2, "SAME"), ((3, 2), (2, 1), "VALID"), (2, 2, 1)])
def test_cnn(kernel, pool, padding):
    made = {"shape": (9, 8, 2), "filters": (3, 4), "hidden": (5,), "classes": 3, "kernel": kernel}
    params = drawn(models.cnn.init, pool=pool, padding=padding, **made)
    assert_twins("cnn", params, RNG.normal(size=(2, 9, 8, 2)).astype(np.float32), pool=pool, padding=padding)


def test_text_cnn():
    params = drawn(models.text_cnn.init, tokens=7, classes=3, width=4, filters=5, kernels=(2, 3))
    assert_twins("text_cnn", params, RNG.integers(0, 7, (3, 6)), dropout=0.5)


def test_a_token_too_large_is_nan_in_both_and_a_negative_one_in_ours_alone():
    params = drawn(models.text_cnn.init, tokens=7, classes=3, width=4, filters=5, kernels=(2,))
    x = jnp.array([[1, 2], [1, 7], [1, -1]])
    module = flax.to_flax("text_cnn", params)
    for outputs, wrong in ((jax.jit(models.text_cnn.apply)(params, x), [1, 2]), (module(x), [1])):
        assert np.flatnonzero(np.isnan(outputs).all(axis=1)).tolist() == wrong


@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_rnn(cell):
    x = RNG.normal(size=(2, 6, 4)).astype(np.float32)
    assert_twins("rnn", drawn(models.rnn.init, sizes=(4, 5, 3, 2), cell=cell), x, cell=cell)


@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_rnn_language(cell):
    params = drawn(models.rnn_language.init, tokens=7, sizes=(4, 5, 3), cell=cell)
    assert_twins("rnn_language", params, RNG.integers(0, 7, (2, 6)), cell=cell)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("gru", "cell is 'gru', which has no twin in Flax: its GRU applies the reset gate after the product with Wh_n"),
        ("elman", "cell is 'elman'; the layer was made for 'gru'"),
        ("lstn", "unknown cell 'lstn'; did you mean 'lstm'"),
    ],
)
def test_the_gru_of_flax_is_another_one(cell, message):
    params = drawn(models.rnn.init, sizes=(4, 5, 2), cell="gru")
    with pytest.raises(ValueError, match=message):
        flax.to_flax("rnn", params, cell=cell)


def test_transformer():
    params = drawn(models.transformer.init, tokens=7, width=6, layers=2, heads=3, length=5, hidden=8)
    assert_twins("transformer", params, RNG.integers(0, 7, (2, 4)), heads=3, dropout=0.5)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)])
def test_vision_transformer(shape):
    params = drawn(models.vision_transformer.init, shape=shape, classes=3, patch=2, width=6, layers=1, heads=2)
    x = RNG.normal(size=(3, *shape)).astype(np.float32)
    assert_twins("vision_transformer", params, x, heads=2, patch=2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"heads": 4, "patch": 2}, "heads is 4, which does not divide the width 6"),
        ({"heads": 2, "patch": 3}, "patch is 3; the network was made for patches of 4 numbers"),
        ({"patch": 2}, "the model 'vision_transformer' needs the setting 'heads', the one its apply is given"),
    ],
)
def test_settings_of_another_network_are_named(settings, message):
    params = drawn(models.vision_transformer.init, shape=(4, 6), classes=3, patch=2, width=6, layers=1, heads=2)
    with pytest.raises(ValueError, match=message):
        flax.to_flax("vision_transformer", params, **settings)


def test_training_goes_on_in_flax_and_comes_back():
    params, x = drawn(models.mlp.init, sizes=(4, 6, 3)), jnp.asarray(RNG.normal(size=(5, 4)), jnp.float32)
    labels = jnp.array([0, 2, 1, 0, 2])
    module = flax.to_flax("mlp", params)
    optimizer = nnx.Optimizer(module, optax.sgd(0.1), wrt=nnx.Param)

    @nnx.jit
    def step(module, optimizer):
        def loss(module):
            return optax.softmax_cross_entropy_with_integer_labels(module(x), labels).mean()

        optimizer.update(module, nnx.grad(loss)(module))

    step(module, optimizer)
    grads = jax.jit(jax.grad(models.mlp.loss))(params, x, labels)
    expected = jax.tree.map(lambda w, g: w - 0.1 * g, params, grads)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6), flax.from_flax(module), expected)


def test_dropout_is_off_until_it_is_switched_on():
    params, x = drawn(models.mlp.init, sizes=(4, 64, 3)), jnp.asarray(RNG.normal(size=(5, 4)), jnp.float32)
    module = flax.to_flax("mlp", params, dropout=0.5)
    before = module(x)
    module.train()
    assert not np.allclose(module(x), before)
    assert not np.allclose(module(x), module(x))
    module.eval()
    np.testing.assert_array_equal(module(x), before)


def test_float64_is_kept():
    with jax.enable_x64(True):
        params = [{"W": RNG.normal(size=(3, 2)), "b": RNG.normal(size=2)}]
        module = flax.to_flax("mlp", params)
        assert module(jnp.asarray(RNG.normal(size=(5, 3)))).dtype == np.float64
        jax.tree.map(np.testing.assert_array_equal, flax.from_flax(module), params)


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("mpl", {}, "unknown model 'mpl'; did you mean 'mlp'"),
        ("perceptron", {}, "the model 'perceptron' has no twin in Flax: its step has no gradient"),
        ("adaline", {}, "'adaline' has no twin in Flax: .* 'linear', which has one"),
        ("mlp", {"activatoin": "relu"}, "unknown setting 'activatoin'; did you mean 'activation'"),
        ("mlp", {"activation": "rely"}, "unknown activation 'rely'; did you mean 'relu'"),
        ("mlp", {"output_activation": "prelu"}, "output_activation is 'prelu', which has no twin in Flax"),
        ("mlp", {"activation": ("relu", "relu")}, "activation names 2 activations; the network has 1 hidden layers"),
        ("linear", {}, r"params have the shapes \[.*\], which are not those of the model"),
    ],
)
def test_what_has_no_twin_is_an_error_that_says_so(model, settings, message):
    with pytest.raises(ValueError, match=message):
        flax.to_flax(model, drawn(models.mlp.init, sizes=(4, 6, 3)), **settings)


@pytest.mark.parametrize("activation", ["maxout", "prelu"])
def test_layers_that_flax_does_not_have_are_an_error(activation):
    params = drawn(models.mlp.init, sizes=(4, 6, 3), activation=activation)
    with pytest.raises(ValueError, match=f"activation is '{activation}', which has no twin"):
        flax.to_flax("mlp", params, activation=activation)
    with pytest.raises(ValueError, match=r"params have the shapes .*; the twin in Flax is for "):
        flax.to_flax("mlp", params)


def test_every_model_has_a_twin_or_a_reason():
    assert set(models.__all__) <= set(flax.TWINS) | set(flax.WITHOUT)
    assert not set(flax.TWINS) & set(flax.WITHOUT)


@pytest.mark.parametrize("module", [nnx.Linear(2, 3, rngs=nnx.Rngs(0)), [1.0]], ids=["Linear", "list"])
def test_only_twins_can_be_carried_back(module):
    with pytest.raises(ValueError, match=f"module is a {type(module).__name__}; from_flax takes what to_flax has made"):
        flax.from_flax(module)


def test_flax_is_needed_only_by_a_call():
    code = (
        "import sys; sys.modules['flax'] = None\n"
        "from nnjax.interop import flax\n"
        "try: flax.to_flax('linear', {})\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("this needs Flax, which is not installed: pip install")
