"""Optimizers racing: the paths drawn are the paths walked."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from nnjax import optimizers, viz
from nnjax.viz.surfaces import SURFACES

RACERS = {"SGD": optimizers.sgd(0.09)}


def ravine_by_sgd(steps, rate):
    """The points of gradient descent on (x^2 + 20 y^2) / 2 in closed form."""
    x, y = SURFACES["ravine"].start
    powers = np.arange(steps + 1)
    return np.column_stack([x * (1 - rate) ** powers, y * (1 - 20 * rate) ** powers])


@pytest.mark.parametrize("name", SURFACES)
def test_the_paths_are_drawn_from_start_to_end(well_made, name):
    slow = 0.03 if name == "ravine" else 0.0001
    figure = viz.optimizer_race({"slow": optimizers.sgd(slow), "still": optimizers.sgd(1e-30)}, name, steps=20)
    ground = SURFACES[name]
    minimum, start, *paths = (drawn.get_xydata() for drawn in figure.axes[0].lines)
    np.testing.assert_allclose(minimum[0], ground.minimum)
    np.testing.assert_allclose(start[0], ground.start)
    for path, head in zip(paths[::2], paths[1::2], strict=True):
        assert len(path) == 21
        np.testing.assert_allclose(path[0], ground.start, rtol=1e-6)
        np.testing.assert_allclose(head[0], path[-1])
    if name == "ravine":
        np.testing.assert_allclose(paths[0], ravine_by_sgd(20, slow), rtol=1e-4)
    ends = [float(ground.f(jnp.asarray(path[-1]))) for path in paths[::2]]
    assert ends[0] < ends[1] == pytest.approx(float(ground.f(jnp.array(ground.start))))
    assert figure.get_suptitle() == "After 20 steps slow has the lowest loss"
    assert figure.axes[0].get_title(loc="left") == f"loss = {ground.formula}"
    well_made(figure)


def test_the_rings_are_contours_of_the_surface():
    figure = viz.optimizer_race({"SGD": optimizers.sgd(0.09)}, steps=2)
    rings = figure.axes[0].collections[0]
    left, right, bottom, top = SURFACES["ravine"].limits
    for level, path in zip(rings.levels[1:8], rings.get_paths()[:7], strict=True):
        x, y = path.vertices.T
        edge = (x <= left) | (x >= right) | (y <= bottom) | (y >= top)
        heights = 0.5 * (x**2 + 20 * y**2)[~edge]
        assert heights.max() == pytest.approx(level, rel=0.02, abs=0.01)


def test_the_animation_walks_the_same_paths(well_made, tmp_path):
    racers = {"SGD": optimizers.sgd(0.09), "none": optimizers.sgd(1e-9)}
    animation = viz.optimizer_race_animation(racers, steps=30, max_frames=11)
    assert len(animation.seconds) == 11
    axes = animation.figure.axes[0]
    path = ravine_by_sgd(30, 0.09)
    for frame, step in ((0, 0), (1, 3), (10, 30)):
        animation.draw(frame)
        assert re.search(r"step (\d+) of 30", axes.get_title(loc="left"))[1] == str(step)
        np.testing.assert_allclose(axes.lines[2].get_xydata(), path[: step + 1], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(axes.lines[3].get_xydata(), path[step][None], rtol=1e-4, atol=1e-6)
    well_made(animation.figure)
    with Image.open(viz.save_animation(animation, tmp_path / "race.gif")) as gif:
        assert (gif.n_frames, gif.size) == (11, (640, 460))


def test_a_diverging_optimizer_is_told(well_made):
    figure = viz.optimizer_race({"fast": optimizers.sgd(1.0), "slow": optimizers.sgd(0.01)}, steps=80)
    texts = well_made(figure)
    assert "fast: diverged" in texts
    assert figure.get_suptitle() == "After 80 steps slow has the lowest loss"
    alone = viz.optimizer_race({"SGD": optimizers.sgd(1.0)}, steps=80)
    assert alone.get_suptitle() == "Within 80 steps every optimizer diverged"


@pytest.mark.parametrize("race", [viz.optimizer_race, viz.optimizer_race_animation])
def test_bad_input(race):
    with pytest.raises(ValueError, match=r"unknown surface 'beal'; did you mean 'beale'\?"):
        race(RACERS, "beal")
    with pytest.raises(ValueError, match="optimizers has 0 series"):
        race({})
    with pytest.raises(ValueError, match="steps is 0; it must be at least 1"):
        race(RACERS, steps=0)


def test_too_few_frames():
    with pytest.raises(ValueError, match="max_frames is 1; it must be at least 2"):
        viz.optimizer_race_animation(RACERS, max_frames=1)
