import hashlib
import shutil

import numpy as np
import pytest

from nnjax import data
from nnjax.data import registry

MNIST_LABELS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
MNIST_TEST_LABELS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
IMAGES = "train-images-idx3-ubyte.gz"


def check_images(dataset, mean, deviation):
    assert (dataset.x.shape, dataset.x_test.shape) == ((60000, 28, 28, 1), (10000, 28, 28, 1))
    assert (dataset.x.dtype, dataset.y.dtype) == (np.float32, np.int32)
    assert (dataset.x.min(), dataset.x.max()) == (0.0, 1.0)
    np.testing.assert_allclose(dataset.x.mean(dtype=np.float64), mean, atol=5e-5)
    np.testing.assert_allclose(np.sqrt(np.square(dataset.x, dtype=np.float64).mean() - mean**2), deviation, atol=1e-4)
    data.validate(dataset)


def test_mnist_is_as_published(shared):
    mnist = data.load("mnist", originals=shared)
    check_images(mnist, 0.1307, 0.3081)
    assert np.bincount(mnist.y).tolist() == MNIST_LABELS
    assert np.bincount(mnist.y_test).tolist() == MNIST_TEST_LABELS
    assert mnist.y[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert mnist.classes == tuple("0123456789")


def test_fashion_mnist_is_as_published(shared, monkeypatch):
    monkeypatch.setenv("NNJAX_ORIGINALS", str(shared))
    fashion = data.load("fashion_mnist")
    check_images(fashion, 0.2860, 0.3530)
    assert np.bincount(fashion.y).tolist() == [6000] * 10
    assert np.bincount(fashion.y_test).tolist() == [1000] * 10
    assert fashion.classes[fashion.y[0]] == "Ankle boot"


def test_tiny_shakespeare_is_as_published(shared):
    dataset = data.load("tiny_shakespeare", originals=shared)
    data.validate(dataset)
    text = (shared / "tiny_shakespeare" / "input.txt").read_text()
    assert dataset.classes == tuple(sorted(set(text)))
    assert dataset.x.dtype == dataset.y.dtype == np.int32
    assert "".join(dataset.classes[token] for token in dataset.x) == text[:1003853]
    assert "".join(dataset.classes[token] for token in dataset.y[:14]) == "irst Citizen:\n"
    assert "".join(dataset.classes[token] for token in dataset.x_test) == text[1003854 : 1003854 + 55769]
    np.testing.assert_array_equal(dataset.y_test[:-1], dataset.x_test[1:])


def test_fashion_files_in_mnists_place_are_found_out(shared, tmp_path):
    shutil.copytree(shared / "fashion_mnist", tmp_path / "mnist")
    with pytest.raises(ValueError, match=rf"mnist/{IMAGES} is not the original .* of mnist.* of fashion_mnist"):
        data.load("mnist", originals=tmp_path)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_a_folder_of_its_own_or_a_flat_one(small, tmp_path, name):
    small.write(tmp_path, name)
    for folder in (tmp_path, tmp_path / name):
        dataset = data.load(name, originals=str(folder))
        for found, wanted in zip(dataset[1:5], small.arrays[name], strict=True):
            np.testing.assert_array_equal(np.rint(found * 255) if found.ndim > 1 else found, wanted)
        assert dataset.x.dtype == np.float32
        assert "original files" in dataset.source


def test_a_flat_folder_holds_only_one_of_the_two(small, tmp_path):
    small.write(tmp_path, "fashion_mnist")
    flat = tmp_path / "fashion_mnist"
    assert len(data.load("fashion_mnist", originals=flat).x) == 20
    with pytest.raises(ValueError, match=rf"It is {IMAGES} of fashion_mnist; .*DIR/mnist/ and DIR/fashion_mnist/"):
        data.load("mnist", originals=flat)


def test_the_sha256_is_checked_before_anything_is_parsed(small, tmp_path):
    path = small.write(tmp_path, "mnist") / "mnist" / IMAGES
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[40] ^= 1
    for content in (whole[:-1], bytes(flipped), b"", whole + b"x"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"mnist/{IMAGES} is not the original") as caught:
            data.load("mnist", originals=tmp_path)
        assert f"{len(content)} bytes and sha256 {hashlib.sha256(content).hexdigest()}" in str(caught.value)
        assert f"wanted {len(whole)} and {hashlib.sha256(whole).hexdigest()}" in str(caught.value)


def test_missing_files_are_named(small, tmp_path):
    small.write(tmp_path, "mnist")
    (tmp_path / "mnist" / IMAGES).unlink()
    with pytest.raises(FileNotFoundError, match=rf"some original files of mnist, but not {IMAGES}"):
        data.load("mnist", originals=tmp_path)


def test_a_directory_that_does_not_exist_is_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"originals=.*/nowhere: there is no such directory"):
        data.load("mnist", originals=tmp_path / "nowhere")
    monkeypatch.setenv("NNJAX_ORIGINALS", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"NNJAX_ORIGINALS=.*/nowhere: there is no such directory"):
        data.load("mnist")


def test_a_variable_that_names_no_directory_is_not_in_the_way_of_the_cache(small, tmp_path, monkeypatch):
    path = data.get("mnist", originals=small.write(tmp_path / "originals", "mnist"))
    monkeypatch.setenv("NNJAX_ORIGINALS", str(tmp_path / "nowhere"))
    assert len(data.load("mnist").x) == 20
    assert data.get("mnist") == path
    assert {row.where for row in data.available()} == {"embedded", "cache", "not here"}
    for ask in (data.load, data.get, lambda name, originals: data.available(originals=originals)):
        with pytest.raises(FileNotFoundError, match=r"originals=.*/nowhere: there is no such directory"):
            ask("mnist", originals=tmp_path / "nowhere")


def test_a_right_sha256_with_wrong_contents_is_still_refused(small, tmp_path, monkeypatch):
    small.write(tmp_path, "mnist")
    monkeypatch.setitem(registry.SPECS, "mnist", registry.SPECS["mnist"]._replace(train=21))
    with pytest.raises(ValueError, match=rf"{IMAGES}: the idx header says shape \(20, 28, 28\); wanted \(21, 28, 28\)"):
        data.load("mnist", originals=tmp_path)
