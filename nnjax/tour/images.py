"""Lesson 07: convolutional networks, of digits and of text."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

from nnjax import data, manual, optimizers
from nnjax.models import cnn, text_cnn
from nnjax.tour.stop import Stop, trained


def digits_cnn(keys: Array) -> Stop:
    """Train two layers of 3 x 3 filters on the digits as images, and show the filters and what they find."""
    dataset, epochs, batch_size = data.load("digits"), 20, 32
    schedule = optax.cosine_onecycle_schedule(epochs * (len(dataset.x) // batch_size), 4e-3, 0.2)
    stop, result = trained(
        keys, "07", "CNN 32-64, 128", dataset,
        init=partial(cnn.init, shape=dataset.x.shape[1:], filters=(32, 64), hidden=(128,), kernel=3),
        apply=partial(cnn.apply, dropout=0.3), loss=cnn.loss, by_hand=manual.cnn.loss_and_grads,
        optimizer=optimizers.adam(schedule), epochs=epochs, batch_size=batch_size,
    )  # fmt: skip
    params = jax.tree.map(lambda p: p[0], result.params)

    def filters() -> Any:
        from nnjax import viz

        return viz.filters(np.asarray(params["conv"][0]["W"]))

    def feature_maps() -> Any:
        from nnjax import viz

        image = dataset.x_test[0]
        maps = cnn.features(params["conv"], jnp.asarray(image[None]))[0]
        return viz.feature_maps(image, np.asarray(maps[0]))

    def convolution() -> Any:
        from nnjax import viz

        image = np.round(4 * dataset.x_test[0, 1:7, 1:7, 0])
        return viz.convolution_animation(image, np.array([[-1, 0, 1]] * 3), stride=2, padding=1)

    return stop._replace(
        pictures={"cnn_filters.png": filters, "cnn_maps.png": feature_maps, "convolution.gif": convolution}
    )


def scripts_cnn(keys: Array) -> Stop:
    """Tell the script of a letter from its name, the script's own name left out, by filters two to four wide."""
    dataset = data.load("unicode_scripts")
    tokens = len(data.unicode.SYMBOLS)
    return trained(
        keys, "07", "1-D CNN, n-grams", dataset,
        init=partial(text_cnn.init, tokens=tokens, classes=len(dataset.classes), width=16, filters=32),
        apply=text_cnn.apply, loss=text_cnn.loss, by_hand=manual.text_cnn.loss_and_grads,
        optimizer=optimizers.adam(0.005), epochs=4, batch_size=32, data_name="scripts",
    )[0]  # fmt: skip
