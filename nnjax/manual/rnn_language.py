"""The recurrent language model by hand (Mikolov et al., 2010).

Forward, for tokens u_1 .. u_T, each of which has u_(t+1) as its target::

    x_t = row u_t of the embedding        h_t = the recurrent layers' output        logits_t = h_t W + b
    E = mean over the batch and over t of the cross-entropy of logits_t with the token that came next

Backward, part by part. As far as the dense layer and the loss are concerned each time step is an example of its own:
(batch, time) is one axis of batch times time rows, and the mean runs over them. The recurrent layers get a gradient at
every step, not only the last, and what they leave by their inputs is added up token by token in the embedding.
"""

from typing import Any

from jaxtyping import Float, Integer
from numpy import ndarray

from nnjax.manual import dense, embedding, losses, rnn

Params = dict[str, Any]


def loss_and_grads(
    params: Params, tokens: Integer[ndarray, "batch time"], targets: Integer[ndarray, "batch time"], *, cell: str
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.rnn_language.loss)``."""
    x, looked_up = embedding.forward(params["embedding"], tokens)
    outputs, caches = rnn.stack_forward(params["recurrent"], x, cell=cell)
    logits, rows = dense.forward(params["output"], _rows(outputs))
    loss, dlogits = losses.cross_entropy(logits, targets.reshape(-1))

    drows, output_grads = dense.backward(params["output"], rows, dlogits)
    dx, recurrent_grads = rnn.stack_backward(params["recurrent"], caches, drows.reshape(outputs.shape), cell=cell)
    embedding_grads = embedding.backward(params["embedding"], looked_up, dx)
    return loss, {"embedding": embedding_grads, "recurrent": recurrent_grads, "output": output_grads}


def _rows(outputs: Float[ndarray, "batch time hidden"]) -> Float[ndarray, "rows hidden"]:
    return outputs.reshape(-1, outputs.shape[-1])
