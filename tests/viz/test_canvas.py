"""The sheet: headlines that fit, legends that fit, and a figure that shows itself."""

import io

import numpy as np
import pytest
from PIL import Image

from nnjax import viz
from nnjax.viz import canvas, style


@pytest.mark.parametrize("words", [3, 15, 40])
def test_a_headline_of_any_length_fits(well_made, words):
    title = " ".join(["MWMWM", "illicit", "$100", "x_1"][i % 4] for i in range(words))
    figure = viz.loss_curves({"loss": [2.0, 1.0]}, title=title)
    assert figure.get_suptitle().replace("\n", " ") == title
    assert figure.get_suptitle().count("\n") < 6
    well_made(figure)


def test_long_labels_are_cut_and_the_legend_grows_downwards(well_made):
    curves = {f"{i} WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW $a$": [2.0, 1.0] for i in range(7)}
    figure = viz.compare_curves(curves)
    assert all("…" in text.get_text() for text in figure.legends[0].get_texts())
    well_made(figure)


def test_a_legend_that_cannot_fit_is_an_error():
    with style.context():
        figure, (axes,) = canvas.blank()
        handles = axes.plot([1, 2])
        with pytest.raises(ValueError, match="too long for a legend"):
            canvas.legend(figure, handles, ["W" * 100])
    assert not figure.legends


def test_a_picture_shows_itself_in_a_notebook():
    figure = viz.loss_curves({"loss": [2.0, 1.0]})
    data, size = figure._repr_png_()
    assert size == {"width": 640, "height": 440}
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (1280, 880)
        assert np.asarray(image.convert("RGB"))[0, 0].tolist() == [255, 255, 255]
