"""The references of lesson 07 are nnjax's own functions, under the names of the exercises."""

import jax
import numpy as np
import pytest

from nnjax.exercises import get
from nnjax.grading.judging import RIGHT, WRONG
from nnjax.layers import conv, pooling
from nnjax.manual import conv as conv_by_hand
from nnjax.manual import pooling as pooling_by_hand
from tests.exercises.judged import assert_alike, verdict


def conv2d_backward(params, x, dy, stride, padding):
    params, x, dy = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), (params, x, dy))
    _, cache = conv_by_hand.forward(params, x, stride=stride, padding=padding)
    return conv_by_hand.backward(params, cache, dy)


def max_pool_backward(x, dy, size):
    _, cache = pooling_by_hand.max_pool_forward(np.asarray(x, np.float64), size)
    return pooling_by_hand.max_pool_backward(cache, np.asarray(dy, np.float64))


OWN = {
    "conv_output_size": conv.output_size,
    "conv2d": lambda params, x, stride, padding, dilation: conv.conv2d_apply(
        params, x, stride=stride, padding=padding, dilation=dilation
    ),
    "conv2d_backward": conv2d_backward,
    "max_pool": pooling.max_pool,
    "max_pool_backward": max_pool_backward,
    "average_pool": pooling.average_pool,
    "global_average_pool": pooling.global_average_pool,
}


@pytest.mark.parametrize("name", OWN)
def test_references_agree_with_nnjax(name):
    assert_alike(name, OWN[name], rtol=1e-4, atol=1e-4)


def test_the_padding_is_read():
    def guessed(params, x, stride, padding, dilation):
        return get("conv2d").reference(params, x, stride, stride - 1, dilation)

    assert verdict(get("conv2d"), guessed, 0).status == WRONG


def test_any_of_the_largest_pixels_may_take_dy():
    def to_the_last(x, dy, size):
        rows, columns = dy.shape[1] * size, dy.shape[2] * size
        turned = max_pool_backward(x[:, :rows, :columns][:, ::-1, ::-1], dy[:, ::-1, ::-1], size)
        dx = np.zeros(x.shape)
        dx[:, :rows, :columns] = turned[:, ::-1, ::-1]
        return dx

    assert verdict(get("max_pool_backward"), to_the_last, 0).status == RIGHT
