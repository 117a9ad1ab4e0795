"""The embedding: a table with a learned row of numbers for every token, looked up (Bengio et al., 2003)."""

from functools import partial

import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from nnjax.checks import require_sizes, require_tokens
from nnjax.initializers import Initializer, Key, normal

Params = dict[str, Array]

unit_normal: Initializer = partial(normal, std=1.0)


def init(key: Key, tokens: int, width: int, *, initializer: Initializer = unit_normal) -> Params:
    """Return {"W": (tokens, width)}, a row for each of the tokens 0 .. tokens - 1.

    A row goes into the layer above as it is, and layers are initialised for inputs of variance 1: so are these numbers.
    Raises ValueError for a size below 1.
    """
    require_sizes("(tokens, width)", (tokens, width))
    return {"W": initializer(key, (tokens, width))}


def apply(params: Params, tokens: Integer[Array, "*batch"]) -> Float[Array, "*batch width"]:
    """Return row t of W for every token t, shape (*batch, width): a dense layer whose input is one-hot.

    Raises ValueError when a concrete token is out of range or no integer. A traced one that is out of range gets a row
    of nan, in a table of floats, and so does the loss that follows from it.
    """
    require_tokens("tokens", tokens, len(params["W"]))
    return jnp.asarray(params["W"]).at[jnp.asarray(tokens)].get(mode="fill", wrap_negative_indices=False)
