"""The certificate: complete, passed by everything public, and failed by every planted mistake."""

import importlib
import pkgutil
import re
import sys
from functools import partial

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from nnjax import activations, certify, layers, losses, manual, models
from nnjax.certify.engine import Case, certify_cases, gradient_error, relative_error
from nnjax.certify.table import CASES


def public_names(module):
    """Return what can be called, compiled functions too, and was written there; classes are records."""
    return {
        name
        for name, f in vars(module).items()
        if callable(f) and not isinstance(f, type) and f.__module__ == module.__name__ and not name.startswith("_")
    }


def modules_of(package):
    return {
        info.name: importlib.import_module(f"{package.__name__}.{info.name}")
        for info in pkgutil.iter_modules(package.__path__)
    }


def public():
    """Return everything public in the four rooms, each name with that of the certificate it must have.

    A derivative goes with its function, ``loss`` and what stands for it with its model. Left out are what draws
    parameters (init) and checks of arguments (require).
    """
    found = {
        f"activations.{name}": f"activations.{name.removesuffix('_derivative')}" for name in public_names(activations)
    }
    found |= {f"losses.{name}": f"losses.{name}" for name in public_names(losses)}
    for module, functions in modules_of(layers).items():
        for name in public_names(functions):
            found[f"layers.{module}.{name}"] = f"layers.{module if name == 'apply' else name.removesuffix('_apply')}"
    for module, functions in modules_of(models).items():
        for name in public_names(functions):
            whole = name in ("apply", "loss", "energy", "losses_and_grads")
            found[f"models.{module}.{name}"] = f"models.{module}" if whole else f"models.{module}.{name}"
    return {name: wanted for name, wanted in found.items() if not re.search(r"[._]init$|\.require_", name)}


EXEMPT = {
    "a part of something certified": """
        activations.normal_cdf losses.weights
        layers.conv.rows layers.elman.step layers.gru.step layers.lstm.step
        layers.recurrence.backpropagated layers.recurrence.over_time layers.recurrence.summed_products
        layers.recurrence.weights layers.weighted_mean.weighted_mean layers.weighted_mean.weights
        layers.windows.output_size layers.windows.pad layers.windows.per_axis
        layers.windows.sliding layers.windows.views
        models.cnn.dense_apply models.cnn.features models.gan.discriminate models.gan.generate models.gan.losses
        models.lenet.full_kernel models.lenet.squash models.lenet.subsample
        models.rnn.stack_apply models.rnn.stack_step models.vision_transformer.patches
    """,
    "looks into something certified, or asks it": """
        layers.attention.attention_weights layers.attention.multi_head_weights layers.memory.gradient_norms
        models.logistic.probability models.rnn_language.generate models.transformer.attention_weights
        models.transformer.generate models.gan.sample
    """,
    "a constant or random numbers, with nothing to differentiate by": """
        layers.attention.causal_mask layers.dropout.mask layers.memory.with_spectral_radius layers.positions.sinusoidal
        models.gan.noise models.lenet.codes models.lenet.uniform
    """,
    "a rule of learning, or its answer, that follows no gradient": """
        models.adaline.largest_stable_rate models.adaline.madaline_apply models.adaline.madaline_update
        models.adaline.predict models.adaline.update models.hopfield.capacity models.hopfield.recall
        models.hopfield.store models.hopfield.update models.linear.solve models.perceptron.hebb_update
        models.perceptron.mistake_bound models.perceptron.train models.perceptron.update
    """,
    "a game and the search in it": """
        models.selfplay.chance models.selfplay.one_round models.selfplay.play_game models.selfplay.think
        models.selfplay.train models.tictactoe.finished models.tictactoe.legal models.tictactoe.play
        models.tictactoe.start models.tictactoe.to_move models.tictactoe.winner models.tree_search.choose
        models.tree_search.descend models.tree_search.search models.tree_search.simulate
    """,
}
"""What is public and has no certificate, by the reason."""


def exempt():
    return {name for names in EXEMPT.values() for name in names.split()}


def wanted():
    """Return the names of the certificates that there must be."""
    return {certificate for name, certificate in public().items() if name not in exempt()}


@pytest.fixture(scope="module")
def table():
    """All certificates. Central differences call the by-hand files so often that checking shapes would take as long."""
    jaxtyping.config.update("jaxtyping_disable", True)
    certificates = {certificate.name: certificate for certificate in certify.run()}
    jaxtyping.config.update("jaxtyping_disable", False)
    return certificates


