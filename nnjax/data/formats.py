"""From the bytes of an original file to arrays: idx (MNIST's format), the CIFAR-10 archive, and plain text.

Every reader checks what it reads against what is wanted, and says in one sentence which file is wrong, what it holds
and what was wanted.
"""

import gzip
import io
import math
import struct
import tarfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from nnjax.data.registry import Spec

_CIFAR_FOLDER = "cifar-10-batches-bin"


class Raw(NamedTuple):
    """A data set as its bytes: pixels 0..255, labels and tokens, all uint8. ``origin`` tells what they were read
    from."""

    origin: str
    x: UInt8[np.ndarray, "n *shape"]
    y: UInt8[np.ndarray, "n"]
    x_test: UInt8[np.ndarray, "m *shape"]
    y_test: UInt8[np.ndarray, "m"]


def check(spec: Spec, raw: Raw, where: str) -> Raw:
    """``raw`` itself, if its shapes are those of the data set and its labels are in 0..classes-1; otherwise
    ValueError naming ``where``."""
    wanted = {
        "x": (spec.train, *spec.shape),
        "y": (spec.train,),
        "x_test": (spec.test, *spec.shape),
        "y_test": (spec.test,),
    }
    for field, shape in wanted.items():
        values = getattr(raw, field)
        if values.shape != shape or values.dtype != np.uint8:
            raise ValueError(f"{where}: {field} is {values.dtype} {values.shape}; {spec.name} has uint8 {shape}")
    for field in ("y", "y_test"):
        _check_labels(getattr(raw, field), len(spec.classes), f"{where}: {field}")
    return raw


def idx(data: bytes, path: Path, shape: tuple[int, ...]) -> UInt8[np.ndarray, "..."]:
    """The uint8 array in the gzipped idx file whose bytes are ``data``; ``shape`` is what it must hold, ``path`` its
    name for errors.

    An idx file is: two zero bytes, 8 for "unsigned bytes", the number of axes; then the length of each axis, four
    bytes, most significant first; then the values. The lengths are compared with ``shape`` before anything is unpacked,
    so a wrong file cannot fill the memory.
    """
    magic = 0x0800 + len(shape)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            head = stream.read(4 * (1 + len(shape)))
            if len(head) < 4 * (1 + len(shape)):
                raise ValueError(f"{path}: the idx header ends after {len(head)} bytes; the file is truncated")
            found, *lengths = struct.unpack(f">{1 + len(shape)}i", head)
            if found != magic:
                raise ValueError(f"{path}: the idx magic number is {found:#06x}; wanted {magic:#06x}")
            if tuple(lengths) != shape:
                raise ValueError(f"{path}: the idx header says shape {tuple(lengths)}; wanted {shape}")
            values, rest = stream.read(math.prod(shape)), stream.read(1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: not a whole gzip file ({error})") from error
    if len(values) != math.prod(shape) or rest:
        found_bytes = "more" if rest else str(len(values))
        raise ValueError(f"{path}: {found_bytes} bytes of values; wanted {math.prod(shape)} for shape {shape}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def mnist(spec: Spec, contents: dict[Path, bytes]) -> Raw:
    """MNIST and Fashion-MNIST: four idx files, in the order of ``spec.files``."""
    arrays: list[np.ndarray] = []
    for (path, data), rows in zip(contents.items(), (spec.train, spec.train, spec.test, spec.test), strict=True):
        if len(arrays) % 2 == 0:
            arrays.append(idx(data, path, (rows, *spec.shape[:2]))[..., None])
        else:
            arrays.append(idx(data, path, (rows,)))
            _check_labels(arrays[-1], len(spec.classes), str(path))
    return Raw("original files", *arrays)


def cifar10(spec: Spec, contents: dict[Path, bytes]) -> Raw:
    """CIFAR-10: a tar archive of batches; a record is one label byte and then 32 x 32 pixels, all red, all green, all
    blue.

    Members are read in memory, by exact name and size; nothing is extracted to disk.
    """
    [(path, data)] = contents.items()
    record = 1 + math.prod(spec.shape)
    sizes: dict[str, int | None] = {f"data_batch_{i}.bin": spec.train // 5 * record for i in range(1, 6)}
    sizes |= {"test_batch.bin": spec.test * record, "batches.meta.txt": None}
    *members, listed = _tar_members(data, path, {f"{_CIFAR_FOLDER}/{name}": size for name, size in sizes.items()})
    if tuple(listed.decode("utf-8", "replace").split()) != spec.classes:
        raise ValueError(f"{path}: its batches.meta.txt does not name the classes {', '.join(spec.classes)}")
    arrays: list[np.ndarray] = []
    for block in (b"".join(members[:5]), members[5]):
        rows = np.frombuffer(block, np.uint8).reshape(-1, record)
        height, width, channels = spec.shape
        pixels = rows[:, 1:].reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        _check_labels(rows[:, 0], len(spec.classes), str(path))
        arrays += [np.ascontiguousarray(pixels), rows[:, 0].copy()]
    return Raw("original files", *arrays)


def tiny_shakespeare(spec: Spec, contents: dict[Path, bytes]) -> Raw:
    """Tiny Shakespeare: the first 90 % of the characters to train on, the next 5 % (TFDS's validation split) to test
    on."""
    [(path, text)] = contents.items()
    start = int(len(text) * 0.9)
    stop = start + int((len(text) - start) * 0.5)
    return tokens(spec, text[:start], text[start:stop], str(path), "original files")


def tokens(spec: Spec, train: bytes, test: bytes, where: str, origin: str) -> Raw:
    """Two stretches of text as tokens, x[i] being character i and y[i] the next one; a token is the place of the
    character in ``spec.classes``."""
    table = np.full(256, 255, np.uint8)
    table[[ord(character) for character in spec.classes]] = np.arange(len(spec.classes))
    streams: list[np.ndarray] = []
    for text in (train, test):
        stream = table[np.frombuffer(text, np.uint8)]
        if (stream == 255).any():
            place = int((stream == 255).argmax())
            raise ValueError(
                f"{where}: byte {place} is {text[place : place + 1]!r}, not one of the {len(spec.classes)} characters"
            )
        streams += [stream[:-1], stream[1:]]
    return Raw(origin, *streams)


def _tar_members(data: bytes, path: Path, sizes: dict[str, int | None]) -> list[bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                if member.name not in sizes:
                    continue
                size = sizes[member.name]
                limit = 10_000 if size is None else size
                if not member.isreg() or member.size > limit or (size is not None and member.size != size):
                    raise ValueError(
                        f"{path}: its member {member.name} has {member.size} bytes; wanted a file of {limit}"
                    )
                stream = archive.extractfile(member)
                found[member.name] = stream.read() if stream else b""
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: not a whole tar.gz archive ({error})") from error
    missing = [name for name in sizes if name not in found]
    if missing:
        raise ValueError(f"{path}: has no {', '.join(missing)}")
    return [found[name] for name in sizes]


def _check_labels(labels: np.ndarray, classes: int, where: str) -> None:
    bad = labels >= classes
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"{where}: label {row} is {labels[row]}; wanted 0..{classes - 1}")
