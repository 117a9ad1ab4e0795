"""Small images: each tile is the filter, the map or the image that its number says."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from nnjax import viz
from nnjax.viz import tiles

RNG = np.random.default_rng(0)
W1, W6 = RNG.normal(size=(5, 5, 1, 40)), RNG.normal(size=(3, 4, 10, 20))
IMAGE = RNG.uniform(size=(8, 8))
MAPS = np.maximum(RNG.normal(size=(6, 7, 9)), 0)
MAPS[..., 4] = 0


def drawn(figure):
    return [np.asarray(image.get_array()) for image in figure.axes[0].images]


def test_filters_of_one_channel_stand_in_rows_on_one_symmetric_scale(well_made):
    figure = viz.filters(W1)
    assert np.array_equal(drawn(figure), np.moveaxis(W1[:, :, 0, :32], -1, 0))
    limits = {image.get_clim() for image in figure.axes[0].images}
    assert limits == {(-np.abs(W1).max(), np.abs(W1).max())}
    assert figure.get_suptitle().replace("\n", " ").startswith("40 filters of 5 × 5 weights (the first 32 filters): ")
    assert {*map(str, range(32)), "weight"} <= set(well_made(figure))
    few = viz.filters(np.zeros((3, 3, 1, 2)))
    assert few.get_suptitle().replace("\n", " ").startswith("2 filters of 3 × 3 weights: dark ones subtract")
    well_made(few)


def test_filters_of_several_channels_are_a_table_of_filter_and_channel(well_made):
    figure = viz.filters(W6, count=5)
    shown = np.reshape(drawn(figure), (8, 5, 3, 4))
    assert np.array_equal(shown, W6[:, :, :8, :5].transpose(2, 3, 0, 1))
    assert "20 filters of 3 × 4 × 10 weights (the first 5 filters and 8 inputs)" in figure.get_suptitle().replace(
        "\n", " "
    )
    assert {"filter", "input channel", "weight"} <= set(well_made(figure))
    well_made(viz.filters(W6[..., :3, :]))


def test_printed_in_grey_a_larger_weight_is_brighter():
    grey = [np.dot(to_rgb(tiles.SIGNED(value)), (0.299, 0.587, 0.114)) for value in np.linspace(0, 1, 41)]
    assert np.all(np.diff(grey) > 0.005)
    assert grey[20] - grey[0] > 0.3
    assert grey[40] - grey[20] > 0.3


def test_maps_stand_beside_their_image(well_made):
    figure = viz.feature_maps(IMAGE[..., None], MAPS)
    *maps, image = drawn(figure)
    assert np.array_equal(image, IMAGE)
    assert np.array_equal(maps, np.moveaxis(MAPS, -1, 0))
    assert figure.axes[0].images[0].get_clim() == (0, MAPS.max())
    most = int(np.argmax(MAPS.mean(axis=(0, 1))))
    wanted = f"9 feature maps of one image; number {most} is the most active, 1 is silent"
    assert figure.get_suptitle().replace("\n", " ") == wanted
    assert {"input", "8", "activation"} <= set(well_made(figure))


def test_maps_with_negative_numbers_have_a_symmetric_scale(well_made):
    figure = viz.feature_maps(RNG.uniform(size=(4, 9, 3)), MAPS - 1, count=3)
    low, high = figure.axes[0].images[0].get_clim()
    assert -low == high == np.abs(MAPS - 1).max()
    assert figure.get_suptitle().replace("\n", " ").endswith("(shown are the first 3)")
    assert len(drawn(figure)) == 4
    well_made(figure)
    well_made(viz.feature_maps(IMAGE, MAPS[..., :1]))


def test_a_map_that_is_not_shown_is_said_to_be_so(well_made):
    maps = RNG.uniform(size=(4, 4, 32))
    maps[..., 30] = 9
    figure = viz.feature_maps(IMAGE, maps)
    wanted = "32 feature maps of one image; number 30, not shown, is the most active (shown are the first 24)"
    assert figure.get_suptitle().replace("\n", " ") == wanted
    well_made(figure)


@pytest.mark.parametrize("shape", [(23, 8, 8), (7, 6, 9, 1), (3, 5, 4, 3)])
def test_samples_stand_row_by_row_with_their_names(well_made, shape):
    images = RNG.uniform(size=shape)
    names = [f"$number_{i}" for i in range(len(images))]
    figure = viz.samples_grid(images, names, columns=5)
    assert np.array_equal(drawn(figure), images[..., 0] if shape[-1] == 1 else images)
    assert set(names) < set(well_made(figure))
    assert figure.get_suptitle() == f"{len(images)} images"
    assert viz.samples_grid(images, title="Drawn").get_suptitle() == "Drawn"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: viz.filters(W1[0]),
            r"kernels has shape \(5, 1, 40\); it must have shape \(height, width, inputs, fil",
        ),
        (lambda: viz.filters(W1, count=0), "count is 0; it must be at least 1"),
        (lambda: viz.feature_maps(IMAGE, MAPS[0]), r"maps has shape \(7, 9\)"),
        (lambda: viz.feature_maps(IMAGE * 255, MAPS), r"image lies in \[.*\]; scale it to \[0, 1\]"),
        (lambda: viz.feature_maps(IMAGE, MAPS * np.nan), r"maps\[0, 0, 0\] is nan"),
        (lambda: viz.samples_grid(IMAGE), r"images has shape \(8, 8\)"),
        (lambda: viz.samples_grid(np.zeros((201, 2, 2))), "images has 201 images; this picture has room for 200"),
        (lambda: viz.samples_grid(IMAGE[None], ["a", "b"]), "names has 2 names for 1 images"),
        (lambda: viz.samples_grid(IMAGE[None], columns=0), "columns is 0"),
    ],
)
def test_bad_input(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
