import jax
import numpy as np
import pytest

from nnjax import losses
from nnjax.training import evaluate


@pytest.mark.parametrize("batch_size", [1, 7, 30, 1000])
def test_means_over_all_examples_whatever_the_batch(blobs, init, apply, batch_size):
    data, params = blobs(30), init(jax.random.key(0))
    logits = np.asarray(apply(params, data.x), np.float64)
    surprise = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(30), data.y]
    result = evaluate(apply, params, data.x, data.y, loss=losses.cross_entropy, batch_size=batch_size)
    assert result["loss"] == pytest.approx(surprise.mean(), rel=1e-6)
    assert result["accuracy"] == pytest.approx((logits.argmax(axis=1) == data.y).mean(), abs=1e-6)
    assert isinstance(result["loss"], float)


def test_nothing_is_dropped(blobs, init, apply):
    def dropping(params, x, *, key):
        assert key is None
        return apply(params, x)

    data, params = blobs(30), init(jax.random.key(0))
    with pytest.raises(AssertionError):
        dropping(params, data.x, key=jax.random.key(0))
    assert evaluate(dropping, params, data.x, data.y) == evaluate(apply, params, data.x, data.y)


def test_refuses_what_cannot_be_right(blobs, init, apply):
    data, params = blobs(30), init(jax.random.key(0))
    with pytest.raises(ValueError, match="x has 30 examples and y 29"):
        evaluate(apply, params, data.x, data.y[1:])
    with pytest.raises(ValueError, match="label 3, but a network with 3"):
        evaluate(apply, params, data.x, data.y + 1)
    with pytest.raises(ValueError, match="batch_size is 0"):
        evaluate(apply, params, data.x, data.y, batch_size=0)
    with pytest.raises(ValueError, match="empty"):
        evaluate(apply, params, data.x[:0], data.y[:0])
