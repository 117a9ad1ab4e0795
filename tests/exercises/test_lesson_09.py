"""The references of lesson 09 are nnjax's own functions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.exercises import get
from nnjax.exercises import lesson_09_attention as lesson
from nnjax.exercises.inputs import materialise
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import WRONG
from nnjax.layers import attention, normalization, positions, transformer_block
from nnjax.manual import attention as by_hand
from tests.exercises.judged import verdict


def cases(exercise, seed):
    return materialise(plan(exercise, seed)[0])


@pytest.mark.parametrize("seed", range(3))
def test_references_equal_nnjax(seed):
    for q, k, v, mask in cases(lesson.attention, seed):
        np.testing.assert_allclose(
            lesson.attention.reference(q, k, v, mask),
            attention.dot_product_attention(q, k, v, mask),
            rtol=1e-4,
            atol=1e-5,
        )
    for params, x, heads, mask in cases(lesson.multi_head_attention, seed):
        own = attention.multi_head_apply(params, x, heads=heads, mask=mask)
        np.testing.assert_allclose(
            lesson.multi_head_attention.reference(params, x, heads, mask), own, rtol=1e-4, atol=1e-4
        )
    for params, x in cases(lesson.layer_norm, seed):
        own = normalization.layer_norm_apply(params, x)
        np.testing.assert_allclose(lesson.layer_norm.reference(params, x), own, rtol=1e-4, atol=1e-4)
    for params, x, heads in cases(lesson.transformer_block, seed):
        own = transformer_block.apply(params, x, heads=heads)
        np.testing.assert_allclose(lesson.transformer_block.reference(params, x, heads), own, rtol=1e-4, atol=1e-4)


def test_tables_equal_nnjax():
    for n in (1, 4):
        assert jnp.array_equal(lesson.causal_mask.reference(n), attention.causal_mask(n))
    for length, width in ((3, 4), (40, 6)):
        own = positions.sinusoidal(length, width)
        np.testing.assert_allclose(lesson.positional_encoding.reference(length, width), own, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_the_one_by_hand(seed):
    for case in plan(lesson.attention_backward, seed)[0]:
        q, k, v, dy = (np.asarray(part, np.float64) for part in case)
        _, cache = by_hand.forward(q, k, v)
        wanted = by_hand.backward(cache, dy)
        for came, right in zip(lesson.attention_backward.reference(*materialise(case)), wanted, strict=True):
            np.testing.assert_allclose(came, right, rtol=1e-4, atol=1e-4)


def attention_with_one_batch_axis(q, k, v, mask):
    if q.ndim == 2:
        return lesson.attention.reference(q, k, v, mask)
    return jnp.stack([attend(*parts, mask) for parts in zip(q, k, v, strict=True)])


def attend(q, k, v, mask):
    return jax.nn.softmax(jnp.where(mask, q @ k.T / q.shape[-1] ** 0.5, -jnp.inf), axis=-1) @ v


def cut_off(length, width):
    return jnp.zeros((length, width)).at[:40].set(lesson.positional_encoding.reference(min(length, 40), width))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("attention", attention_with_one_batch_axis),
        (
            "multi_head_attention",
            lambda params, x, heads, mask: lesson.multi_head_attention.reference(params, x, 2, mask),
        ),
        ("causal_mask", lambda n: lesson.causal_mask.reference(6)[:n, :n]),
        ("positional_encoding", cut_off),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_answers_that_leave_out_what_is_asked_are_wrong(name, body):
    for seed in range(3):
        assert verdict(get(name), body, seed).status == WRONG
