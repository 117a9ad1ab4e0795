"""What the certificate cannot see of the by-hand files: their shapes, their purity, their independence of JAX."""

import copy
import subprocess
import sys

import numpy as np
import pytest

from nnjax import manual


def rng():
    return np.random.default_rng(3)


def test_it_runs_where_jax_cannot_be_imported():
    code = (
        "import sys; sys.modules['jax'] = None; import numpy as np; from nnjax import manual; "
        "params = [{'W': np.ones((2, 3)), 'b': np.zeros(3)}, {'W': np.ones((3, 2)), 'b': np.zeros(2)}]; "
        "print(round(float(manual.mlp.loss_and_grads(params, np.ones((4, 2)), np.zeros(4, int))[0]), 6))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert float(done.stdout) == pytest.approx(np.log(2), abs=1e-6)


@pytest.mark.parametrize("activation", ["relu", "prelu", "maxout"])
def test_gradients_are_shaped_like_the_parameters_and_nothing_is_changed(activation):
    r = rng()
    shapes = {"W": (3, 4, 5), "b": (3, 5)} if activation == "maxout" else {"W": (4, 5), "b": (5,)}
    shapes |= {"slope": (5,)} if activation == "prelu" else {}
    params = [{name: r.normal(size=shape) for name, shape in shapes.items()}]
    params.append({"W": r.normal(size=(5, 3)), "b": r.normal(size=3)})
    before, x, labels = copy.deepcopy(params), r.normal(size=(7, 4)), r.integers(0, 3, 7)
    _, grads = manual.mlp.loss_and_grads(params, x, labels, activation=activation)
    for layer, layer_grads, layer_before in zip(params, grads, before, strict=True):
        assert {name: leaf.shape for name, leaf in layer.items()} == {n: leaf.shape for n, leaf in layer_grads.items()}
        assert all((layer[name] == layer_before[name]).all() for name in layer)


def test_a_batch_gradient_is_the_mean_of_the_gradients_of_its_examples():
    r = rng()
    params = [{"W": r.normal(size=(3, 4)), "b": r.normal(size=4)}, {"W": r.normal(size=(4, 2)), "b": r.normal(size=2)}]
    x, labels = r.normal(size=(5, 3)), r.integers(0, 2, 5)
    _, whole = manual.mlp.loss_and_grads(params, x, labels, activation="tanh")
    each = [manual.mlp.loss_and_grads(params, x[i : i + 1], labels[i : i + 1], activation="tanh")[1] for i in range(5)]
    for place, layer in enumerate(whole):
        for name, gradient in layer.items():
            np.testing.assert_allclose(gradient, np.mean([grads[place][name] for grads in each], axis=0), rtol=1e-12)


def test_a_step_against_the_gradient_is_rosenblatts_rule():
    params, x, d = {"W": np.array([1.0, -2.0]), "b": np.array(0.5)}, np.array([[3.0, 1.0]]), np.array([0])
    _, grads = manual.perceptron.loss_and_grads(params, x, d)
    assert (params["W"] - 0.1 * grads["W"]).tolist() == pytest.approx([1 - 0.3, -2 - 0.1])
    assert params["b"] - 0.1 * grads["b"] == pytest.approx(0.4)


def test_hebb():
    np.testing.assert_allclose(
        manual.perceptron.hebb_update(np.array([1.0, 2.0]), np.array([0.5, -1.0]), 2.0, 0.1), [1.1, 1.8]
    )


def test_softmax_and_losses_are_safe_at_a_thousand():
    z = np.array([[1000.0, -1000.0, 0.0]])
    assert manual.activations.softmax(z).tolist() == [[1, 0, 0]]
    loss, dz = manual.losses.cross_entropy(z, np.array([1]))
    assert loss == 2000
    assert dz.tolist() == [[1, -1, 0]]
    loss, dz = manual.losses.binary_cross_entropy(np.array([-1000.0, 1000.0]), np.array([1, 1]))
    assert (loss, dz.tolist()) == (500, [-0.5, 0])


MLP = [{"W": np.ones((2, 3)), "b": np.zeros(3)}, {"W": np.ones((3, 3)), "b": np.zeros(3)}]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda of: of.losses.squared_error(np.ones((5, 1)), np.ones(5)), r"y has shape \(5, 1\) and d \(5,\)"),
        (lambda of: of.losses.squared_error(np.ones((0, 2)), np.ones((0, 2))), r"y is empty: shape \(0, 2\)"),
        (lambda of: of.losses.binary_cross_entropy(np.ones((4, 1)), np.ones(4)), r"logits has shape \(4, 1\) and d"),
        (lambda of: of.losses.binary_cross_entropy(np.ones(2), np.array([1, -1])), r"d\[1\] is -1; .*from 0 to 1"),
        (lambda of: of.losses.perceptron_criterion(np.ones(2), np.array([2, 0])), r"d\[0\] is 2; .*from 0 to 1"),
        (lambda of: of.losses.cross_entropy(np.ones((2, 3)), np.array([0, -1])), r"labels\[1\] is -1; .*from 0 to 2"),
        (lambda of: of.losses.cross_entropy(np.ones((2, 3)), np.array([0, 3])), r"labels\[1\] is 3; .*from 0 to 2"),
        (lambda of: of.losses.cross_entropy(np.ones((2, 3)), np.zeros(2)), "labels has dtype float64"),
        (
            lambda of: of.losses.cross_entropy(np.ones((2, 3)), np.zeros(3, int)),
            r"labels has shape \(3,\) and the batch",
        ),
        (lambda of: of.losses.cross_entropy(np.ones((2, 3)), np.ones((2, 2))), r"labels has shape \(2, 2\) and logits"),
        (lambda of: of.mlp.loss_and_grads(MLP, np.ones((1, 2)), np.array([-1])), r"labels\[0\] is -1"),
        (lambda of: of.mlp.forward(MLP, np.ones((1, 2)), activation="foo"), "unknown activation 'foo'.*relu"),
        (lambda of: of.mlp.forward(MLP, np.ones((1, 2)), output_activation="foo"), "unknown output_activation 'foo'"),
        (lambda of: of.mlp.forward(MLP, np.ones((1, 2)), activation=["relu"] * 2), "names 2 activations.*1 hidden"),
    ],
)
def test_what_cannot_be_right_is_refused_not_broadcast(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong(manual)


def test_cross_entropy_of_sequences_counts_every_place_as_an_example():
    logits, labels = rng().normal(size=(2, 3, 4)), rng().integers(0, 4, (2, 3))
    loss, dz = manual.losses.cross_entropy(logits, labels)
    flat, dz_flat = manual.losses.cross_entropy(logits.reshape(6, 4), labels.reshape(6))
    assert loss == flat
    np.testing.assert_array_equal(dz, dz_flat.reshape(2, 3, 4))
    assert manual.losses.cross_entropy(logits, np.eye(4, dtype=int)[labels])[0] == loss
