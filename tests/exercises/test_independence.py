"""Whether draws repeat each other is seen, in whatever way they do."""

import numpy as np
import pytest

from nnjax.exercises.independence import different, echo

DRAWS = np.random.default_rng(0).random((20, 30, 40)) < 0.7
REPEATED = {
    "one slice for all": np.broadcast_to(DRAWS[:1], DRAWS.shape),
    "pairs": np.repeat(DRAWS, 2, axis=2)[..., :40],
    "tiled": np.tile(DRAWS[:, :15], (1, 2, 1)),
    "alternating": DRAWS ^ np.resize([True, False], 40),
    "opposite neighbours": np.stack([DRAWS, ~DRAWS], axis=-1),
    "mirrored": np.concatenate([DRAWS[:10], DRAWS[:10][::-1]]),
    "the opposite mirrored": np.concatenate([DRAWS[:10].ravel(), ~DRAWS[:10].ravel()[::-1]]),
}


def test_independent_draws_have_no_echo():
    assert echo(DRAWS) < 0.05
    assert echo(DRAWS.ravel()) < 0.05


def test_different_arrays_are_counted():
    assert different([DRAWS, DRAWS.copy(), ~DRAWS, DRAWS[:1]]) == 3


@pytest.mark.parametrize("draws", REPEATED.values(), ids=REPEATED)
def test_repeated_draws_have_one(draws):
    assert echo(draws) > 0.1
