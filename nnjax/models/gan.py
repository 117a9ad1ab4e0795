"""The generative adversarial network (Goodfellow et al., 2014): a forger and a detective, each trained by the other.

The generator makes images x' = G(z) of random numbers z; the discriminator tells of an image how likely it is real,
sigmoid(D(x)). Each has a loss of its own: there is no one number that all parameters descend, so the model has
``losses_and_grads`` in place of ``loss``. Both networks are multilayer perceptrons.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.activations import sigmoid
from nnjax.checks import require_last_axis, require_not_empty, require_sizes
from nnjax.initializers import Key, drawn
from nnjax.models import mlp

Params = dict[str, mlp.Params]
Scalar = Float[Array, ""]


def init(
    key: Key,
    noise: int,
    pixels: int,
    *,
    generator: Sequence[int] = (128, 128),
    discriminator: Sequence[int] = (128,),
) -> Params:
    """Return {"generator", "discriminator"}, two MLPs with hidden layers of these sizes.

    The one leads from ``noise`` random numbers to ``pixels``, the other from pixels to a single logit.
    """
    require_sizes("(noise, pixels)", (noise, pixels))
    generator_key, discriminator_key = jax.random.split(key)
    return {
        "generator": mlp.init(generator_key, (noise, *generator, pixels)),
        "discriminator": mlp.init(discriminator_key, (pixels, *discriminator, 1)),
    }


def generate(generator: mlp.Params, z: Float[Array, "batch noise"]) -> Float[Array, "batch pixels"]:
    """Return the images x' = G(z), every pixel between 0 and 1."""
    return sigmoid(mlp.apply(generator, z))


def discriminate(discriminator: mlp.Params, x: Float[Array, "batch pixels"]) -> Float[Array, " batch"]:
    """Return the logit D(x) of each image: above 0 where it is taken for real."""
    return mlp.apply(discriminator, x, activation="leaky_relu")[:, 0]


def sample(key: Key, params: Params, count: int) -> Float[Array, "count pixels"]:
    """Return ``count`` new images, of standard normal random numbers."""
    require_sizes("count", (count,))
    return generate(params["generator"], noise(key, params, count))


def noise(key: Key, params: Params, count: int) -> Float[Array, "count noise"]:
    """Return what ``count`` images are made of: standard normal random numbers, as many as the generator takes."""
    return drawn(jax.random.normal, key, (count, params["generator"][0]["W"].shape[0]))


def losses(real_logits: Float[Array, " reals"], fake_logits: Float[Array, " fakes"]) -> tuple[Scalar, Scalar]:
    """Return the losses of (discriminator, generator), means over the batches, p = sigmoid(logit)::

        discriminator    -log p(real) - log(1 - p(fake))        says what is real
        generator        -log p(fake)                           is taken for real

    The generator's is the non-saturating one: log(1 - p(fake)), which the discriminator's contains, is flat where the
    forgery is bad, and nothing would be learnt there. When nothing can be told apart they are 2 log 2 and log 2.
    Raises ValueError for an empty batch.
    """
    require_not_empty("real_logits", real_logits)
    require_not_empty("fake_logits", fake_logits)
    # -log sigmoid(z) = log(1 + exp(-z)), and 1 - sigmoid(z) = sigmoid(-z).
    missed = jnp.mean(jax.nn.softplus(-real_logits)) + jnp.mean(jax.nn.softplus(fake_logits))
    return missed, jnp.mean(jax.nn.softplus(-fake_logits))


def losses_and_grads(
    params: Params, x: Float[Array, "batch pixels"], z: Float[Array, "batch noise"]
) -> tuple[tuple[Scalar, Scalar], Params]:
    """Return the losses of (discriminator, generator) and the gradient of each by its own network's parameters.

    For each player the other one is fixed. The gradients are shaped like ``params``.
    Raises ValueError when the images do not have the pixels that the discriminator takes.
    """
    require_last_axis("x", x, params["discriminator"][0]["W"].shape[0], "the discriminator")

    def of_discriminator(discriminator: mlp.Params) -> Scalar:
        fake = generate(params["generator"], z)
        return losses(discriminate(discriminator, x), discriminate(discriminator, fake))[0]

    def of_generator(generator: mlp.Params) -> Scalar:
        fake = generate(generator, z)
        return losses(discriminate(params["discriminator"], x), discriminate(params["discriminator"], fake))[1]

    missed, discriminator_grads = jax.value_and_grad(of_discriminator)(params["discriminator"])
    caught, generator_grads = jax.value_and_grad(of_generator)(params["generator"])
    return (missed, caught), {"generator": generator_grads, "discriminator": discriminator_grads}
