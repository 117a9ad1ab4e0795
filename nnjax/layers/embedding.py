"""The embedding: a table with a learned row of numbers for every token, looked up (Bengio et al., 2003)."""

from functools import partial

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

    Raises ValueError when a concrete token is out of range (a traced one would take the nearest row) or no integer.
    """
    require_tokens("tokens", tokens, len(params["W"]))
    return params["W"][tokens]
