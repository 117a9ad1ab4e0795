"""A model in a file: run again by plain JAX where nnjax cannot be imported, with other batch sizes; the errors."""

import subprocess
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import interop, models

READER = """
import sys
sys.modules["nnjax"] = None                       # import nnjax is now an error
import warnings
warnings.simplefilter("error")
import jax.export, pathlib
import numpy as np

for folder in sys.argv[1:]:
    folder = pathlib.Path(folder)
    model = jax.export.deserialize(bytearray((folder / "model.jax").read_bytes()))
    np.save(folder / "outputs.npy", model.call(np.load(folder / "x.npy")))
    assert set(model.platforms) == {"cpu", "cuda", "tpu"}
try:
    import nnjax
except ImportError:
    print("without nnjax")
"""


def networks():
    """Return, for each name, apply, params, an example and another batch."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 4)).astype(np.float32)
    tanh = partial(models.mlp.apply, activation="tanh")
    tokens = rng.integers(0, 7, (5, 6)).astype(np.int32)
    key, heads = jax.random.key(0), partial(models.transformer.apply, heads=2)
    recurrent = models.rnn_language.init(key, 7, (4, 5))
    transformer = models.transformer.init(key, 7, width=8, layers=1, heads=2, length=6)
    # So long that examples would take turns, if it were known how many there are.
    long = models.transformer.init(key, 7, width=8, layers=1, heads=4, length=192)
    texts = rng.integers(0, 7, (2, 192)).astype(np.int32)
    images = rng.random((3, 6, 6, 1), np.float32)
    convolutional = models.cnn.init(key, (6, 6, 1), (3,), (4,), 3, kernel=3)
    return {
        "cnn": (models.cnn.apply, convolutional, images[:2], images),
        "mlp": (tanh, models.mlp.init(key, (4, 6, 3)), x[:2], x),
        "rnn_language": (models.rnn_language.apply, recurrent, tokens[:1], tokens),
        "transformer": (heads, transformer, tokens[:2], tokens),
        "transformer of long texts": (partial(models.transformer.apply, heads=4), long, texts[:1], texts),
    }


def test_the_file_is_run_by_plain_jax_with_any_batch_size(tmp_path):
    expected = {}
    for name, (apply, params, example, x) in networks().items():
        folder = tmp_path / name
        folder.mkdir()
        assert interop.export(folder / "model.jax", apply, params, example) == folder / "model.jax"
        assert [path.name for path in folder.iterdir()] == ["model.jax"]
        np.save(folder / "x.npy", x)
        expected[folder] = jax.jit(apply)(params, x)
    done = subprocess.run(
        [sys.executable, "-c", READER, *map(str, expected)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "without nnjax\n"
    for folder, outputs in expected.items():
        np.testing.assert_allclose(np.load(folder / "outputs.npy"), outputs, rtol=1e-6, atol=1e-6)


def keep(params, x):
    return x


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".", "path '.*' is a folder; give the name of a file"),
        ("missing/model.jax", "path '.*missing/model.jax' is in the folder '.*missing', which does not exist"),
    ],
)
def test_a_path_that_cannot_be_a_file_is_named_before_the_function_is_called(tmp_path, path, message):
    def untouched(params, x):
        raise AssertionError

    with pytest.raises(ValueError, match=message):
        interop.export(tmp_path / path, untouched, {}, np.zeros((2, 3), np.float32))


def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(tmp_path, monkeypatch):
    target = tmp_path / "model.jax"
    interop.export(target, keep, {}, np.zeros((2, 3), np.float32))
    before = target.read_bytes()

    def full(self, content):
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match=r"could not be written to '.*model.jax': No space left on device"):
        interop.export(str(target), keep, {}, np.zeros((2, 5), np.float32))
    assert [path.name for path in tmp_path.iterdir()] == ["model.jax"]
    assert target.read_bytes() == before


@pytest.mark.parametrize(
    ("example", "message"),
    [(np.float32(1.0), r"example has 0 axes, shape \(\)"), (np.zeros((0, 3), np.float32), "example is empty")],
)
@pytest.mark.usefixtures("unchecked")
def test_an_example_without_a_batch_is_named(tmp_path, example, message):
    with pytest.raises(ValueError, match=message):
        interop.export(tmp_path / "model.jax", keep, {}, example)
    assert not any(tmp_path.iterdir())


def of_one_batch_size(params, x):
    return x.reshape(2, -1) @ jnp.ones((3, 1))


def that_asks_for_a_value(params, x):
    return x if jnp.sum(x) > 0 else -x


def that_calls_python(params, x):
    return jax.pure_callback(np.asarray, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


@pytest.mark.parametrize(
    ("apply", "reason"),
    [
        (of_one_batch_size, "Cannot divide evenly"),
        (that_asks_for_a_value, "boolean conversion of traced array"),
        (that_calls_python, "python_callback"),
        (partial(models.mlp.apply, activation="rely"), "unknown activation 'rely'"),
    ],
)
def test_a_function_that_cannot_be_exported_is_an_error_with_the_reason(tmp_path, apply, reason):
    params = models.mlp.init(jax.random.key(0), (3, 2, 2))
    with pytest.raises(
        ValueError, match=rf"apply cannot be exported for inputs of shape \(batch, 3\), any batch: .*{reason}"
    ):
        interop.export(tmp_path / "model.jax", apply, params, np.zeros((2, 3), np.float32))
    assert not any(tmp_path.iterdir())
