"""Directories prepared by TFDS itself: small ones without TensorFlow, the real ones where TensorFlow is installed."""

import io
import json

import numpy as np
import pytest

from nnjax import data
from nnjax.data import identity, prepared, registry

tfds = pytest.importorskip("tensorflow_datasets", reason="TensorFlow Datasets is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # other people's code


def rows_of(x, y):
    """The rows with their labels as bytes, sorted: equal for two data sets that differ in order only."""
    rows = np.concatenate([np.rint(x.reshape(len(x), -1) * 255).astype(np.uint8), y[:, None].astype(np.uint8)], axis=1)
    return sorted(row.tobytes() for row in rows)


def same_rows(one, other):
    return rows_of(one.x, one.y) == rows_of(other.x, other.y) and rows_of(one.x_test, one.y_test) == rows_of(
        other.x_test, other.y_test
    )


def png(image):
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image.squeeze()).save(stream, "PNG")
    stream.seek(0)
    return stream


def prepare(name_, folder, version, features_, splits):
    """A data set prepared as ArrayRecord by TFDS's public interface; images given as PNG files need no TensorFlow."""

    class Made(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = name_
        VERSION = tfds.core.Version(version)

        def _info(self):
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features_))

        def _split_generators(self, manager):
            return {split: enumerate(examples) for split, examples in splits.items()}

        def _generate_examples(self):
            raise NotImplementedError

    builder = Made(data_dir=str(folder), file_format="array_record")
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(try_download_gcs=False))
    return builder.data_path


def prepare_images(name, folder, arrays, version):
    x, y, x_test, y_test = arrays
    features = {
        "image": tfds.features.Image(shape=x.shape[1:]),
        "label": tfds.features.ClassLabel(num_classes=10),
    }
    pairs = {"train": (x, y), "test": (x_test, y_test)}
    splits = {
        split: [{"image": png(image), "label": int(label)} for image, label in zip(*pair, strict=True)]
        for split, pair in pairs.items()
    }
    return prepare(name, folder, version, features, splits)


VERSIONS = {"mnist": "3.0.1", "fashion_mnist": "3.0.1", "cifar10": "3.0.2", "tiny_shakespeare": "1.0.0"}


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_an_array_record_directory_holds_the_rows_of_the_originals(small, tmp_path, name, monkeypatch):
    prepare_images(name, tmp_path / "tfds", small.arrays[name], VERSIONS[name])
    small.write(tmp_path / "originals", name)
    wanted = data.load(name, originals=tmp_path / "originals")
    found = data.load(name, tfds_dir=tmp_path / "tfds")
    assert same_rows(found, wanted)
    assert found.source.endswith("(TFDS records, in TFDS's order)")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    np.testing.assert_array_equal(data.load(name).x, found.x)
    data.get(name)
    monkeypatch.delenv("TFDS_DATA_DIR")
    cached = data.load(name)
    np.testing.assert_array_equal(cached.x, found.x)
    assert cached.source == found.source


def test_an_array_record_directory_holds_the_text(small, tmp_path):
    splits = {split: [{"text": text}] for split, text in zip(("train", "validation", "test"), small.text, strict=True)}
    prepare("tiny_shakespeare", tmp_path / "tfds", "1.0.0", {"text": tfds.features.Text()}, splits)
    small.write(tmp_path / "originals", "tiny_shakespeare")
    wanted = data.load("tiny_shakespeare", originals=tmp_path / "originals")
    found = data.load("tiny_shakespeare", tfds_dir=tmp_path / "tfds")
    for field in ("x", "y", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(found, field), getattr(wanted, field))
    splits["test"] = [{"text": b"another text"}]
    prepare("tiny_shakespeare", tmp_path / "other", "1.0.0", {"text": tfds.features.Text()}, splits)
    with pytest.raises(ValueError, match="its text is not that of tiny_shakespeare"):
        data.load("tiny_shakespeare", tfds_dir=tmp_path / "other")


