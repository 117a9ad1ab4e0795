"""The references of lesson 04 are nnjax's own backward passes by hand, under the names of the exercises."""

import jax
import numpy as np
import pytest

from nnjax import manual
from nnjax.certify.engine import central_differences
from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading.answer_key import plan


def rows(z):
    return z.reshape(-1, z.shape[-1])


OWN = {
    "softmax": lambda z: manual.activations.softmax(rows(z)).reshape(z.shape),
    "softmax_cross_entropy_gradient": lambda logits, labels: manual.losses.cross_entropy(logits, labels)[1],
    "relu_backward": manual.activations.relu_backward,
    # NumPy gives a number where an array has no axis, and the functions by hand want arrays.
    "sigmoid_backward": lambda z, da: manual.activations.sigmoid_backward(z.ravel(), da.ravel()).reshape(z.shape),
    "dense_backward": manual.dense.backward,
    "mlp_backward": lambda params, x, labels: manual.mlp.loss_and_grads(params, x, labels)[1],
    "numerical_gradient": lambda f, x, step: central_differences(lambda x: float(f(x)), x, step),
}


def float64(leaf):
    return leaf.astype(np.float64) if isinstance(leaf, np.ndarray) and leaf.dtype == np.float32 else leaf


@pytest.mark.parametrize("name", OWN)
def test_references_agree_with_nnjax(name):
    for seed in range(3):
        for case in plan(get(name), seed)[0]:
            # f is a JAX function; all else goes as NumPy's float64 into the functions by hand.
            arguments = materialise(case)
            by_hand = jax.tree.map(float64, case) if name != "numerical_gradient" else (arguments[0], *case[1:])
            jax.tree.map(
                lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max(initial=1e-3)),
                get(name).reference(*arguments),
                OWN[name](*by_hand),
            )


def test_gradient_check_tells_right_from_wrong():
    for seed in range(3):
        cases = plan(get("gradient_check"), seed)[0]
        errors = {case[1].words: float(get("gradient_check").reference(*materialise(case))) for case in cases}
        assert errors["x -> c * cos(c * x)"] < 2e-3
        assert errors["a gradient that is wrong"] == pytest.approx(2, rel=1e-2)
