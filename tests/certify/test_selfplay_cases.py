"""A mistake planted in the backward pass of the network of self-play fails its certificate."""

import pytest

from nnjax import certify, manual


def no_tanh_slope(right, params, cache, dlogits, dv):
    return right(params, cache, dlogits, dv / (1 - cache[1] ** 2))


def one_head_forgotten(right, params, cache, dlogits, dv):
    return right(params, cache, dlogits, 0 * dv) | {"value": right(params, cache, dlogits, dv)["value"]}


@pytest.mark.parametrize("mistake", [no_tanh_slope, one_head_forgotten])
def test_a_planted_mistake_fails(monkeypatch, mistake):
    right = manual.selfplay.backward
    monkeypatch.setattr(manual.selfplay, "backward", lambda *args: mistake(right, *args))
    (certificate,) = certify.run(["models.selfplay"])
    assert not certificate.passed
