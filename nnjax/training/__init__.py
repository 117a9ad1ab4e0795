"""Training: a network, a data set and an optimizer in; trained parameters and their history out.

``fit`` trains one network, ``fit_many`` many at once (seeds, hyper-parameters), ``evaluate`` measures one. An epoch is
one pass over the training data in a new random order; it runs as one compiled loop, with the data on the device.
"""

from nnjax.training.adversarial import fit_gan
from nnjax.training.evaluation import evaluate
from nnjax.training.many import FitMany, fit_many
from nnjax.training.single import Fit, fit

__all__ = ["Fit", "FitMany", "evaluate", "fit", "fit_gan", "fit_many"]
