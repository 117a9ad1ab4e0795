"""Generated images beside the nearest real ones, found here by a plain loop."""

import numpy as np
import pytest

from nnjax import viz

REAL = np.random.default_rng(0).uniform(size=(30, 8, 8))
MADE = np.random.default_rng(1).uniform(size=(13, 8, 8))


def nearest(image):
    distances = [float(np.sqrt(np.sum((image - real) ** 2))) for real in REAL]
    return int(np.argmin(distances)), min(distances)


def test_under_each_image_stand_the_nearest_and_its_distance(well_made):
    figure = viz.generated_digits(MADE, REAL)
    shown = [axes.images[0].get_array() if axes.images else None for axes in figure.axes]
    assert len(shown) == 40
    texts = well_made(figure)
    assert [texts.count(name) for name in ("generated", "nearest real", "distance")] == [2, 2, 2]
    for i, image in enumerate(MADE):
        place = 20 * (i // 10) + i % 10
        index, distance = nearest(image)
        np.testing.assert_array_equal(shown[place], image)
        np.testing.assert_array_equal(shown[place + 10], REAL[index])
        assert f"{distance:.2f}" in texts
    median = np.median([nearest(image)[1] for image in MADE])
    assert figure.get_suptitle().replace("\n", " ") == f"Generated (black) and nearest real (blue): {median:.2f} apart"


def test_unseen_images_tell_what_is_usual(well_made):
    figure = viz.generated_digits(MADE[:4, ..., None], REAL[..., None], unseen=REAL + 0)
    assert figure.get_suptitle().replace("\n", " ").endswith("; an unseen real one is 0.00 from its nearest")
    well_made(figure)


def test_forty_fit(well_made):
    well_made(viz.generated_digits(np.tile(MADE[:1], (40, 1, 1)), REAL))


@pytest.mark.parametrize(
    ("made", "real", "sentence"),
    [
        (MADE.reshape(13, 64), REAL, r"generated has shape \(13, 64\); it must have shape \(images, height, width\)"),
        (16 * MADE, REAL, r"generated lie in \[.*\]; scale them to \[0, 1\]"),
        (MADE, REAL[:, :4], r"real images have shape \(4, 8\), the others \(8, 8\); they must agree"),
        (np.zeros((41, 8, 8)), REAL, "generated has 41 images; this picture has room for 40"),
        (np.full((1, 8, 8), np.nan), REAL, r"generated\[0, 0, 0\] is nan"),
    ],
)
def test_bad_input(made, real, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.generated_digits(made, real)
