import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from nnjax.data import formats, registry

PATH = Path("some/images.gz")
IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_idx_gives_back_what_was_written(idx_file):
    np.testing.assert_array_equal(formats.idx(idx_file(IMAGES), PATH, (2, 3, 4)), IMAGES)


VALUES = IMAGES.tobytes()


def packed(*head, values=VALUES):
    return gzip.compress(struct.pack(f">{len(head)}i", *head) + values, mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (packed(0x0801, 24), "the idx magic number is 0x0801; wanted 0x0803"),
        (packed(0x0D03, 2, 3, 4), "the idx magic number is 0x0d03; wanted 0x0803"),
        (packed(0x0803, 3, 3, 4), r"the idx header says shape \(3, 3, 4\); wanted \(2, 3, 4\)"),
        (packed(0x0803, 2, 4, 3), r"the idx header says shape \(2, 4, 3\); wanted \(2, 3, 4\)"),
        (packed(0x0803, -2, 3, 4), r"the idx header says shape \(-2, 3, 4\)"),
        (packed(0x0803, 2**31 - 1, 2**31 - 1, 4), r"the idx header says shape \(2147483647"),
        (packed(0x0803, 2, 3, 4, values=b"abc"), "3 bytes of values; wanted 24"),
        (packed(0x0803, 2, 3, 4, values=bytes(25)), "more bytes of values; wanted 24"),
        (packed(0x0803, 2, values=b""), "the idx header ends after 8 bytes; the file is truncated"),
        (packed(0x0803, 2, 3, 4)[:-12], "not a whole gzip file"),
        (packed(0x0803, 2, 3, 4)[:-3], "not a whole gzip file"),
        (b"", "the idx header ends after 0 bytes"),
        (b"<html>not found</html>", "not a whole gzip file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_idx_file_is_named_with_what_it_holds(content, message):
    with pytest.raises(ValueError, match=rf"some/images\.gz: {message}"):
        formats.idx(content, PATH, (2, 3, 4))


def test_a_label_out_of_range_names_the_file_and_the_row(small):
    spec = registry.SPECS["mnist"]
    contents = {Path(name): content for name, content in small.files["mnist"].items()}
    labels = small.arrays["mnist"][1].copy()
    labels[3] = 10
    contents[Path("train-labels-idx1-ubyte.gz")] = packed(0x0801, 20, values=labels.tobytes())
    with pytest.raises(ValueError, match=r"train-labels-idx1-ubyte\.gz: label 3 is 10; wanted 0\.\.9"):
        formats.mnist(spec, contents)


def test_cifar10_is_read_from_the_archive(small):
    raw = formats.cifar10(registry.SPECS["cifar10"], {PATH: small.files["cifar10"]["cifar-10-binary.tar.gz"]})
    for found, wanted in zip(raw[1:], small.arrays["cifar10"], strict=True):
        np.testing.assert_array_equal(found, wanted)


def tar_of(*members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def member(name, size=0, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
    info.size, info.type, info.linkname = size, kind, "/etc/passwd"
    return info


def test_a_wrong_archive_is_named_with_what_it_holds(small, cifar_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = registry.SPECS["cifar10"]
    x, y, x_test, y_test = small.arrays["cifar10"]
    batches, test = [(y[i : i + 3], x[i : i + 3]) for i in range(0, 15, 3)], (y_test, x_test)
    whole = small.files["cifar10"]["cifar-10-binary.tar.gz"]
    other_names = (*spec.classes[:-1], "lorry")
    bad_label = (np.array([1, 10, 2], np.uint8), x[:3])
    cases = {
        r"not a whole tar\.gz archive": whole[: len(whole) // 2],
        r"not a whole tar\.gz archive \(": b"no archive",
        r"has no cifar-10-batches-bin/data_batch_1\.bin": tar_of(),
        r"its member cifar-10-batches-bin/data_batch_2\.bin has 3 bytes; wanted a file of 9219": tar_of(
            (member("data_batch_2.bin", 3), b"abc")
        ),
        r"its member cifar-10-batches-bin/test_batch\.bin has 0 bytes": tar_of(
            (member("test_batch.bin", 0, tarfile.SYMTYPE), b"")
        ),
        r"its member cifar-10-batches-bin/batches\.meta\.txt has 10001 bytes": tar_of(
            (member("batches.meta.txt", 10001), bytes(10001))
        ),
        r"its batches\.meta\.txt does not name the classes airplane": cifar_file(batches, test, other_names),
        r"label 1 is 10; wanted 0\.\.9": cifar_file([bad_label, *batches[1:]], test, spec.classes),
    }
    for message, content in cases.items():
        with pytest.raises(ValueError, match=rf"some/images\.gz: {message}"):
            formats.cifar10(spec, {PATH: content})
    assert list(tmp_path.iterdir()) == []


def test_tokens_are_places_in_the_classes_and_targets_the_next_character(small):
    spec = registry.SPECS["tiny_shakespeare"]
    raw = formats.tiny_shakespeare(spec, {Path("input.txt"): small.files["tiny_shakespeare"]["input.txt"]})
    train, validation, _ = small.text
    for tokens, targets, text in ((raw.x, raw.y, train), (raw.x_test, raw.y_test, validation)):
        assert "".join(spec.classes[token] for token in tokens).encode() == text[:-1]
        assert "".join(spec.classes[token] for token in targets).encode() == text[1:]


def test_a_foreign_character_is_named_with_its_place():
    with pytest.raises(ValueError, match=r"input\.txt: byte 3 is b'5', not one of the 65 characters"):
        formats.tokens(registry.SPECS["tiny_shakespeare"], b"abc5", b"abc", "input.txt", "here")


def test_check_compares_shapes_types_and_labels(small):
    spec = registry.SPECS["mnist"]
    good = formats.Raw("here", *small.arrays["mnist"])
    assert formats.check(spec, good, "it") is good
    with pytest.raises(ValueError, match=r"it: x is uint8 \(19, 28, 28, 1\); mnist has uint8 \(20, 28, 28, 1\)"):
        formats.check(spec, good._replace(x=good.x[1:]), "it")
    with pytest.raises(ValueError, match=r"it: y_test: label 0 is 77; wanted 0\.\.9"):
        formats.check(spec, good._replace(y_test=np.full(10, 77, np.uint8)), "it")