@pytest.mark.parametrize("name", certify.names())
def test_the_annotations_by_hand_are_true_for_every_case(name):
    for case in CASES[name](np.random.default_rng(0)):
        output, _ = case.by_hand(case.inputs, None)
        again, grads = case.by_hand(case.inputs, np.ones_like(output) if np.ndim(output) else 1.0)
        np.testing.assert_array_equal(output, again)
        assert jax.tree.map(np.shape, grads) == jax.tree.map(np.shape, case.inputs)


def test_everything_public_has_a_certificate_or_a_reason():
    assert set(certify.names()) == wanted()
    assert exempt() <= public().keys()


@pytest.mark.parametrize(("room", "name"), [(losses, "made_up"), (activations, "swish"), (layers.dense, "rms_norm")])
def test_a_new_function_without_certificate_would_be_noticed(monkeypatch, room, name):
    def made_up(x):
        """Nobody certified this."""

    made_up.__module__ = room.__name__
    monkeypatch.setattr(room, name, made_up, raising=False)
    assert wanted() - set(certify.names()) == {f"{room.__name__.split('.')[1]}.{name}"}


@pytest.mark.parametrize(
    ("package", "name", "certificate"),
    [(layers, "rms_norm", "layers.rms_norm"), (models, "apply", "models.new"), (models, "encode", "models.new.encode")],
)
def test_a_new_file_without_certificate_would_be_noticed(monkeypatch, tmp_path, package, name, certificate):
    (tmp_path / "new.py").write_text(f"def init(key): ...\ndef {name}(params, x): ...\n")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.setitem(sys.modules, f"{package.__name__}.new", None)  # is undone, and so is the import
    monkeypatch.delitem(sys.modules, f"{package.__name__}.new")
    monkeypatch.setattr(package, "new", None, raising=False)
    assert wanted() - set(certify.names()) == {certificate}


@pytest.mark.parametrize("name", certify.names())
def test_every_certificate_is_passed(table, name):
    certificate = table[name]
    assert certificate.forward <= 1e-10
    assert certificate.gradient <= 1e-10
    assert certificate.differences <= 1e-6
    assert certificate.passed
    assert certificate.cases >= 3


def cases(by_hand):
    """Return cases of f(x) = sum x^3 under a by-hand version that may be wrong."""
    rng = np.random.default_rng(0)
    return [Case(rng.normal(size=shape), lambda x: jnp.sum(x**3), by_hand) for shape in ((3,), (2, 2))]


MISTAKES = {
    "sign": lambda x, dy: (np.sum(x**3), -3 * x**2),
    "factor": lambda x, dy: (np.sum(x**3), 2 * x**2),
    "small factor": lambda x, dy: (np.sum(x**3), 3.000001 * x**2),
    "missing term": lambda x, dy: (np.sum(x**3), np.where(np.arange(x.size).reshape(x.shape) == 0, 0, 3 * x**2)),
    "nan": lambda x, dy: (np.sum(x**3), np.full_like(x, np.nan)),
    "shape": lambda x, dy: (np.sum(x**3), 3 * np.sum(x**2, keepdims=True)),
    "forward": lambda x, dy: (np.sum(x**3) + 1e-6, 3 * x**2),
}


def test_the_right_gradient_is_certified():
    certificate = certify_cases("cube", cases(lambda x, dy: (np.sum(x**3), 3 * x**2)))
    assert certificate.passed
    assert certificate.cases == 2


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_planted_mistake_fails(mistake):
    assert not certify_cases("cube", cases(MISTAKES[mistake])).passed


@pytest.mark.parametrize(
    ("room", "function", "name"),
    [
        ("activations", "sigmoid_backward", "activations.sigmoid"),
        ("losses", "cross_entropy", "losses.cross_entropy"),
        ("dense", "backward", "layers.dense"),
        ("normalization", "layer_norm_backward", "layers.layer_norm"),
        ("attention", "backward", "layers.dot_product_attention"),
        ("attention", "multi_head_backward", "layers.multi_head"),
        ("positions", "learned_backward", "layers.learned"),
        ("transformer_block", "backward", "layers.transformer_block"),
        ("transformer", "blocks_backward", "models.transformer"),
        ("vision_transformer", "backward", "models.vision_transformer"),
        ("conv", "backward", "layers.conv2d"),
        ("pooling", "max_pool_backward", "layers.max_pool"),
        ("embedding", "backward", "layers.embedding"),
        ("elman", "step_backward", "layers.elman"),
        ("lstm", "backward", "layers.lstm"),
        ("gru", "step_backward", "layers.gru"),
        ("rnn", "stack_backward", "models.rnn"),
        ("hopfield", "energy_backward", "models.hopfield"),
        ("gan", "losses_and_grads", "models.gan"),
    ],
)
def test_a_mistake_in_the_package_fails_its_certificate(monkeypatch, room, function, name):
    module = getattr(manual, room)
    right = getattr(module, function)

    def wrong(*args, **settings):
        result = right(*args, **settings)
        return jax.tree.map(lambda leaf: 1.01 * leaf, result)

    monkeypatch.setattr(module, function, wrong)
    if name.startswith("activations"):
        monkeypatch.setitem(module.BACKWARD, "sigmoid", wrong)
    (certificate,) = certify.run([name])
    assert not certificate.passed


