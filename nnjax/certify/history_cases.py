"""Cases of models that have no ``loss``: the energy of a Hopfield network, and the two losses of a GAN."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from nnjax import manual, models
from nnjax.certify.engine import Case

Cases = Callable[[np.random.Generator], Iterator[Case]]


def _hopfield(rng: np.random.Generator) -> Iterator[Case]:
    """The energy by weights and states: at states of +-1, and between them, where it is a smooth function too."""
    for batch, patterns, neurons, signs in ((3, 2, 6, True), (1, 4, 5, False), (4, 1, 2, True)):
        weights = manual.hopfield.store(rng.choice([-1.0, 1.0], (patterns, neurons)))
        states = rng.choice([-1.0, 1.0], (batch, neurons)) if signs else rng.normal(size=(batch, neurons))

        def by_hand(inputs: Any, dy: Any) -> tuple[Any, Any]:
            y, h = manual.hopfield.energy(inputs["weights"], inputs["state"])
            if dy is None:
                return y, None
            dstate, dweights = manual.hopfield.energy_backward(inputs["state"], h, dy)
            return y, {"weights": dweights, "state": dstate}

        yield Case({"weights": weights, "state": states}, lambda inputs: models.hopfield.energy(**inputs), by_hand)


def _random_gan(rng: np.random.Generator, noise: int, pixels: int, hidden: tuple[int, ...]) -> Any:
    # Only the shapes come from init: its biases are zero, where a wrong gradient could hide.
    init = partial(models.gan.init, noise=noise, pixels=pixels, generator=hidden, discriminator=hidden[::-1])
    return jax.tree.map(lambda p: rng.normal(0, 0.7, p.shape), jax.eval_shape(init, jax.random.key(0)))


def _gan(rng: np.random.Generator) -> Iterator[Case]:
    """Each player's loss by that player's parameters, the other's held fixed."""
    for batch, noise, pixels, hidden in ((4, 2, 3, (5,)), (1, 3, 2, (4, 3)), (3, 1, 4, ())):
        params = _random_gan(rng, noise, pixels, hidden)
        x, z = rng.uniform(size=(batch, pixels)), rng.normal(size=(batch, noise))
        for place, player in enumerate(("discriminator", "generator")):

            def apply(own: Any, place: int = place, player: str = player, given: Any = (params, x, z)) -> Any:
                params, x, z = jax.tree.map(jax.numpy.asarray, given)
                return _own_loss(place, player, params, x, z)(own)

            def by_hand(
                own: Any, dy: Any, place: int = place, player: str = player, given: Any = (params, x, z)
            ) -> Any:
                params, x, z = given
                values, grads = manual.gan.losses_and_grads(params | {player: own}, x, z)
                return values[place], grads[player]

            yield Case(params[player], apply, by_hand)


def _own_loss(place: int, player: str, params: Any, x: Any, z: Any) -> Callable[[Any], Any]:
    """Return the loss of a player as a function of its own parameters; its derivative is the one the model returns."""

    @jax.custom_vjp
    def loss(own: Any) -> Any:
        return models.gan.losses_and_grads(params | {player: own}, x, z)[0][place]

    def forward(own: Any) -> Any:
        values, grads = models.gan.losses_and_grads(params | {player: own}, x, z)
        return values[place], grads[player]

    loss.defvjp(forward, lambda grads, dy: (jax.tree.map(lambda leaf: dy * leaf, grads),))
    return loss


CASES: dict[str, Cases] = {"models.hopfield": _hopfield, "models.gan": _gan}
