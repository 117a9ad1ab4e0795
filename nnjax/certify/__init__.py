"""The certificate: by hand = ``jax.grad`` = finite differences, in float64: every activation, loss, layer and model.

``run()`` gives the table that ``nnjax certify`` prints; ``gradient_error`` certifies one network on its own data.
"""

from nnjax.certify.engine import Case, Certificate, certify_cases, gradient_error, relative_error
from nnjax.certify.table import names, run

__all__ = ["Case", "Certificate", "certify_cases", "gradient_error", "names", "relative_error", "run"]
