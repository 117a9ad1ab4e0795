"""The confusion matrix against scikit-learn's, and the worst mistakes in order."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix

from nnjax import viz

FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    model = LogisticRegression(max_iter=20, tol=0.5).fit(data.data[:300] / 16, data.target[:300])
    return data.images[1000:] / 16, data.target[1000:], model.predict_proba(data.data[1000:] / 16)


def numbers(figure):
    axes = figure.axes[0]
    size = round(len(axes.texts) ** 0.5)
    return np.array([int(text.get_text()) for text in axes.texts]).reshape(size, size)


def test_the_counts_are_those_of_scikit_learn(well_made, digits):
    _, labels, p = digits
    said = p.argmax(axis=1)
    wanted = sklearn_confusion_matrix(labels, said)
    assert np.array_equal(viz.confusion_counts(labels, said, 10), wanted)
    figure = viz.confusion_matrix(labels, said)
    assert np.array_equal(numbers(figure), wanted)
    shade = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_allclose(shade, sklearn_confusion_matrix(labels, said, normalize="true"))
    right = int(np.trace(wanted))
    assert figure.get_suptitle().startswith(f"{right} of {len(labels)} are right ({100 * right / len(labels):.1f} %)")
    i, j = np.unravel_index(np.argmax(wanted - np.diag(np.diag(wanted))), wanted.shape)
    assert figure.get_suptitle().replace("\n", " ").endswith(f"most often {i} is taken for {j}")
    well_made(figure)


def test_numbers_stand_out_from_their_shade(digits):
    from matplotlib.colors import to_rgb

    def luminance(color):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
        return np.dot((0.2126, 0.7152, 0.0722), linear)

    labels = np.repeat(np.arange(10), 100)
    said = np.concatenate([np.repeat([k, (k + 1) % 10], [100 - 10 * k, 10 * k]) for k in range(10)])
    figure = viz.confusion_matrix(labels, said)
    image = figure.axes[0].images[0]
    for text in figure.axes[0].texts:
        if text.get_text() != "0":
            j, i = text.get_position()
            behind = image.to_rgba(image.get_array())[int(i), int(j)][:3]
            light, dark = sorted((luminance(behind), luminance(text.get_color())), reverse=True)
            assert (light + 0.05) / (dark + 0.05) > 3.4


@pytest.mark.parametrize("classes", [FASHION, ("setosa", "versicolor", "virginica"), tuple("abcdefghijklmnopqrst")])
def test_names_fit(well_made, classes):
    labels = np.arange(200) % len(classes)
    said = np.where(np.arange(200) % 7 == 0, 0, labels)
    figure = viz.confusion_matrix(labels, said, classes)
    assert set(classes) <= set(well_made(figure))
    assert np.array_equal(numbers(figure), sklearn_confusion_matrix(labels, said))


def test_a_class_that_never_occurs_is_an_empty_row():
    figure = viz.confusion_matrix([0, 2], [0, 2], ["a", "b", "c"])
    assert numbers(figure).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]
    assert figure.get_suptitle() == "2 of 2 are right (100.0 %)"


@pytest.mark.parametrize(
    ("labels", "said", "classes", "sentence"),
    [
        ([0, 1], [0], None, "predicted has 1 labels for 2 samples"),
        ([], [], None, "labels is empty"),
        ([0, 3], [0, 1], ["a", "b"], "labels holds 3; labels of 2 classes run from 0 to 1"),
        ([0, 1], [0.2, 1], None, r"predicted\[0\] is 0.2"),
        ([0, 20], [0, 20], None, "there are 21 classes; a matrix of more than 20 cannot be read"),
    ],
)
def test_bad_confusion(labels, said, classes, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.confusion_matrix(labels, said, classes)


@pytest.mark.parametrize("classes", [None, FASHION])
def test_the_worst_mistakes_come_surest_first(well_made, digits, classes):
    images, labels, p = digits
    figure = viz.worst_mistakes(images[..., None], labels, p, classes, count=8)
    said = p.argmax(axis=1)
    wrong = np.flatnonzero(said != labels)
    order = sorted(wrong, key=lambda i: -p[i, said[i]])[:8]
    names = classes or [str(k) for k in range(10)]
    drawn = [axes for axes in figure.axes if axes.images]
    assert len(drawn) == 8
    for axes, i in zip(drawn, order, strict=True):
        assert np.array_equal(axes.images[0].get_array(), images[i])
        wanted = f"true {names[labels[i]]}\nsaid {names[said[i]]}\n{100 * p[i, said[i]]:.0f} %"
        assert axes.get_title() == wanted
    assert figure.get_suptitle() == f"The 8 surest of {len(wrong)} mistakes on {len(labels)} images"
    well_made(figure)


def test_few_mistakes_and_none(well_made):
    images, labels = np.zeros((3, 4, 6, 3)), [0, 1, 1]
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]])
    figure = viz.worst_mistakes(images, labels, p)
    assert sum(bool(axes.images) for axes in figure.axes) == 1
    assert figure.get_suptitle() == "The only mistake on 3 images"
    well_made(figure)
    none = viz.worst_mistakes(images, [0, 0, 1], p)
    assert none.get_suptitle() == "No mistake on 3 images"
    well_made(none)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"images": np.zeros((2, 16))}, r"images has shape \(2, 16\)"),
        ({"images": np.full((2, 4, 4), 200.0)}, r"images lie in \[200, 200\]; scale them to \[0, 1\]"),
        ({"labels": [0]}, "labels has 1 labels for 2 samples"),
        ({"labels": [0, 2]}, "labels holds 2; probabilities has 2 classes"),
        ({"probabilities": np.ones((3, 2)) / 2}, "probabilities has 3 rows for 2 images"),
        ({"probabilities": np.array([[3.0, -1.0], [0.0, 2.0]])}, "apply softmax to the logits first"),
        ({"classes": ["one"]}, "classes has 1 names; probabilities has 2 classes"),
        ({"count": 0}, "count is 0; this picture has room for 1 to 24"),
    ],
)
def test_bad_mistakes(change, sentence):
    given = {"images": np.zeros((2, 4, 4)), "labels": [0, 1], "probabilities": np.array([[0.2, 0.8], [0.5, 0.5]])}
    with pytest.raises(ValueError, match=sentence):
        viz.worst_mistakes(**given | change)
