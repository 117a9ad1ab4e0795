"""An empty home for every test, the real originals where they are, and small made originals in their shape."""

import gzip
import hashlib
import io
import struct
import tarfile

import numpy as np
import pytest

from nnjax.data import registry


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nothing of the person who runs the tests is read or written."""
    for name in ("NNJAX_ORIGINALS", "TFDS_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NNJAX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    return tmp_path


def make_idx(values):
    head = struct.pack(f">{1 + values.ndim}i", 0x0800 + values.ndim, *values.shape)
    return gzip.compress(head + values.tobytes(), mtime=0)


def make_cifar(batches, test, names):
    """batches, test: (labels, images NHWC)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        files = {f"data_batch_{i + 1}.bin": batch for i, batch in enumerate(batches)} | {"test_batch.bin": test}
        contents = {
            name: b"".join(bytes([y]) + x.transpose(2, 0, 1).tobytes() for y, x in zip(labels, images, strict=True))
            for name, (labels, images) in files.items()
        }
        contents["batches.meta.txt"] = ("\n".join(names) + "\n\n").encode()
        contents["readme.html"] = b"<html>"
        for name, content in contents.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="session")
def idx_file():
    return make_idx


@pytest.fixture(scope="session")
def cifar_file():
    return make_cifar


def register(monkeypatch, name, contents, **facts):
    """Makes the made files the registered originals of ``name``."""
    files = tuple(
        file._replace(size=len(contents[file.name]), sha256=hashlib.sha256(contents[file.name]).hexdigest())
        for file in registry.SPECS[name].files
    )
    spec = registry.SPECS[name]._replace(files=files, fingerprint=None, means=None, **facts)
    monkeypatch.setitem(registry.SPECS, name, spec)
    return spec


class Small:
    """Small originals of all four data sets: ``files[name]`` is {file name: bytes}, ``arrays[name]`` what they hold."""

    def __init__(self, monkeypatch):
        rng = np.random.default_rng(7)
        self.files, self.arrays = {}, {}
        for name in ("mnist", "fashion_mnist"):
            x, x_test = (rng.integers(0, 256, (n, 28, 28, 1), dtype=np.uint8) for n in (20, 10))
            y, y_test = (rng.integers(0, 10, n, dtype=np.uint8) for n in (20, 10))
            names = [file.name for file in registry.SPECS[name].files]
            made = (x[..., 0], y, x_test[..., 0], y_test)
            self.files[name] = {file: make_idx(values) for file, values in zip(names, made, strict=True)}
            self.arrays[name] = (x, y, x_test, y_test)
            register(monkeypatch, name, self.files[name], train=20, test=10)
        x, x_test = (rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8) for n in (15, 4))
        y, y_test = (rng.integers(0, 10, n, dtype=np.uint8) for n in (15, 4))
        batches = [(y[i : i + 3], x[i : i + 3]) for i in range(0, 15, 3)]
        content = make_cifar(batches, (y_test, x_test), registry.SPECS["cifar10"].classes)
        self.files["cifar10"] = {"cifar-10-binary.tar.gz": content}
        self.arrays["cifar10"] = (x, y, x_test, y_test)
        register(monkeypatch, "cifar10", self.files["cifar10"], train=15, test=4)
        text = b"ROMEO:\nWhat, shall we hear? Ay; a hundred times, & more!\n" * 5
        self.files["tiny_shakespeare"] = {"input.txt": text}
        start = int(len(text) * 0.9)
        stop = start + int((len(text) - start) * 0.5)
        self.text = text[:start], text[start:stop], text[stop:]
        register(
            monkeypatch, "tiny_shakespeare", self.files["tiny_shakespeare"], train=start - 1, test=stop - start - 1
        )

    def write(self, folder, *names):
        for name in names:
            (folder / name).mkdir(parents=True, exist_ok=True)
            for file, content in self.files[name].items():
                (folder / name / file).write_bytes(content)
        return folder


@pytest.fixture
def small(monkeypatch):
    return Small(monkeypatch)
