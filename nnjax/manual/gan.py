"""The generative adversarial network by hand (Goodfellow et al., 2014): two players, two losses, two gradients.

Forward, from random numbers Z and real images X, with G and D multilayer perceptrons and s the sigmoid::

    X' = s(G(Z))          r = D(X), f = D(X')          one logit for each real and each forged image

The losses, with n real and n forged images, -log s(z) = log(1 + e^-z) and 1 - s(z) = s(-z)::

    L_D = 1/n sum log(1 + e^-r) + 1/n sum log(1 + e^f)          L_G = 1/n sum log(1 + e^-f)

They are binary cross-entropies: in L_D with the targets 1 for real and 0 for forged, in L_G with 1 for forged. So their
slopes by the logits are (s - target) / n::

    for D:    dr = (s(r) - 1) / n        df = s(f) / n
    for G:    df = (s(f) - 1) / n

Backward. The discriminator's gradient is the sum of what comes back from both of its batches. The generator's passes
through the discriminator without changing it: what is wanted there is not the gradient by D's weights but the one by
its input, dX', which says of each pixel how it should change to be taken for real. It goes on through the sigmoid::

    grads_D = backward_D(dr) + backward_D(df)
    dX' = input gradient of backward_D(df for G)          da = dX' * X' (1 - X')          grads_G = backward_G(da)

Where a forgery is plainly bad, s(f) is nearly 0, and so is the slope s(f) / n of L_D: G would learn nothing by climbing
it. It descends L_G instead, whose slope there is -1/n.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from nnjax.manual import mlp
from nnjax.manual.losses import binary_cross_entropy

Params = dict[str, mlp.Params]


def losses(
    real_logits: Float[ndarray, " reals"], fake_logits: Float[ndarray, " fakes"]
) -> tuple[tuple[Any, Any], tuple[ndarray, ndarray, ndarray]]:
    """Return (L_D, L_G) and (dr for D, df for D, df for G)."""
    missed, dr = binary_cross_entropy(real_logits, np.ones_like(real_logits))
    caught, df = binary_cross_entropy(fake_logits, np.zeros_like(fake_logits))
    generator, df_of_generator = binary_cross_entropy(fake_logits, np.ones_like(fake_logits))
    return (missed + caught, generator), (dr, df, df_of_generator)


def losses_and_grads(
    params: Params, x: Float[ndarray, "batch pixels"], z: Float[ndarray, "batch noise"]
) -> tuple[tuple[Any, Any], Params]:
    """Return ((L_D, L_G), grads), those of ``models.gan.losses_and_grads``: each network's are of its own loss."""
    generator, discriminator = params["generator"], params["discriminator"]
    fake, of_fake = mlp.forward(generator, z, output_activation="sigmoid")
    r, of_r = mlp.forward(discriminator, x, activation="leaky_relu")
    f, of_f = mlp.forward(discriminator, fake, activation="leaky_relu")
    values, (dr, df, df_of_generator) = losses(r[:, 0], f[:, 0])

    _, from_real = mlp.backward(discriminator, of_r, dr[:, None], activation="leaky_relu")
    _, from_fake = mlp.backward(discriminator, of_f, df[:, None], activation="leaky_relu")
    both = [{name: a[name] + b[name] for name in a} for a, b in zip(from_real, from_fake, strict=True)]

    dfake, _ = mlp.backward(discriminator, of_f, df_of_generator[:, None], activation="leaky_relu")
    _, into_generator = mlp.backward(generator, of_fake, dfake, output_activation="sigmoid")
    return values, {"generator": into_generator, "discriminator": both}
