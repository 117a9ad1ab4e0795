"""Data sets by name, as NumPy arrays in memory.

``load(name)`` looks in this order and never puts one data set in another's place:

1. embedded: made by a formula, or shipped with scikit-learn or Python (no file, no network);
2. nnjax's own cache (``cache=``, else NNJAX_CACHE, else the user's cache folder);
3. the original files in a directory you name (``originals=``, else NNJAX_ORIGINALS), checked by sha256;
4. a directory that TensorFlow Datasets has prepared (``tfds_dir=``, else TFDS_DATA_DIR, else ~/tensorflow_datasets);
5. a download, only if you ask: ``load(name, download=True)``, ``get(name)`` or ``nnjax data get NAME``.
"""

import tempfile
from pathlib import Path

import numpy as np

from nnjax.data import cache as _cache
from nnjax.data import download as _download
from nnjax.data import embedded as _embedded
from nnjax.data import originals as _originals
from nnjax.data import prepared as _prepared
from nnjax.data import registry as _registry
from nnjax.data.dataset import Dataset, flatten, standardize, validate
from nnjax.data.formats import Raw
from nnjax.data.listing import Available, available
from nnjax.data.registry import Location
from nnjax.data.text import decode, encode, pad, vocabulary, windows

__all__ = [
    "NAMES",
    "Available",
    "Dataset",
    "available",
    "decode",
    "encode",
    "flatten",
    "get",
    "load",
    "pad",
    "standardize",
    "validate",
    "vocabulary",
    "windows",
]

NAMES: tuple[str, ...] = tuple(_registry.SPECS)


def load(
    name: str,
    *,
    download: bool = False,
    originals: Location = None,
    seed: int = 0,
    test_fraction: float = 0.2,
    cache: Location = None,
    tfds_dir: Location = None,
    classes: int | None = None,
) -> Dataset:
    """The data set ``name``: "and", "or", "nand", "xor", "moons", "circles", "spirals", "iris", "breast_cancer",
    "diabetes", "digits", "unicode_names", "unicode_scripts", "mnist", "fashion_mnist", "tiny_shakespeare" or "cifar10".

    Inputs are float32, images NHWC in [0, 1]; labels int32; diabetes has float32 targets (n,). tiny_shakespeare is two
    streams of int32 tokens, y[i] being the character after x[i]: x and y are TFDS's training split (the first 90 %),
    x_test and y_test its validation split (the next 5 %); the last 5 %, TFDS's test split, is left alone.
    unicode_names, the names of 12,771 characters, is two such streams, in an order drawn from the seed, with a newline
    (token 0) before and after each name; :func:`windows` cuts streams. unicode_scripts tells the script of a letter
    from the rest of its name: int32 tokens (n, 76) of the same symbols, filled up with newlines.

    ``seed`` and ``test_fraction`` make and split the embedded data sets (stratified by label; unicode_names by names,
    so that no name is in both parts). The gates (test rows =
    training rows) and the data sets from files have a split of their own, which neither changes. ``classes`` (2 or 3)
    is for the spirals only.

    Raises ValueError for an unknown name (the message lists the names), an argument out of range or a damaged file;
    FileNotFoundError, at once, if the data set is not on this machine (the message says which command gets it);
    ConnectionError if a download fails.
    """
    spec = _registry.spec(name)
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction={test_fraction}: wanted a share of the rows, above 0 and below 1")
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"seed={seed}: wanted an integer from 0 to 2**32 - 1")
    if classes is not None and (name != "spirals" or classes not in (2, 3)):
        raise ValueError(f"classes={classes} for {name!r}: only the spirals take it, and have 2 or 3")
    if not spec.files:
        return _embedded.load(spec, seed=seed, test_fraction=test_fraction, classes=classes)
    folder, named = _cache.directory(cache), _originals.directory(originals)
    raw = _cache.read(spec, folder)
    if raw is not None:
        return _dataset(spec, raw)
    raw, notes = _on_this_machine(spec, named, tfds_dir)
    if raw is None and download:
        raw = _fetch(spec, folder, notes)
        _cache.write(spec, raw, folder)
    if raw is None:
        raise _not_here(spec, folder, notes)
    return _dataset(spec, raw)


