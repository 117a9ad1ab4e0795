"""Exercises of lesson 10: a Hopfield network and the two losses of a GAN."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import laws
from nnjax.exercises.exercise import Case, exercise

LESSON = "10_milestones"


def _signs(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.choice(np.float32([-1, 1]), shape)


# ------------------------------------------------------------------------------------------------------ hopfield_store


@exercise(
    LESSON,
    draw=lambda rng: [(_signs(rng, 1, 3),), (_signs(rng, 3, 8),), (_signs(rng, 5, 12),)],
    laws=[laws.PURE, laws.JIT.on(0), laws.flops(3)],
    hints=[
        "The outer products of all patterns, summed, are one matrix product of the patterns with themselves.",
        "It is patterns.T @ patterns, (neurons, neurons), divided by the number of neurons.",
        "1 - jnp.eye(n), or jnp.fill_diagonal with inplace=False, puts the zeros on the diagonal.",
    ],
)
def hopfield_store(patterns):
    """Return the weights of a Hopfield network, W = 1/N sum_p x_p x_p^T with its diagonal set to 0 (Hebb's rule).

    patterns is (patterns, N), one pattern x_p in each row, every entry +1 or -1. N is the number of neurons, and the
    weights are (N, N).
    """
    neurons = patterns.shape[1]
    return patterns.T @ patterns / neurons * (1 - jnp.eye(neurons))


def _off_diagonal(weights):
    return weights * (1 - jnp.eye(len(weights)))


hopfield_store.mistake(
    "The diagonal must be 0: no neuron is joined to itself.", lambda patterns: patterns.T @ patterns / patterns.shape[1]
)
hopfield_store.mistake(
    "You divide by the number of patterns; N is the number of neurons.",
    lambda patterns: _off_diagonal(patterns.T @ patterns) / len(patterns),
)
hopfield_store.mistake(
    "The sum is to be divided by N, the number of neurons.", lambda patterns: _off_diagonal(patterns.T @ patterns)
)
hopfield_store.mistake(
    "You divide by the number of neurons and by that of patterns; the patterns are summed, not averaged.",
    lambda patterns: _off_diagonal(patterns.T @ patterns) / patterns.size,
)
hopfield_store.mistake(
    "That is a weight for each pair of patterns; each pair of neurons needs one. Transpose the other factor.",
    lambda patterns: _off_diagonal(patterns @ patterns.T) / patterns.shape[1],
    lambda patterns: patterns @ patterns.T / patterns.shape[1],
    lambda patterns: _off_diagonal(patterns @ patterns.T) / patterns.shape[0],
)
hopfield_store.mistake(
    "Only one pattern is stored: add up the outer products of all of them.",
    lambda patterns: _off_diagonal(jnp.outer(patterns[-1], patterns[-1])) / patterns.shape[1],
    lambda patterns: _off_diagonal(jnp.outer(patterns[0], patterns[0])) / patterns.shape[1],
)
hopfield_store.mistake(
    "The sign is wrong: neurons that are equal in a pattern get a positive weight.",
    lambda patterns: -_off_diagonal(patterns.T @ patterns) / patterns.shape[1],
)
hopfield_store.mistake(
    "You keep the diagonal and lose the rest; it is the other way round.",
    lambda patterns: patterns.T @ patterns / patterns.shape[1] * jnp.eye(patterns.shape[1]),
)
hopfield_store.mistake(
    "Subtracting the identity leaves patterns / N - 1 on the diagonal; it must be 0 whatever the number of patterns.",
    lambda patterns: patterns.T @ patterns / patterns.shape[1] - jnp.eye(patterns.shape[1]),
)
hopfield_store.mistake(
    "Half of the matrix is missing: the weights are symmetric, W_ij = W_ji.",
    lambda patterns: jnp.triu(patterns.T @ patterns, 1) / patterns.shape[1],
    lambda patterns: jnp.tril(patterns.T @ patterns, -1) / patterns.shape[1],
)


# ----------------------------------------------------------------------------------------------------- hopfield_energy


def _energies(rng: np.random.Generator) -> list[Case]:
    def weights(n: int) -> np.ndarray:
        upper = np.triu(rng.normal(0, 1, (n, n)), 1)
        return (upper + upper.T).astype(np.float32)

    return [
        (weights(2), _signs(rng, 2)), (weights(5), _signs(rng, 5)),
        (weights(6), _signs(rng, 1, 6)), (weights(6), _signs(rng, 4, 6)),
    ]  # fmt: skip


@exercise(
    LESSON,
    draw=_energies,
    laws=[laws.PURE, laws.JIT, laws.vmap(1)],
    hints=[
        "What reaches the neurons is state @ weights; it is to be multiplied by the state, neuron by neuron.",
        "Sum over the neurons only, the last axis, so that each state of a batch keeps an energy of its own.",
    ],
)
def hopfield_energy(weights, state):
    """Return the energy E = -1/2 s^T W s of a state s of +1 and -1, for symmetric weights W with a zero diagonal.

    weights is (N, N); state is one state (N,) or a batch (batch, N). The energy has the shape () or (batch,).
    """
    return -jnp.sum((state @ weights) * state, axis=-1) / 2


hopfield_energy.mistake(
    "The factor 1/2 is missing: the sum holds every pair of neurons twice.",
    lambda weights, state: -jnp.sum((state @ weights) * state, axis=-1),
)
hopfield_energy.mistake(
    "The sign is wrong: the energy is low, negative, where neurons agree with what reaches them.",
    lambda weights, state: jnp.sum((state @ weights) * state, axis=-1) / 2,
)
hopfield_energy.mistake(
    "Both the sign and the factor 1/2 are missing.", lambda weights, state: jnp.sum((state @ weights) * state, axis=-1)
)
hopfield_energy.mistake(
    "The energies of the batch are added up; each state has its own, so sum over the last axis only.",
    lambda weights, state: -jnp.sum((state @ weights) * state) / 2,
)
hopfield_energy.mistake(
    "The energies of the batch are averaged; each state has its own.",
    lambda weights, state: -jnp.mean(jnp.sum((state @ weights) * state, axis=-1)) / 2,
)
hopfield_energy.mistake(
    "You average over the neurons; the energy is a sum.",
    lambda weights, state: -jnp.mean((state @ weights) * state, axis=-1) / 2,
)
hopfield_energy.mistake(
    "The state occurs twice in s^T W s; you multiply by it once.",
    lambda weights, state: -jnp.sum(state @ weights, axis=-1) / 2,
)
hopfield_energy.mistake(
    "For a batch, state @ weights @ state.T pairs every state with every other; only the states with themselves count.",
    lambda weights, state: -state @ weights @ state.T / 2,
)
hopfield_energy.mistake(
    "The sum over the neurons is missing; an energy is one number for each state.",
    lambda weights, state: -(state @ weights) * state / 2,
)


# ----------------------------------------------------------------------------------------------------- hopfield_recall


def _recall(weights, state, steps, *, rule=None, order=lambda n: range(n), live=True):
    """Return the state after recall in NumPy, with the rule of one neuron or the order exchanged."""
    weights, s = np.asarray(weights), np.array(state)
    rule = rule or (lambda h, own: np.sign(h) if h else own)
    for _ in range(steps):
        seen = s if live else s.copy()
        for i in order(len(s)):
            s[i] = rule(weights[i] @ seen, s[i])
    return s


def _up(h, own):
    return 1 if h >= 0 else -1


def _down(h, own):
    return 1 if h > 0 else -1


def _to_zero(h, own):
    return np.sign(h)


def _backwards(n):
    return range(n - 1, -1, -1)


def _other_orders(rng: np.random.Generator) -> list[Any]:
    """Return wrong orders of 16 neurons: even before odd and the reverse, rotated, to and fro, and random ones."""
    to = list(range(16))
    return [
        to[::2] + to[1::2], to[1::2] + to[::2], to[1:] + to[:1], to[-1:] + to[:-1], to + to[::-1],
        *(rng.permutation(16) for _ in range(60)),
    ]  # fmt: skip


def _recalls(rng: np.random.Generator) -> list[Case]:
    """Return a network with one pattern, and a crowded one in which nothing reaches two neurons, with sweeps to go.

    The numbers of neurons are powers of 2, so that sums are exact and a field of 0 is 0 in any order of adding.
    """
    pattern = _signs(rng, 1, 4)
    few = pattern.T @ pattern / 4 * (1 - np.eye(4, dtype=np.float32))
    damaged = pattern[0].copy()
    damaged[rng.integers(4)] *= -1
    while True:
        patterns = _signs(rng, 6, 16)
        patterns[:, 5:7] = 0
        weights = patterns.T @ patterns / 16 * (1 - np.eye(16, dtype=np.float32))
        state = _signs(rng, 16)
        state[5:7] = -1, 1
        # Every usual slip must show in the first sweep: each of these has a result of its own.
        once, twice = (_recall(weights, state, sweeps) for sweeps in (1, 2))
        results = [state, twice, _recall(weights, state, 3), _recall(weights, state, 1, order=_backwards)]
        results += [
            _recall(weights, state, 1, rule=rule, live=live)
            for rule in (None, _up, _down, _to_zero) for live in (True, False)
        ]  # fmt: skip
        results += [_recall(weights, state, 1, order=lambda n, last=last: range(last % n)) for last in (-1, 1)]
        if len({tuple(result) for result in results}) < len(results):
            continue
        # None of the slips may lead in one sweep where the right rule leads in the end.
        settled = _recall(weights, state, 20)
        if any(np.array_equal(result, settled) for result in results[3:]):
            continue
        # Nor may another order of the neurons lead to the state after one sweep, or to the one after two.
        ways = [_recall(weights, state, 1, order=lambda n, way=way: way) for way in _other_orders(rng)]
        if not any(np.array_equal(way, result) for way in ways for result in (once, twice)):
            # However little reaches a neuron, its sign counts; by a power of 2 the sums stay exact.
            return [(few, damaged, 1), (weights, state, 1), (weights * np.float32(2**-30), state, 2)]


@exercise(
    LESSON,
    draw=_recalls,
    seconds=30,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT.on(0), laws.flops(4)],
    hints=[
        "Two loops, one inside the other: sweeps, and in each sweep the neurons in their order.",
        "What reaches neuron i is weights[i] @ state, with the state as it is now, earlier neurons already updated.",
        "state.at[i].set(...) gives a new state with one neuron changed; jnp.where(h == 0, state[i], jnp.sign(h)).",
    ],
)
def hopfield_recall(weights, state, steps):
    """Return the state of a Hopfield network after ``steps`` sweeps, each of which updates all neurons one by one.

    A sweep goes through the neurons i = 0, 1, ..., N - 1 in this order. Neuron i becomes the sign, +1 or -1, of
    h_i = sum_j W_ij s_j, computed from the state as it is at that moment, earlier neurons of the same sweep already
    updated; where h_i is 0 the neuron keeps its value. weights is (N, N), symmetric, state (N,) of +1 and -1, steps a
    Python integer. The output is (N,).
    """
    for _ in range(steps):
        for i in range(len(state)):
            h = weights[i] @ state
            state = state.at[i].set(jnp.where(h == 0, state[i], jnp.sign(h)))
    return state


hopfield_recall.mistake(
    "All neurons are updated at the same moment; they take turns, and each sees what the earlier ones have become.",
    lambda weights, state, steps: _recall(weights, state, steps, live=False),
    lambda weights, state, steps: _recall(weights, state, steps, live=False, rule=_up),
    lambda weights, state, steps: _recall(weights, state, steps, live=False, rule=_to_zero),
)
hopfield_recall.mistake(
    "Where nothing reaches a neuron, h = 0, it keeps its value; yours becomes +1.",
    lambda weights, state, steps: _recall(weights, state, steps, rule=_up),
)
hopfield_recall.mistake(
    "Where nothing reaches a neuron, h = 0, it keeps its value; yours becomes -1.",
    lambda weights, state, steps: _recall(weights, state, steps, rule=_down),
)
hopfield_recall.mistake(
    "However little reaches a neuron, it becomes the sign of that: only where h is 0 itself it keeps its value.",
    lambda weights, state, steps: _recall(
        weights, state, steps, rule=lambda h, own: own if abs(h) < 1e-6 else np.sign(h)
    ),
)
hopfield_recall.mistake(
    "The sign of 0 is 0, and no neuron may be 0: where h = 0 it keeps its value.",
    lambda weights, state, steps: _recall(weights, state, steps, rule=_to_zero),
)
hopfield_recall.mistake(
    "Neurons here are +1 and -1, not 1 and 0.",
    lambda weights, state, steps: _recall(weights, state, steps, rule=lambda h, own: 1 if h >= 0 else 0),
    lambda weights, state, steps: _recall(weights, state, steps, rule=lambda h, own: 1 if h > 0 else 0),
)
hopfield_recall.mistake(
    "The sign of the update is wrong: a neuron follows what reaches it.",
    lambda weights, state, steps: _recall(weights, state, steps, rule=lambda h, own: -np.sign(h) if h else own),
)
hopfield_recall.mistake(
    "One step is a sweep through all neurons, not the update of a single one.",
    lambda weights, state, steps: _recall(weights, state, 1, order=lambda n: range(steps)),
)
hopfield_recall.mistake(
    "You sweep once, whatever the number of steps.", lambda weights, state, steps: _recall(weights, state, 1)
)
hopfield_recall.mistake("That is one sweep too few.", lambda weights, state, steps: _recall(weights, state, steps - 1))
hopfield_recall.mistake(
    "You sweep until nothing changes any more; make as many sweeps as steps says.",
    lambda weights, state, steps: _recall(weights, state, 20),
)
hopfield_recall.mistake("That is one sweep too many.", lambda weights, state, steps: _recall(weights, state, steps + 1))
hopfield_recall.mistake(
    "The neurons are updated from the last to the first; start with neuron 0.",
    lambda weights, state, steps: _recall(weights, state, steps, order=_backwards),
)
hopfield_recall.mistake(
    "The last neuron is left out of the sweep.",
    lambda weights, state, steps: _recall(weights, state, steps, order=lambda n: range(n - 1)),
)
hopfield_recall.mistake(
    "The neuron gets what reaches it; it must become the sign of that.",
    lambda weights, state, steps: _recall(weights, state, steps, rule=lambda h, own: h),
)


# ---------------------------------------------------------------------------------------------------------- gan_losses


def _gans(rng: np.random.Generator) -> list[Case]:
    """Return logits of unequally many reals and fakes; in the last case some are far beyond what exp can hold."""

    def logits(n: int) -> np.ndarray:
        return rng.normal(0, 2, n).astype(np.float32)

    def extreme(n: int) -> np.ndarray:
        return np.concatenate([np.float32([-1000, 1000]), logits(n - 2)])

    return [(logits(2), logits(3)), (logits(7), logits(4)), (extreme(4), extreme(6))]


@exercise(
    LESSON,
    draw=_gans,
    seconds=30,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT, laws.gradient(0, -1), laws.gradient(1, -1)],
    hints=[
        "-log sigmoid(z) = log(1 + exp(-z)), and 1 - sigmoid(z) = sigmoid(-z): everything is one function.",
        "That function is jax.nn.softplus, safe for any number: -log p = softplus(-z), -log(1 - p) = softplus(z).",
        "The discriminator's loss has two means, one over the reals and one over the fakes; the generator's has one.",
    ],
)
def gan_losses(real_logits, fake_logits):
    """Return (discriminator, generator), the two losses of a GAN, where p = sigmoid(logit) is how real an image looks.

    The discriminator's is mean(-log p(real)) + mean(-log(1 - p(fake))), the sum of two means, not halved; the
    generator's is the non-saturating one, mean(-log p(fake)). real_logits is (reals,), fake_logits is (fakes,); their
    lengths may differ. Each loss is a number. Logits of +-1000 must give neither inf nor nan, nor may their gradients.
    """
    softplus = jax.nn.softplus
    discriminator = jnp.mean(softplus(-real_logits)) + jnp.mean(softplus(fake_logits))
    return discriminator, jnp.mean(softplus(-fake_logits))


def _discriminator(real, fake):
    return jnp.mean(jax.nn.softplus(-real)) + jnp.mean(jax.nn.softplus(fake))


def _generator(fake):
    return jnp.mean(jax.nn.softplus(-fake))


def _probabilities(real, fake, tiny=0.0):
    # 1 - p(fake) as p(-fake): compiled, the sum 1 - p + tiny would be rounded in another order.
    p, q, rest = (1 / (1 + jnp.exp(-z)) for z in (real, fake, -fake))
    return -jnp.mean(jnp.log(p + tiny)) - jnp.mean(jnp.log(rest + tiny)), -jnp.mean(jnp.log(q + tiny))


def _clipped(real, fake, low):
    p, q = (jnp.clip(jax.nn.sigmoid(z), low, 1 - low) for z in (real, fake))
    return -jnp.mean(jnp.log(p)) - jnp.mean(jnp.log(1 - q)), -jnp.mean(jnp.log(q))


def _with_a_trap(real, fake):
    def softplus(z):
        return jnp.where(z > 0, z + jnp.log1p(jnp.exp(-z)), jnp.log1p(jnp.exp(z)))

    return jnp.mean(softplus(-real)) + jnp.mean(softplus(fake)), jnp.mean(softplus(-fake))


gan_losses.mistake(
    "That is the saturating loss of the generator, log(1 - p(fake)); use -log p(fake), which is steep where it is bad.",
    lambda real, fake: (_discriminator(real, fake), -jnp.mean(jax.nn.softplus(fake))),
)
gan_losses.mistake(
    "The generator's loss is the discriminator's term on fakes; it wants the opposite, that fakes are taken for real.",
    lambda real, fake: (_discriminator(real, fake), jnp.mean(jax.nn.softplus(fake))),
)
gan_losses.mistake(
    "The generator's loss is minus the discriminator's; in the non-saturating form it is a loss of its own.",
    lambda real, fake: (_discriminator(real, fake), -_discriminator(real, fake)),
)
gan_losses.mistake(
    "The order is (discriminator, generator).", lambda real, fake: (_generator(fake), _discriminator(real, fake))
)
gan_losses.mistake(
    "Losses are means over the images, not sums.",
    lambda real, fake: (
        jnp.sum(jax.nn.softplus(-real)) + jnp.sum(jax.nn.softplus(fake)),
        jnp.sum(jax.nn.softplus(-fake)),
    ),
)
gan_losses.mistake(
    "The discriminator's loss is the sum of the two means; yours is half of it.",
    lambda real, fake: (_discriminator(real, fake) / 2, _generator(fake)),
)
gan_losses.mistake(
    "Reals and fakes have a mean each, and these are added; you take one mean over all images together.",
    lambda real, fake: (
        jnp.mean(jnp.concatenate([jax.nn.softplus(-real), jax.nn.softplus(fake)])),
        _generator(fake),
    ),
    lambda real, fake: (
        2 * jnp.mean(jnp.concatenate([jax.nn.softplus(-real), jax.nn.softplus(fake)])),
        _generator(fake),
    ),
)
gan_losses.mistake(
    "The discriminator's labels are exchanged: reals should have a high p, fakes a low one.",
    lambda real, fake: (_discriminator(-real, -fake), _generator(fake)),
    lambda real, fake: (_discriminator(-real, -fake), _generator(-fake)),
)
gan_losses.mistake(
    "The discriminator must also see fakes: its loss has a second mean, of -log(1 - p(fake)).",
    lambda real, fake: (jnp.mean(jax.nn.softplus(-real)), _generator(fake)),
)
gan_losses.mistake(
    "The discriminator must also see real images: its loss has a first mean, of -log p(real).",
    lambda real, fake: (jnp.mean(jax.nn.softplus(fake)), _generator(fake)),
)
gan_losses.mistake(
    "Losses are to be made small: the minus before the logarithms is missing.",
    lambda real, fake: (-_discriminator(real, fake), -_generator(fake)),
)
gan_losses.mistake(
    "log of a sigmoid breaks down at +-1000, where p is exactly 0 or 1: go from logits to logarithms in one step.",
    _probabilities,
    lambda real, fake: (
        -jnp.mean(jnp.log(jax.nn.sigmoid(real))) - jnp.mean(jnp.log(1 - jax.nn.sigmoid(fake))),
        -jnp.mean(jnp.log(jax.nn.sigmoid(fake))),
    ),
    lambda real, fake: (
        jnp.mean(jnp.log(1 + jnp.exp(-real))) + jnp.mean(jnp.log(1 + jnp.exp(fake))),
        jnp.mean(jnp.log(1 + jnp.exp(-fake))),
    ),
)
gan_losses.mistake(
    "Clipping p, or adding a tiny number to it, caps the loss and stops learning where the error is largest; a "
    "formula in the logits needs no such help.",
    *(lambda real, fake, low=low: _clipped(real, fake, low) for low in (1e-5, 1e-6, 1e-7)),
    *(lambda real, fake, tiny=tiny: _probabilities(real, fake, tiny) for tiny in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12)),
)
gan_losses.mistake(
    "The arguments are logits, not yet probabilities: p = sigmoid(logit).",
    lambda real, fake: (-jnp.mean(jnp.log(real)) - jnp.mean(jnp.log(1 - fake)), -jnp.mean(jnp.log(fake))),
)
gan_losses.mistake(
    "There is one loss for each image; take the means.",
    lambda real, fake: (jax.nn.softplus(-real), jax.nn.softplus(-fake)),
)
gan_losses.mistake(
    "The values are right but their gradient at +-1000 is nan: jnp.where differentiates the exp that overflows in the "
    "branch not taken. Use jax.nn.softplus, or exp of -|z| in both branches.",
    _with_a_trap,
)
