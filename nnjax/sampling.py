"""Drawing from what a network predicts: one class from the softmax of its logits, hot or cold."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from nnjax.checks import require_between, require_not_empty
from nnjax.initializers import Key

TINY = float(jnp.finfo(jnp.float32).tiny)


def sample(
    key: Key, logits: Float[Array, "*batch classes"], temperature: float | Float[Array, ""] = 1.0
) -> Int[Array, "*batch"]:
    """Return a class for each row, class k with probability p_k = exp(z_k / T) / sum_j exp(z_j / T).

    T is the temperature of the Boltzmann distribution (Ackley, Hinton and Sejnowski, 1985): at 1 the classes come as
    the network predicts them, below 1 the likely ones more often, at 0 always the likeliest, above 1 more evenly.
    Computed in float32 at least, with T of at least its smallest normal number, 1e-38, where it is not 0.
    Raises ValueError for a temperature below 0 and for logits without classes.
    """
    require_not_empty("logits", logits)
    require_between("temperature", temperature, 0, float("inf"), high_included=False)
    logits = jnp.asarray(logits, jnp.promote_types(jnp.result_type(logits), jnp.float32))
    # log p differs from z / T by a constant, which does not change the draw; 1 stands in for T where T is 0.
    warm = jnp.maximum(jnp.where(temperature == 0, 1.0, temperature), TINY)
    # Where z / T would be infinite, the likeliest class is put at 0: the others are below, however far.
    top = jnp.max(logits, axis=-1, keepdims=True)
    drawn = jax.random.categorical(key, (logits - jnp.where(jnp.isfinite(top / warm), 0, top)) / warm)
    return jnp.where(temperature == 0, jnp.argmax(logits, axis=-1), drawn)