def get(name: str, *, originals: Location = None, cache: Location = None, tfds_dir: Location = None) -> Path | None:
    """Puts the data set into nnjax's cache and returns the file; for an embedded one there is nothing to get: None.

    It comes from the original files, from a prepared TFDS directory, or else by download. A file in the cache that is
    damaged or holds another data set is replaced. Raises what :func:`load` raises, ModuleNotFoundError if a download
    is needed and TensorFlow Datasets is not installed, and OSError if the cache cannot be written; the cache is then as
    it was.
    """
    spec = _registry.spec(name)
    if not spec.files:
        return None
    folder, named = _cache.directory(cache), _originals.directory(originals)
    try:
        if _cache.read(spec, folder) is not None:
            return _cache.path_of(spec, folder)
    except ValueError:
        pass  # this is the command that mends it
    raw, notes = _on_this_machine(spec, named, tfds_dir)
    return _cache.write(spec, _fetch(spec, folder, notes) if raw is None else raw, folder)


def _on_this_machine(spec: _registry.Spec, originals: Path | None, tfds_dir: Location) -> tuple[Raw | None, list[str]]:
    """The data set from the original files or a prepared directory; and where it was looked for in vain, in words."""
    notes: list[str] = []
    if originals is None:
        notes.append("no directory of original files is named (originals=DIR or NNJAX_ORIGINALS)")
    else:
        raw = _originals.read(spec, originals)
        if raw is not None:
            return raw, notes
        notes.append(f"{originals} holds none of its original files ({', '.join(file.name for file in spec.files)})")
    folder = _prepared.directory(tfds_dir)
    try:
        raw = _prepared.read(spec, folder)
        notes.append(f"nothing is prepared in {folder}")
    except _prepared.NotUsableError as reason:
        raw = None
        notes.append(f"{folder / spec.name} {reason}")
    return raw, notes


def _fetch(spec: _registry.Spec, folder: Path, notes: list[str]) -> Raw:
    again, looked = _cache.command(spec, folder), f"Looked on this machine in vain: {'; '.join(notes)}."
    if not _prepared.installed():
        raise ModuleNotFoundError(
            f'downloading {spec.name} needs TensorFlow Datasets: pip install "nnjax[data]"; or put the original files '
            f"in DIR/{spec.name}/ and run: {again} --originals DIR. {looked}"
        )
    _cache.create(folder)
    with tempfile.TemporaryDirectory(prefix=f".{spec.name}-", dir=folder) as part:
        try:
            _download.fetch(spec, Path(part))
            raw = _originals.read(spec, Path(part))
            if raw is None:
                raise ConnectionError("no file arrived")
            return raw
        except (ConnectionError, ValueError, FileNotFoundError) as error:
            reason = error if isinstance(error, ConnectionError) else f"what arrived is not the original ({error})"
            raise ConnectionError(
                f"could not download {spec.name}: {reason}. Try again with: {again}. Or fetch the files in another "
                f"way, put them in DIR/{spec.name}/, and run: {again} --originals DIR. {looked} "
                f"The files: {' '.join(file.url for file in spec.files)}"
            ) from error


def _not_here(spec: _registry.Spec, folder: Path, notes: list[str]) -> FileNotFoundError:
    size = sum(file.size for file in spec.files) / 1e6
    needs = "" if _prepared.installed() else ', after: pip install "nnjax[data]"'
    return FileNotFoundError(
        f"{spec.name} is not on this machine. Get it with: {_cache.command(spec, folder)} ({size:.1f} MB){needs}. "
        f"Looked for it in vain: {_cache.path_of(spec, folder)} does not exist; {'; '.join(notes)}."
    )


def _dataset(spec: _registry.Spec, raw: Raw) -> Dataset:
    kind = np.int32 if spec.task == "text" else np.float32
    x, x_test = _aligned(raw.x, kind), _aligned(raw.x_test, kind)
    if spec.task != "text":
        x /= 255
        x_test /= 255
    y, y_test = raw.y.astype(np.int32), raw.y_test.astype(np.int32)
    return Dataset(spec.name, x, y, x_test, y_test, spec.classes, f"{spec.source} ({raw.origin})")


def _aligned(values: np.ndarray, dtype: type) -> np.ndarray:
    """Return a copy at an address that is a multiple of 64: JAX on a CPU uses such an array as it is, uncopied."""
    size = values.size * np.dtype(dtype).itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copy: np.ndarray = memory[start : start + size].view(dtype).reshape(values.shape)
    copy[...] = values
    return copy
