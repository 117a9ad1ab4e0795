"""The references of lesson 08 are nnjax's own functions, under the names of the exercises."""

import jax
import numpy as np
import pytest

from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading.answer_key import plan
from nnjax.layers import elman, gru, lstm
from nnjax.manual import elman as elman_by_hand
from nnjax.manual import lstm as lstm_by_hand
from nnjax.optimizers import clip_by_global_norm
from nnjax.sampling import sample


def in_float64(*trees):
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), trees)


def rnn_backward(params, xs, dhs):
    params, xs, dhs = in_float64(params, xs, dhs)
    _, caches = elman_by_hand.forward(params, xs)
    return elman_by_hand.backward(params, caches, dhs)[2]


def lstm_step_backward(params, state, x, dstate):
    params, state, x, dstate = in_float64(params, state, x, dstate)
    _, cache = lstm_by_hand.step_forward(params, state, x)
    dx, before, grads = lstm_by_hand.step_backward(params, cache, dstate)
    return grads, before, dx


def clipped(grads, limit):
    clip = clip_by_global_norm(limit)
    return clip.update(grads, clip.init(grads))[0]


OWN = {
    "rnn_step": elman.step,
    "rnn_apply": lambda params, xs: elman.apply(params, xs)[0],
    "rnn_backward": rnn_backward,
    "lstm_step": lstm.step,
    "lstm_step_backward": lstm_step_backward,
    "gru_step": gru.step,
    "clip_by_global_norm": clipped,
    "sample": sample,
}


@pytest.mark.parametrize("name", OWN)
def test_references_agree_with_nnjax(name):
    for seed in range(3):
        for case in plan(get(name), seed)[0][:20]:
            arguments = materialise(case)
            jax.tree.map(
                lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5),
                get(name).reference(*arguments),
                OWN[name](*arguments),
            )
