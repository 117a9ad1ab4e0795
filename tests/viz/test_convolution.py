"""The arithmetic of a convolution: sizes and numbers against jax.lax, and every frame shows what it names."""

import jax
import numpy as np
import pytest

from nnjax import viz
from nnjax.viz import saving, style

X = np.random.default_rng(0).integers(0, 4, (5, 5))
EDGE = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])


def by_lax(x, kernel, stride, padding, dilation):
    """What XLA computes, for one or two axes."""
    axes = np.ndim(x)
    if isinstance(padding, int):
        padding = [(padding, padding)] * axes
    elif axes == 1 and not isinstance(padding, str):
        padding = [padding]
    x, kernel = (np.asarray(v, np.float32)[None, None] for v in (x, kernel))
    y = jax.lax.conv_general_dilated(x, kernel, (stride,) * axes, padding, rhs_dilation=(dilation,) * axes)
    return np.asarray(y)[0, 0]


def parts(animation):
    """The places (row, column) of the touched cells and of the written one, the numbers of the output, the sum."""
    (axes,) = animation.figure.axes
    *marks, target = [patch for patch in axes.patches if patch.get_zorder() == 2]
    status = next(text for text in animation.moving if hasattr(text, "get_text") and "output [" in text.get_text())
    return [mark.get_xy() for mark in marks], target.get_xy(), status.get_text()


def outputs(animation, shape):
    """The numbers written in the output at its last frame."""
    texts = [artist for artist in animation.moving if hasattr(artist, "get_text")][-1 - int(np.prod(shape)) : -1]
    return np.array([float(text.get_text().replace("−", "-")) for text in texts]).reshape(shape)


@pytest.mark.parametrize(
    ("x", "kernel", "stride", "padding", "dilation"),
    [
        (X, EDGE, 2, 1, 1),
        (X, EDGE[:2], 1, "SAME", 2),
        (X[:4], EDGE, 3, "SAME", 1),
        (X, EDGE[:, :2], 1, ((0, 2), (1, 0)), 2),
        (X.ravel()[:9], EDGE[1], 2, (2, 0), 1),
        (X.ravel()[:7], [1, 1], 1, "VALID", 3),
    ],
)
def test_sizes_and_numbers_are_those_of_jax_lax(well_made, x, kernel, stride, padding, dilation):
    animation = viz.convolution_animation(x, kernel, stride=stride, padding=padding, dilation=dilation)
    wanted = by_lax(x, kernel, stride, padding, dilation)
    assert len(animation.seconds) == wanted.size
    lines = animation.figure.get_suptitle().splitlines()
    sizes = [int(line.rpartition("= ")[2]) for line in lines]
    assert sizes == (list(wanted.shape) if len(lines) == wanted.ndim else [wanted.shape[0]])
    animation.draw(wanted.size - 1)
    np.testing.assert_array_equal(outputs(animation, wanted.shape), wanted)
    texts = well_made(animation.figure)
    assert any(text.startswith("output " + " × ".join(map(str, wanted.shape))) for text in texts)


def test_a_frame_marks_the_cells_of_the_sum_that_it_writes(well_made):
    animation = viz.convolution_animation(X, EDGE, stride=2, padding=1)
    animation.draw(0)
    first, _, _ = parts(animation)
    animation.draw(5)
    touched, _, said = parts(animation)
    np.testing.assert_allclose(np.subtract(touched, first), np.tile([4.0, 2.0], (9, 1)))
    patch = np.pad(X, 1)[2:5, 4:7]
    products = [f"{a}·{b}" if b >= 0 else f"{a}·(−{-b})" for a, b in zip(patch.ravel(), EDGE.ravel(), strict=True)]
    total = str(np.sum(patch * EDGE)).replace("-", "−")
    assert said.replace("\n", " ") == f"output [1, 2] = {' + '.join(products)} = {total}"
    assert "output 3 × 3" in well_made(animation.figure)
    assert animation.figure.get_suptitle() == "Output = ⌊(5 + 1 + 1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 3"


def test_a_sum_of_many_products_is_told_in_few_words(well_made):
    animation = viz.convolution_animation(X, X, title="Five by five")
    animation.draw(0)
    assert f"output [0, 0] = the sum of 25 products = {np.sum(X * X)}" in well_made(animation.figure)
    assert animation.figure.get_suptitle() == "Five by five"


def test_frames_drawn_in_part_equal_frames_drawn_whole(tmp_path):
    animation = viz.convolution_animation([3, 1, 2, 5], [1, -1], padding=1)
    in_part = list(saving.frames(animation))
    for index in (0, 4):
        animation.draw(index)
        with style.context():
            animation.figure.canvas.draw()
        assert np.array_equal(in_part[index], np.asarray(animation.figure.canvas.buffer_rgba())[..., :3])
    assert viz.save_animation(animation, tmp_path / "sweep.gif").stat().st_size < 100_000


@pytest.mark.parametrize(
    ("x", "kernel", "settings", "sentence"),
    [
        (X[None], EDGE, {}, r"x has shape \(1, 5, 5\); it must have shape \(height, width\) or \(length,\)"),
        (X, EDGE[0], {}, r"x has shape \(5, 5\) and kernel \(3,\); they must have as many axes"),
        (X[:2], EDGE, {}, "kernel of 3 places does not fit into an axis of 2 places"),
        (
            X,
            EDGE,
            {"dilation": 3},
            "kernel of 3 places with dilation 3 reaches over 7 and does not fit",
        ),
        (X, EDGE, {"stride": 0}, "stride holds 0; every size must be a whole number of at least 1"),
        (X, EDGE, {"dilation": 0}, "dilation holds 0; every size must be a whole number of at least 1"),
        (
            X,
            EDGE,
            {"padding": -1},
            "padding is -1; it must be 'VALID', 'SAME', a whole number",
        ),
        (X, EDGE, {"max_frames": 8}, "there are 9 outputs and max_frames is 8; take a smaller input"),
        (np.zeros(40), np.zeros(30), {}, r"too large to be drawn side by side with their numbers: input 40 \(1, 40\)"),
    ],
)
def test_bad_input(x, kernel, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.convolution_animation(x, kernel, **settings)
