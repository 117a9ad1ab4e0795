"""The perceptron's line: every frame shows the update that it names."""

import functools
import re

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_iris

from nnjax import viz
from nnjax.models import perceptron

X = jnp.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
AND = jnp.array([0, 0, 0, 1])
START = {"W": jnp.array([-0.9, 0.6]), "b": jnp.array(0.35)}


@functools.cache
def trained(targets=(0, 0, 0, 1), weights=(-0.9, 0.6, 0.35)):
    """The history of 12 epochs on the gate; cached, for each call compiles anew."""
    start = {"W": jnp.array(weights[:2]), "b": jnp.array(weights[2])}
    return perceptron.train(start, X, jnp.array(targets), 0.3, 12)[1]


def iris():
    data = load_iris()
    order = np.random.default_rng(0).permutation(100)
    x = jnp.asarray(data.data[:100, :2][order], jnp.float32)
    y = jnp.asarray(data.target[:100][order])
    start = {"W": jnp.zeros(2), "b": jnp.array(0.0)}
    return start, perceptron.train(start, x, y, 0.1, 30)[1], x, y


def artists(animation):
    (axes,) = animation.figure.axes
    ghost, drawn, ring = axes.lines[-3:]
    return axes.get_title(loc="left"), ghost, drawn, ring, axes.patches[-1]


def test_each_mistake_has_a_frame_before_and_one_after_the_move():
    history = trained()
    animation = viz.perceptron_animation(START, history, X, AND)
    wrong = np.flatnonzero(np.asarray(history["mistakes"]).ravel())
    assert len(animation.seconds) == 2 * len(wrong) + 2
    weights = np.column_stack([history["params"]["W"], history["params"]["b"]])
    for frame in range(1, len(animation.seconds) - 1):
        animation.draw(frame)
        said, ghost, drawn, ring, arrow = artists(animation)
        number, moved = divmod(frame - 1, 2)
        update = wrong[number]
        assert said.startswith(f"update {update + 1} of 48 · mistakes so far: {number + 1} · ")
        now = weights[update] if moved else weights[update - 1] if update else np.array([-0.9, 0.6, 0.35])
        np.testing.assert_allclose(drawn.get_xydata() @ now[:2] + now[2], 0, atol=1e-6)
        np.testing.assert_allclose(ring.get_xydata(), X[update % 4][None])
        assert len(ghost.get_xydata()) == (2 if moved else 0)
        tail, tip = arrow._posA_posB
        along = np.subtract(tip, tail)
        if not arrow.get_visible():
            continue
        assert along @ now[:2] == pytest.approx(np.hypot(*along) * np.hypot(*now[:2]))
    animation.draw(len(animation.seconds) - 1)
    said, ghost, drawn, ring, _ = artists(animation)
    assert said == f"update 48 of 48 · mistakes: {len(wrong)} · wrong now: 0"
    assert len(ring.get_xydata()) == len(ghost.get_xydata()) == 0


@pytest.mark.slow
def test_many_mistakes_are_thinned_to_the_frames_allowed(well_made, tmp_path):
    start, history, x, y = iris()
    mistakes = int(np.sum(history["mistakes"]))
    assert mistakes > 100
    names = {"classes": ["setosa", "versicolor"], "features": ("sepal length (cm)", "sepal width (cm)")}
    animation = viz.perceptron_animation(start, history, x, y, **names)
    assert len(animation.seconds) == 60
    for frame in (1, 58):
        animation.draw(frame)
        texts = well_made(animation.figure)
        if frame == 58:
            assert any(f"mistakes so far: {mistakes}" in text for text in texts)
    path = viz.save_animation(animation, tmp_path / "iris.gif")
    assert path.stat().st_size < 1_000_000
    with Image.open(path) as gif:
        assert (gif.n_frames, gif.size) == (60, (640, 500))


def test_xor_never_ends_right():
    xor = jnp.array([0, 1, 1, 0])
    animation = viz.perceptron_animation(START, trained((0, 1, 1, 0)), X, xor, max_frames=6)
    assert len(animation.seconds) == 6
    animation.draw(5)
    said = artists(animation)[0]
    assert int(re.search(r"wrong now: (\d)", said)[1]) >= 1


def test_no_mistake_at_all_is_a_start_and_an_end():
    right = {"W": jnp.array([1.0, 1.0]), "b": jnp.array(-1.5)}
    animation = viz.perceptron_animation(right, trained(weights=(1.0, 1.0, -1.5)), X, AND)
    assert len(animation.seconds) == 2


def test_the_still_shows_the_last_line_over_fading_earlier_ones(well_made):
    history = trained()
    figure = viz.perceptron_lines(START, history, X, AND)
    lines = figure.axes[0].lines
    mistakes = int(np.sum(history["mistakes"]))
    earlier, last = lines[2 : 2 + mistakes], lines[-2]
    alphas = [drawn.get_alpha() for drawn in earlier]
    assert alphas == sorted(alphas, reverse=True)
    assert len(set(alphas)) == mistakes
    w, b = np.asarray(history["params"]["W"][-1]), float(history["params"]["b"][-1])
    np.testing.assert_allclose(last.get_xydata() @ w + b, 0, atol=1e-6)
    np.testing.assert_allclose(earlier[-1].get_xydata() @ [-0.9, 0.6] + 0.35, 0, atol=1e-6)
    assert figure.get_suptitle() == f"After {mistakes} mistakes every point is on its side"
    well_made(figure)


@pytest.mark.parametrize("draw", [viz.perceptron_animation, viz.perceptron_lines])
def test_bad_input(draw):
    history = trained()
    with pytest.raises(ValueError, match=r"xs has shape \(4, 3\)"):
        draw(START, history, np.zeros((4, 3)), AND)
    with pytest.raises(ValueError, match="ys holds 2; a perceptron tells class 0 from class 1"):
        draw(START, history, X, [0, 1, 2, 0])
    with pytest.raises(ValueError, match="history has no 'mistakes'"):
        draw(START, {"params": history["params"]}, X, AND)
    with pytest.raises(ValueError, match="48 updates in 12 epochs of 4 samples, xs 3 samples"):
        draw(START, history, X[:3], AND[:3])


def test_too_few_frames():
    with pytest.raises(ValueError, match="max_frames is 5; it must be at least 6"):
        viz.perceptron_animation(START, trained(), X, AND, max_frames=5)
