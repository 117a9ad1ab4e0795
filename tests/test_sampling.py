"""Sampling: the frequencies of a softmax at a temperature, its limits, and its errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chisquare

from nnjax.sampling import sample

KEY = jax.random.key(0)
LOGITS = jnp.array([0.5, -1.0, 2.0, 0.0])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_classes_come_as_often_as_the_softmax_says(temperature):
    draws = 4000
    tokens = np.asarray(sample(KEY, jnp.tile(LOGITS, (draws, 1)), temperature))
    weights = np.exp(np.asarray(LOGITS, np.float64) / temperature)
    counts = np.bincount(tokens, minlength=4)
    assert chisquare(counts, draws * weights / weights.sum()).pvalue > 0.01


def test_at_zero_it_is_the_likeliest_and_safe_at_a_thousand():
    rows = jnp.stack([LOGITS, -LOGITS, 1000 * LOGITS])
    assert sample(KEY, rows, 0).tolist() == [2, 1, 2]
    assert sample(KEY, 1000 * rows, 1.0).tolist() == [2, 1, 2]
    assert jax.jit(sample)(KEY, rows, 0.0).tolist() == [2, 1, 2]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("temperature", [1e-3, 1e-6, 1e-38, 1e-45])
def test_near_zero_it_is_the_likeliest_too(dtype, temperature):
    rows = jnp.array([[1.0, 2.0, 3.0], [300.0, 100.0, 200.0], [-300.0, -100.0, -200.0]], dtype)
    assert sample(KEY, rows, temperature).tolist() == [2, 0, 1]
    assert jax.jit(sample)(KEY, rows, jnp.float32(temperature)).tolist() == [2, 0, 1]


@pytest.mark.parametrize("temperature", [0.1, 0.7, 1.0, 3.0])
def test_at_usual_temperatures_it_draws_from_the_logits_as_they_are(temperature):
    rows = 5 * jax.random.normal(KEY, (2000, 50))
    np.testing.assert_array_equal(sample(KEY, rows, temperature), jax.random.categorical(KEY, rows / temperature))


def test_the_same_key_draws_the_same_and_one_row_gives_one_number():
    rows = jnp.tile(LOGITS, (50, 1))
    assert sample(KEY, rows).tolist() == sample(KEY, rows).tolist() != sample(jax.random.key(1), rows).tolist()
    assert sample(KEY, LOGITS).shape == ()


def test_what_cannot_be_sampled_is_named():
    with pytest.raises(ValueError, match="temperature is -1; it must be at least 0"):
        sample(KEY, LOGITS, -1.0)
    with pytest.raises(ValueError, match=r"logits is empty: shape \(3, 0\)"):
        sample(KEY, jnp.zeros((3, 0)))
