"""Run directories: train a model by name, and keep settings, checkpoints, history, parameters and curves together."""

from nnjax.runs.networks import Network, prepare
from nnjax.runs.run import train
from nnjax.runs.settings import MODELS, USES, Settings, parse_hidden
from nnjax.runs.trained import export, load

__all__ = ["MODELS", "USES", "Network", "Settings", "export", "load", "parse_hidden", "prepare", "train"]