def test_fashion_mnist_prepared_from_mnists_images_is_found_out(small, tmp_path, monkeypatch):
    fashion = small.arrays["fashion_mnist"]
    prints = identity.fingerprint(*fashion[:2]), identity.fingerprint(*fashion[2:])
    spec = registry.SPECS["fashion_mnist"]._replace(fingerprint=prints)
    monkeypatch.setitem(registry.SPECS, "fashion_mnist", spec)
    prepare_images("fashion_mnist", tmp_path / "right", fashion, "3.0.1")
    assert len(data.load("fashion_mnist", tfds_dir=tmp_path / "right").x) == 20
    prepare_images("fashion_mnist", tmp_path / "wrong", small.arrays["mnist"], "3.0.1")
    with pytest.raises(ValueError, match=r"wrong/fashion_mnist is not usable \(.*not those of fashion_mnist\)"):
        data.load("fashion_mnist", tfds_dir=tmp_path / "wrong")


@pytest.fixture
def directory(small, tmp_path):
    return prepare_images("mnist", tmp_path / "tfds", small.arrays["mnist"], "3.0.1")


def test_a_directory_with_other_counts_is_refused(directory, tmp_path, monkeypatch):
    monkeypatch.setitem(registry.SPECS, "mnist", registry.SPECS["mnist"]._replace(train=21))
    with pytest.raises(ValueError, match=r"tfds/mnist is not usable \(.*'train' has 20 examples, mnist has 21\)"):
        data.load("mnist", tfds_dir=tmp_path / "tfds")


@pytest.mark.parametrize("damage", ["truncated", "missing", "no json"])
def test_a_damaged_directory_is_named(directory, tmp_path, damage):
    path = next(directory.glob("*train.array_record*"))
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "missing":
        path.unlink()
    else:
        (directory / "dataset_info.json").write_text("{")
    with pytest.raises(ValueError, match=r"tfds/mnist is not usable \(.*remove it, or name another directory"):
        data.load("mnist", tfds_dir=tmp_path / "tfds")


def test_what_is_not_usable_here_is_said_and_the_search_goes_on(directory, small, tmp_path, monkeypatch):
    info = json.loads((directory / "dataset_info.json").read_text())
    (directory / "dataset_info.json").write_text(json.dumps(info | {"fileFormat": "tfrecord"}))
    importable = prepared._importable
    monkeypatch.setattr(prepared, "_importable", lambda module: module != "tensorflow" and importable(module))
    with pytest.raises(
        FileNotFoundError, match=r'is TFRecord, which needs TensorFlow: pip install "nnjax\[tensorflow\]"'
    ):
        data.load("mnist", tfds_dir=tmp_path / "tfds")
    monkeypatch.setattr(prepared, "_importable", lambda module: False)
    with pytest.raises(FileNotFoundError, match=r'tfds/mnist needs TensorFlow Datasets: pip install "nnjax\[data\]"'):
        data.load("mnist", tfds_dir=tmp_path / "tfds")


def test_another_version_does_not_count_as_prepared(directory, small, tmp_path):
    directory.rename(directory.parent / "1.0.0")
    with pytest.raises(
        FileNotFoundError, match=r"tfds/mnist is not prepared in the version that TFDS now wants, 3\.0\.1"
    ):
        data.load("mnist", tfds_dir=tmp_path / "tfds")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file_format"),
    [
        ("tiny_shakespeare", "array_record"),
        ("tiny_shakespeare", "tfrecord"),
        ("mnist", "array_record"),
        ("fashion_mnist", "tfrecord"),
    ],
)
def test_the_real_builders_prepare_what_the_originals_hold(shared, tmp_path, name, file_format):
    pytest.importorskip("tensorflow", reason="preparing needs TensorFlow, an extra")
    builder = tfds.builder(name, data_dir=str(tmp_path / "tfds"), file_format=file_format)
    config = tfds.download.DownloadConfig(
        manual_dir=str(shared / name),
        extract_dir=str(tmp_path / "extracted"),
        try_download_gcs=False,
        force_checksums_validation=True,
    )
    builder.download_and_prepare(download_dir=str(tmp_path / "downloads"), download_config=config)
    found = data.load(name, tfds_dir=tmp_path / "tfds")
    wanted = data.load(name, originals=shared)
    if name == "tiny_shakespeare":
        for field in ("x", "y", "x_test", "y_test"):
            np.testing.assert_array_equal(getattr(found, field), getattr(wanted, field))
    else:
        assert same_rows(found, wanted)
