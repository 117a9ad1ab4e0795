"""The embedding by hand (Bengio et al., 2003): a table of rows, one for each token.

Forward, for the n-th token t_n and entry j of its row::

    y_nj = W_(t_n)j = sum_t [t_n = t] W_tj            Y = D W, D the one-hot rows of the tokens

Backward. W_tj reaches the output wherever token t stands, with slope 1, and nowhere else. So the gradient of a row is
the sum of what comes back at all its places, and that of a token that did not occur is 0::

    dW_tj = sum_n [t_n = t] dY_nj                     dW = D^T dY

which is the dense layer's X^T dY, without multiplying by all the zeros of D. Tokens are whole numbers: they have no
gradient.
"""

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

Params = dict[str, ndarray]


def forward(
    params: Params, tokens: Integer[ndarray, "*batch"]
) -> tuple[Float[ndarray, "*batch width"], Integer[ndarray, "*batch"]]:
    """Return (row W_t for every token t, cache); the cache is the tokens."""
    return params["W"][tokens], tokens


def backward(params: Params, tokens: Integer[ndarray, "*batch"], dy: Float[ndarray, "*batch width"]) -> Params:
    """Return the grads {"W"}: the rows of dy added up, token by token."""
    dW = np.zeros_like(params["W"])
    np.add.at(dW, tokens, dy)
    return {"W": dW}
