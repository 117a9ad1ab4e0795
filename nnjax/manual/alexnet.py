"""AlexNet at small size by hand: the network of ``manual.cnn`` in its layout, with pooling windows that overlap.

A pixel that wins in several windows adds up what it gets from each of them (``manual.pooling``); nothing else is new.
"""

from functools import partial

from nnjax.manual import cnn

loss_and_grads = partial(cnn.loss_and_grads, pooled=(0, 1, 4), size=3, stride=2)
"""Return (E, grads), that of ``jax.value_and_grad(models.alexnet.loss)``."""
