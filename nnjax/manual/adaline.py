"""ADALINE by hand: the squared error is taken of the linear output, before the step, so it has a slope.

As an optimisation problem it is linear regression with targets 0 and 1. One step against the gradient is the delta rule
of Widrow and Hoff (1960): W <- W + eta 1/n x^T (d - y).
"""

from nnjax.manual.linear import loss_and_grads

__all__ = ["loss_and_grads"]
