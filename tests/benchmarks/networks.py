"""The networks whose training steps are compared: their sizes, random data for them, and the work of one step.

Speed does not depend on what is learnt, so pixels, tokens and labels are random; they are the same for every library.
The work is counted in FLOPs: two for each product that the matrix products and convolutions need, forward, by the
weights, and by the inputs (except the pixels, which need no gradient). What a library computes again is not counted.
"""

from typing import NamedTuple

import numpy as np

RATE = 1e-3
"""The learning rate of Adam."""

Examples = tuple[np.ndarray, np.ndarray]


class MLP(NamedTuple):
    """784-512-512-10, plain SGD: the one network that trains on real data, MNIST, in epochs."""

    sizes: tuple[int, ...] = (784, 512, 512, 10)
    batch: int = 64
    rate: float = 0.1


class CNN(NamedTuple):
    """Twice a convolution 5x5 with SAME padding, ReLU and 2x2 max pooling; then a dense layer, ReLU, dense."""

    batch: int = 128
    side: int = 28
    kernel: int = 5
    channels: tuple[int, int, int] = (1, 32, 64)
    hidden: int = 256
    classes: int = 10

    @property
    def flat(self) -> int:
        return (self.side // 4) ** 2 * self.channels[-1]

    def data(self, steps: int) -> Examples:
        rng, n = np.random.default_rng(0), steps * self.batch
        x = rng.random((n, self.side, self.side, self.channels[0]), np.float32)
        return x, rng.integers(0, self.classes, n).astype(np.int32)

    def flops(self) -> int:
        inputs, first, second = self.channels
        places = self.side**2
        pixels = places * self.kernel**2 * inputs * first
        others = places // 4 * self.kernel**2 * first * second + self.flat * self.hidden + self.hidden * self.classes
        return self.batch * (4 * pixels + 6 * others)


class LSTM(NamedTuple):
    """A language model of characters: an embedding of 64, one LSTM layer of 128, a dense layer at every time step."""

    batch: int = 32
    time: int = 64
    tokens: int = 65
    width: int = 64
    hidden: int = 128

    def data(self, steps: int) -> Examples:
        return text(steps * self.batch, self.time, self.tokens)

    def flops(self) -> int:
        products = (self.width + self.hidden) * 4 * self.hidden + self.hidden * self.tokens
        return 6 * self.batch * self.time * products


class GPT(NamedTuple):
    """A causal transformer: pre-norm, ReLU between 4 times the width, learned positions, no biases in the attention."""

    batch: int = 12
    time: int = 64
    tokens: int = 65
    blocks: int = 4
    width: int = 128
    heads: int = 4

    def data(self, steps: int) -> Examples:
        return text(steps * self.batch, self.time, self.tokens)

    def flops(self) -> int:
        block = 12 * self.width**2 + 2 * self.time * self.width
        return 6 * self.batch * self.time * (self.blocks * block + self.width * self.tokens)


def text(n: int, time: int, tokens: int) -> Examples:
    """Return (n, time) random tokens and, for each place, the token that comes next."""
    drawn = np.random.default_rng(0).integers(0, tokens, (n, time + 1)).astype(np.int32)
    return drawn[:, :-1], drawn[:, 1:]


def batches(rng: np.random.Generator, n: int, size: int) -> np.ndarray:
    """Return the rows of each mini-batch of an epoch."""
    return rng.permutation(n)[: n // size * size].reshape(-1, size)