def test_a_wrong_jax_function_fails_too(monkeypatch):
    monkeypatch.setattr(layers.dense, "apply", lambda params, x: x @ params["W"])
    (certificate,) = certify.run(["layers.dense"])
    assert certificate.forward > 1e-3
    assert not certificate.passed


def test_relative_error_is_by_leaf_and_never_forgives_nan_or_shape():
    assert relative_error({"a": np.array([2.0, 4.0])}, {"a": np.array([2.0, 5.0])}) == pytest.approx(0.2)
    assert relative_error([np.array(1e-30)], [np.array(2e-30)]) == pytest.approx(0.5)
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error(np.array([np.nan]), np.array([np.nan])) == np.inf
    assert relative_error(np.zeros(2), np.zeros(3)) == np.inf
    assert relative_error({"a": np.zeros(1)}, {"b": np.zeros(1)}) == np.inf


def test_unknown_names_are_refused_before_anything_is_computed():
    with pytest.raises(ValueError, match=r"unknown certificate 'layers.dens'; did you mean 'layers.dense'"):
        certify.run(["losses.l2", "layers.dens"])


def test_gradient_error_sees_one_wrong_entry_among_float32_parameters():
    key = jax.random.key(0)
    params = models.mlp.init(key, (4, 6, 3))
    x, labels = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32), np.arange(8) % 3
    right = manual.mlp.loss_and_grads
    assert gradient_error(models.mlp.loss, right, params, x, labels) <= 1e-12

    def wrong(params, x, targets):
        loss, grads = right(params, x, targets)
        grads[0]["W"][1, 2] += 1e-6 * np.abs(grads[0]["W"]).max()
        return loss, grads

    assert gradient_error(models.mlp.loss, wrong, params, x, labels) == pytest.approx(1e-6, rel=1e-3)


def test_what_is_left_where_terms_cancel_is_not_an_error():
    """Of a bias gradient +1/5 - 1/5 only rounding is left, but a factor 2 in a small leaf is still seen."""
    weights = np.array([0.3, -0.5])
    assert relative_error([weights, np.array(0.0)], [weights, np.array(2e-17)]) < 1e-12
    assert relative_error([weights, np.array(2e-6)], [weights, np.array(1e-6)]) > 1e-3
    for name, seed in (("models.perceptron", 26), ("losses.cross_entropy", 2), ("losses.cross_entropy", 20)):
        assert next(certify.run([name], seed=seed)).passed


def test_networks_trained_to_the_end_are_certified_too():
    """At the minimum of the squared error the gradient itself is nothing but rounding."""
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(20, 3)), rng.normal(size=20)
    best = np.linalg.lstsq(np.column_stack([x, np.ones(20)]), d)[0]
    params = {"W": best[:3], "b": np.array(best[3])}
    assert gradient_error(models.linear.loss, manual.linear.loss_and_grads, params, x, d) <= 1e-10

    def wrong(params, x, d):
        loss, grads = manual.linear.loss_and_grads(params, x, d)
        return loss, grads | {"W": grads["W"] + 1e-6}

    assert gradient_error(models.linear.loss, wrong, params, x, d) > 1e-6

    params = models.mlp.init(jax.random.key(1), (3, 8, 2), activation="tanh")
    by_hand = partial(manual.mlp.loss_and_grads, activation="tanh")
    labels = (d > 0).astype(np.int32)
    params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    losses_seen = []
    for _ in range(500):
        value, grads = by_hand(params, x, labels)
        losses_seen.append(value)
        params = jax.tree.map(lambda p, g: p - 0.5 * g, params, grads)
    assert losses_seen[-1] < 0.1 * losses_seen[0]
    assert gradient_error(partial(models.mlp.loss, activation="tanh"), by_hand, params, x, labels) <= 1e-10


def test_the_same_seed_draws_the_same_cases():
    first, again = (next(iter(certify.run(["losses.squared_error"], seed=5))) for _ in range(2))
    assert first == again
