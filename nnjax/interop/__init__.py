"""To and from others: the same network as a Flax module, and a trained one as a file that runs without nnjax."""

from nnjax.interop import flax
from nnjax.interop.exporting import export

__all__ = ["export", "flax"]
