"""Decision boundaries: regions and lines agree with apply, points with the data."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_iris, make_moons
from sklearn.linear_model import LogisticRegression

from nnjax import viz
from nnjax.models import adaline, logistic, mlp, perceptron
from nnjax.viz import boundary, inputs

LINE = {"W": jnp.array([1.0, 2.0]), "b": jnp.array(-1.0)}


def moons(count=60):
    x, y = make_moons(count, noise=0.2, random_state=0)
    return x.astype(np.float32), y


def image(figure):
    (shown,) = figure.axes[0].images
    return np.asarray(shown.get_array())


def vertices(figure):
    return np.concatenate([path.vertices for c in figure.axes[0].collections for path in c.get_paths()])


@pytest.mark.parametrize(("apply", "threshold"), [(logistic.apply, 0.0), (perceptron.apply, 0.0), (adaline.apply, 0.5)])
def test_one_output_is_class_1_above_the_threshold(apply, threshold):
    x, y = moons()
    figure = viz.decision_boundary(apply, LINE, x, y, threshold=threshold)
    left, right, bottom, top = limits = boundary.view(np.asarray(x, float))
    _, _, points = boundary.grid(limits)
    wanted = np.asarray(apply(LINE, jnp.asarray(points, jnp.float32))) > threshold
    assert np.array_equal(image(figure).ravel(), wanted)
    assert figure.axes[0].get_xlim() == (left, right)
    assert figure.axes[0].get_ylim() == (bottom, top)
    cell = max(right - left, top - bottom) / boundary.GRID
    level = threshold if apply is adaline.apply else 0.0
    assert np.max(np.abs(vertices(figure) @ [1, 2] - 1 - level)) < (3 * cell if apply is perceptron.apply else 1e-5)


def test_several_outputs_choose_the_largest(well_made):
    iris = load_iris()
    x, y = iris.data[:, 2:].astype(np.float32), iris.target
    model = LogisticRegression(max_iter=50, tol=0.1).fit(x, y)
    params = [{"W": jnp.asarray(model.coef_.T, jnp.float32), "b": jnp.asarray(model.intercept_, jnp.float32)}]
    figure = viz.decision_boundary(
        mlp.apply, params, x, y, classes=list(iris.target_names), features=("petal length (cm)", "petal width (cm)")
    )
    _, _, points = boundary.grid(boundary.view(np.asarray(x, float)))
    outputs = np.asarray(mlp.apply(params, jnp.asarray(points, jnp.float32)))
    assert np.array_equal(image(figure).ravel(), outputs.argmax(axis=1))
    assert set(image(figure).ravel()) == {0, 1, 2}
    ties = np.sort(np.asarray(mlp.apply(params, jnp.asarray(vertices(figure), jnp.float32))), axis=1)
    assert np.median(ties[:, 2] - ties[:, 1]) < 1e-5 * np.ptp(outputs)
    assert np.max(ties[:, 2] - ties[:, 1]) < 5e-3 * np.ptp(outputs)
    texts = well_made(figure)
    assert {"setosa", "versicolor", "virginica", "petal length (cm)"} <= set(texts)
    right = np.mean(np.asarray(mlp.apply(params, jnp.asarray(x))).argmax(axis=1) == y)
    assert figure.get_suptitle() == f"{100 * right:.1f} % of the training points lie on the right side"


def test_points_have_a_marker_a_class_and_test_points_are_hollow(well_made):
    x, y = moons()
    figure = viz.decision_boundary(logistic.apply, LINE, x[:40], y[:40], x_test=x[40:], y_test=y[40:])
    lines = figure.axes[0].lines
    assert [line.get_marker() for line in lines] == ["o", "o", "s", "s"]
    for line, points in zip(lines, (x[:40][y[:40] == 0], x[40:][y[40:] == 0]), strict=False):
        np.testing.assert_allclose(line.get_xydata(), points)
    assert [line.get_markerfacecolor() == "white" for line in lines] == [False, True, False, True]
    assert len({line.get_color() for line in lines}) > 0
    right = np.mean((x[40:] @ [1, 2] - 1 > 0) == y[40:])
    assert figure.get_suptitle() == f"{100 * right:.1f} % of the unseen points lie on the right side"
    assert "hollow: test" in well_made(figure)


def test_a_network_that_always_says_the_same_has_no_line():
    x, y = moons(12)
    figure = viz.decision_boundary(lambda p, x: jnp.ones(len(x)), None, x, y)
    assert np.all(image(figure) == 1)
    assert len(figure.axes[0].collections) == 0


def test_seven_classes_fit_and_eight_do_not(well_made):
    x = np.random.default_rng(0).normal(size=(70, 2))
    params = [{"W": jnp.array([[1.0, 0, -1, 0, 1, -1, 1], [0.0, 1, 0, -1, 1, -1, -1]]), "b": jnp.zeros(7)}]
    well_made(viz.decision_boundary(mlp.apply, params, x, np.arange(70) % 7))
    with pytest.raises(ValueError, match="y has 8 series; a picture tells 1 to 7 apart"):
        viz.decision_boundary(mlp.apply, params, x, np.arange(70) % 8)


def test_the_grid_is_cut_into_batches_of_one_shape():
    assert boundary.GRID**2 % inputs.BATCH == 0


def test_bad_input():
    x, y = moons(8)
    with pytest.raises(ValueError, match=r"x has shape \(8, 3\); it must have shape \(samples, 2\)"):
        viz.decision_boundary(logistic.apply, LINE, np.zeros((8, 3)), y)
    with pytest.raises(ValueError, match="y has 7 labels for 8 samples"):
        viz.decision_boundary(logistic.apply, LINE, x, y[:7])
    with pytest.raises(ValueError, match=r"x\[2, 1\] is nan"):
        viz.decision_boundary(logistic.apply, LINE, np.where(np.arange(16).reshape(8, 2) == 5, np.nan, x), y)
    with pytest.raises(ValueError, match="x_test and y_test belong together"):
        viz.decision_boundary(logistic.apply, LINE, x, y, x_test=x)
    with pytest.raises(ValueError, match="classes has 1 names"):
        viz.decision_boundary(logistic.apply, LINE, x, y, classes=["one"])
