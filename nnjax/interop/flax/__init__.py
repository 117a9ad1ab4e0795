"""The same network as a Flax NNX module, its weights carried both ways.

::

    from nnjax.interop import flax

    module = flax.to_flax("mlp", params, activation="tanh")    # module(x) is models.mlp.apply(params, x, ...)
    params = flax.from_flax(module)                            # the same numbers, or what Flax has made of them

Each module is written in Flax's own layers, in the way of its documentation: the files beside this one also show what a
network of this course looks like there. Flax (``pip install "flax>=0.12"``) is needed only by a call.
"""

import importlib
import inspect
from typing import Any

import jax
from jaxtyping import PyTree

from nnjax.checks import unknown

TWINS = {
    "linear": "dense.Neurons",
    "logistic": "dense.Neurons",
    "mlp": "dense.MLP",
    "cnn": "convolutional.CNN",
    "text_cnn": "convolutional.TextCNN",
    "rnn": "recurrent.Classifier",
    "rnn_language": "recurrent.LanguageModel",
    "transformer": "transformer.LanguageModel",
    "vision_transformer": "transformer.Vision",
}
"""The models that have a twin, and where it is."""

WITHOUT = {
    "perceptron": "its step has no gradient, and Flax no rule of Rosenblatt's",
    "adaline": "its outputs are those of 'linear', which has one",
    "alexnet": "Flax has no local response normalisation",
    "lenet": "Flax has no subsampling that learns, and no connections from some maps only",
    "hopfield": "Flax has no network without layers and losses",
    "gan": "its generator and its discriminator are two networks; carry each as an 'mlp'",
    "selfplay": "its network plays with a search that Flax does not have",
    "tictactoe": "it is a game",
    "tree_search": "it is a search",
}
"""Why the others have none."""


def to_flax(model: str, params: PyTree, **settings: Any) -> Any:
    """Return a ``flax.nnx.Module`` with these parameters that computes what ``models.<model>.apply`` does.

    ``settings`` are the keywords of that ``apply``, without ``key``. Dropout is off, as it is there without a key; when
    a rate is given here, ``module.train()`` switches it on, with random numbers of Flax's own, ``module.eval()`` off.
    A token out of range is no error there: one too large gives nan, as ours under ``jit``, but a negative one counts
    from the end of the table.
    Raises ValueError when the model, a setting or the parameters have no twin in Flax; ImportError without Flax.
    """
    if model in WITHOUT:
        raise ValueError(f"the model {model!r} has no twin in Flax: {WITHOUT[model]}")
    if model not in TWINS:
        raise unknown("model", model, TWINS)
    file, name = TWINS[model].split(".")
    twin = getattr(_room(file), name)
    _, *known = inspect.signature(twin.like).parameters.values()
    for setting in settings:
        if setting not in {parameter.name for parameter in known}:
            raise unknown("setting", setting, [parameter.name for parameter in known])
    for parameter in known:
        if parameter.default is parameter.empty and parameter.name not in settings:
            raise ValueError(f"the model {model!r} needs the setting {parameter.name!r}, the one its apply is given")
    return _room("twin").filled(twin, params, settings)


def from_flax(module: Any) -> PyTree:
    """Return the parameters of a module that ``to_flax`` made, in nnjax's layout, bit for bit.

    Raises ValueError for any other object; ImportError without Flax.
    """
    if not isinstance(module, _room("twin").Twin):
        raise ValueError(f"module is a {type(module).__name__}; from_flax takes what to_flax has made")
    return jax.tree.map(lambda slot: slot.variable[...].reshape(slot.shape), module.slots())


def _room(file: str) -> Any:
    try:
        return importlib.import_module(f"nnjax.interop.flax.{file}")
    except ModuleNotFoundError as error:
        if error.name != "flax":
            raise
        raise ImportError('this needs Flax, which is not installed: pip install "flax>=0.12"') from error
