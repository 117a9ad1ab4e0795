"""The recurrent language model: reads token by token and says, after each, what comes next (Mikolov et al., 2010).

Each token's row of an embedding goes through a stack of recurrent layers; a dense layer on each of their outputs gives
the logits of the next token. Text is written by drawing a token, reading it, drawing the next.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from nnjax import layers, losses, sampling
from nnjax.checks import require_between, require_not_empty, require_sizes, require_tokens
from nnjax.initializers import Key, glorot_uniform
from nnjax.models import rnn

Params = dict[str, Any]
Scalar = Float[Array, ""]


def init(key: Key, tokens: int, sizes: Sequence[int], *, cell: str = "lstm") -> Params:
    """Return {"embedding", "recurrent": [layer, ...], "output": dense} for a vocabulary of ``tokens``.

    ``sizes`` = (width of the embedding, hidden, ...), a hidden size for each layer; ``cell``: "elman", "lstm" or "gru",
    the same as in ``apply``. Raises ValueError for fewer than two sizes, a size below 1, an unknown cell.
    """
    require_sizes("tokens", [tokens])
    require_sizes("sizes", sizes, least=2)
    first, *keys, last = jax.random.split(key, len(sizes) + 1)
    return {
        "embedding": layers.embedding.init(first, tokens, sizes[0]),
        "recurrent": rnn.stack_init(keys, sizes, cell=cell),
        "output": layers.dense.init(last, sizes[-1], tokens, initializer=glorot_uniform),
    }


def apply(
    params: Params, tokens: Integer[Array, "batch time"], *, cell: str = "lstm"
) -> Float[Array, "batch time tokens"]:
    """Return the logits of the next token after each of the tokens.

    Raises ValueError for an empty sequence, a token out of range, an unknown cell or layers made for another one.
    """
    outputs, _ = _read(params, "tokens", tokens, cell)
    # As rows of one matrix, which is one product, not one for each text.
    logits = layers.dense.apply(params["output"], outputs.reshape(-1, outputs.shape[-1]))
    return logits.reshape(*outputs.shape[:-1], -1)


def loss(
    params: Params, tokens: Integer[Array, "batch time"], targets: Integer[Array, "batch time"], *, cell: str = "lstm"
) -> Scalar:
    """Return the cross-entropy, over all time steps, of the logits with ``targets``, the tokens that came next."""
    return losses.cross_entropy(apply(params, tokens, cell=cell), targets)


def generate(
    key: Key,
    params: Params,
    prompt: Integer[Array, "batch time"],
    length: int,
    *,
    cell: str = "lstm",
    temperature: float | Scalar = 1.0,
) -> Integer[Array, "batch length"]:
    """Return ``length`` tokens that go on from each prompt, drawn one by one as by ``sampling.sample``; compiled.

    The prompt is read once; then only the state is carried on, so each token costs the same however long the text is.
    Token t is drawn with the key fold_in(key, t): with the same key a longer text begins like a shorter one.
    Raises ValueError for an empty prompt, a token out of range, a length below 1, a temperature below 0, and what
    ``apply`` refuses.
    """
    require_sizes("length", [length])
    require_between("temperature", temperature, 0, float("inf"), high_included=False)
    rnn.require_cell(cell, params["recurrent"])
    _check("prompt", prompt, params)
    return _generate(key, params, prompt, length, cell, temperature)


@partial(jax.jit, static_argnames=("length", "cell"))
def _generate(key: Key, params: Params, prompt: Array, length: int, cell: str, temperature: Any) -> Array:
    outputs, states = _read(params, "prompt", prompt, cell)

    def step(carry: tuple[Array, list[Any]], t: Array) -> tuple[tuple[Array, list[Any]], Array]:
        h, states = carry
        logits = layers.dense.apply(params["output"], h)
        token = sampling.sample(jax.random.fold_in(key, t), logits, temperature)
        x = layers.embedding.apply(params["embedding"], token)
        return rnn.stack_step(params["recurrent"], states, x, cell=cell), token

    _, text = jax.lax.scan(step, (outputs[:, -1], states), jnp.arange(length))
    return text.T


def _read(params: Params, name: str, tokens: Array, cell: str) -> tuple[Array, list[Any]]:
    _check(name, tokens, params)
    return rnn.stack_apply(params["recurrent"], layers.embedding.apply(params["embedding"], tokens), cell=cell)


def _check(name: str, tokens: Array, params: Params) -> None:
    if jnp.ndim(tokens) != 2:
        raise ValueError(f"{name} has shape {jnp.shape(tokens)}; it must be (batch, time)")
    require_not_empty(name, tokens)
    require_tokens(name, tokens, len(params["embedding"]["W"]))
