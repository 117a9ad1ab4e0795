"""Data sets that TensorFlow Datasets (TFDS) has prepared on this machine, as ArrayRecord or TFRecord. Nothing is
prepared or fetched here."""

import hashlib
import importlib.util
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nnjax.data import formats, identity
from nnjax.data.formats import Raw
from nnjax.data.registry import Location, Spec

_BATCH = 1000


class NotUsableError(Exception):
    """Why a prepared directory cannot be read here, in words that complete "DIR ..."."""


def directory(tfds_dir: Location) -> Path:
    """TFDS's data directory: the argument, else the environment variable TFDS_DATA_DIR, else ~/tensorflow_datasets."""
    named = tfds_dir if tfds_dir is not None else os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(named).expanduser()


def exists(spec: Spec, folder: Path) -> bool:
    """Whether ``folder`` seems to hold the data set (some version of it); a look at the file names, without TFDS."""
    return any((folder / spec.name).glob("*/dataset_info.json"))


def installed() -> bool:
    """Whether TFDS can be imported, found out without importing it."""
    return _importable("tensorflow_datasets")


def read(spec: Spec, folder: Path) -> Raw | None:
    """The prepared data set, or None if there is none; rows are in TFDS's order, which is shuffled.

    Raises NotUsableError if something is there but cannot be read with what is installed, and ValueError if it is
    damaged or, as far as :func:`nnjax.data.identity.check` can tell, is not this data set: TFDS prepares Fashion-MNIST
    from MNIST's images without a word when the two share an extraction folder.
    """
    if not exists(spec, folder):
        return None
    if not installed():
        raise NotUsableError('needs TensorFlow Datasets: pip install "nnjax[data]"')
    try:
        import tensorflow_datasets as tfds

        builder = tfds.builder(spec.name, data_dir=str(folder))
        if not builder.is_prepared():
            raise NotUsableError(f"is not prepared in the version that TFDS now wants, {builder.version}")
        if _is_tfrecord(builder) and not _importable("tensorflow"):
            raise NotUsableError('is TFRecord, which needs TensorFlow: pip install "nnjax[tensorflow]"')
        return _text(spec, builder) if spec.task == "text" else _images(spec, builder)
    except ImportError as error:
        raise NotUsableError(f'needs all of TensorFlow Datasets: pip install "nnjax[data]" ({error})') from error
    except NotUsableError:
        raise
    except Exception as error:  # TFDS, array_record, TensorFlow and Pillow each have their own
        raise ValueError(
            f"{folder / spec.name} is not usable ({type(error).__name__}: {error}); remove it, or name another "
            "directory by tfds_dir= or TFDS_DATA_DIR"
        ) from error


def _images(spec: Spec, builder: Any) -> Raw:
    arrays: list[np.ndarray] = []
    for split, count in (("train", spec.train), ("test", spec.test)):
        found = builder.info.splits[split].num_examples
        if found != count:
            raise ValueError(f"the split {split!r} has {found} examples, {spec.name} has {count}")
        x, y = np.empty((count, *spec.shape), np.uint8), np.empty(count, np.uint8)
        for start, (images, labels) in _batches(builder, split):
            x[start : start + len(images)] = np.reshape(images, (-1, *spec.shape))
            y[start : start + len(labels)] = labels
        arrays += [x, y]
    return identity.check(spec, Raw("TFDS records, in TFDS's order", *arrays))


def _text(spec: Spec, builder: Any) -> Raw:
    train, validation, test = (_texts(builder, split) for split in ("train", "validation", "test"))
    if hashlib.sha256(train + validation + test).hexdigest() != spec.files[0].sha256:
        raise ValueError(f"its text is not that of {spec.name}")
    return identity.check(spec, formats.tokens(spec, train, validation, "its text", "TFDS records"))


def _batches(builder: Any, split: str) -> Iterator[tuple[int, tuple[Any, Any]]]:
    """(index of the first row, (images, labels)) for every thousand rows of the split."""
    import tensorflow_datasets as tfds
    from PIL import Image

    if _is_tfrecord(builder):
        dataset = builder.as_dataset(split=split, batch_size=_BATCH, shuffle_files=False)
        for index, batch in enumerate(tfds.as_numpy(dataset)):
            yield index * _BATCH, (batch["image"], batch["label"])
        return
    # Pillow decodes what TFDS leaves encoded: TFDS itself would ask for OpenCV, on the terminal.
    source = builder.as_data_source(split=split, decoders={"image": tfds.decode.SkipDecoding()})
    for start in range(0, len(source), _BATCH):
        rows = source.__getitems__(
            range(start, min(start + _BATCH, len(source)))
        )  # in one go: half the time of one by one
        images = [np.asarray(Image.open(io.BytesIO(row["image"]), formats=("PNG",))) for row in rows]
        yield start, (images, [row["label"] for row in rows])


def _texts(builder: Any, split: str) -> bytes:
    import tensorflow_datasets as tfds

    tfrecord = _is_tfrecord(builder)
    rows = tfds.as_numpy(builder.as_dataset(split=split)) if tfrecord else builder.as_data_source(split=split)
    return b"".join(row["text"] if isinstance(row["text"], bytes) else row["text"].encode() for row in rows)


def _is_tfrecord(builder: Any) -> bool:
    import tensorflow_datasets as tfds

    return builder.info.file_format == tfds.core.FileFormat.TFRECORD


def _importable(module: str) -> bool:
    found = importlib.util.find_spec(module)
    # A bare folder counts as a module without an origin, and TFDS's data directory is named like TFDS itself.
    return found is not None and found.origin is not None
