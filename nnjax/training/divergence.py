"""A run whose numbers are no longer finite is stopped, with what to try."""

import jax
import numpy as np
from jaxtyping import PyTree


def require_finite_losses(losses: np.ndarray, epoch: int, start: int, steps: int) -> None:
    """Raise FloatingPointError at the first loss that is not finite; losses[0] is that of step ``start``, from 0."""
    wrong = np.flatnonzero(~np.isfinite(losses))
    if wrong.size:
        first = int(wrong[0])
        before = f" (the step before: {losses[first - 1]:.6g})" if first else ""
        where = f"epoch {epoch}, step {start + first + 1} of {steps}"
        raise FloatingPointError(_advice(f"the loss became {losses[first]} in {where}{before}"))


def require_finite_validation(loss: float, epoch: int) -> None:
    """Raise FloatingPointError if the loss on the test data, measured after an epoch, is not finite."""
    if not np.isfinite(loss):
        raise FloatingPointError(_advice(f"the loss on the test data is {loss} after epoch {epoch}"))


def require_finite_params(params: PyTree, epoch: int) -> None:
    """Raise FloatingPointError if the last step of an epoch, after the last loss, broke the parameters."""
    if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(params)):
        raise FloatingPointError(_advice(f"the last step of epoch {epoch} made parameters that are not finite"))


def _advice(what: str) -> str:
    return (
        f"{what}; try a smaller learning rate, standardised inputs (nnjax.data.standardize), smaller initial weights, "
        "or clipped gradients (optax.chain(optax.clip_by_global_norm(1.0), optimizer))"
    )
