"""Whether numbers that should be drawn independently repeat each other, for the rules of exercises."""

import numpy as np


def echo(draws: np.ndarray) -> float:
    """Return the largest absolute correlation of an array with itself, moved along its axes (in a circle).

    Of n independent draws it is a few times 1/sqrt(n), of a pattern that comes again 1, of draws each used twice 1/2.
    """
    spectrum = np.fft.fftn(draws - np.mean(draws))
    correlations = np.fft.ifftn(np.abs(spectrum) ** 2).real.ravel()
    return float(np.max(np.abs(correlations[1:])) / correlations[0])
