"""Drawing from what a network predicts: one class from the softmax of its logits, hot or cold."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from nnjax.checks import require_between, require_not_empty
from nnjax.initializers import Key


def sample(
    key: Key, logits: Float[Array, "*batch classes"], temperature: float | Float[Array, ""] = 1.0
) -> Int[Array, "*batch"]:
    """Return a class for each row, class k with probability p_k = exp(z_k / T) / sum_j exp(z_j / T).

    T is the temperature of the Boltzmann distribution (Ackley, Hinton and Sejnowski, 1985): at 1 the classes come as
    the network predicts them, below 1 the likely ones more often, at 0 always the likeliest, above 1 more evenly.
    Raises ValueError for a temperature below 0 and for logits without classes.
    """
    require_not_empty("logits", logits)
    require_between("temperature", temperature, 0, float("inf"), high_included=False)
    # log p differs from z / T by a constant, which does not change the draw; 1 stands in for T where T is 0.
    warm = jnp.where(temperature == 0, 1.0, temperature)
    drawn = jax.random.categorical(key, logits / warm)
    return jnp.where(temperature == 0, jnp.argmax(logits, axis=-1), drawn)
