import json
import os
import subprocess
import sys

import jax
import pytest

from nnjax import data
from nnjax.data import prepared

FILE_SETS = ["mnist", "fashion_mnist", "tiny_shakespeare", "cifar10"]


@pytest.mark.parametrize("name", FILE_SETS)
def test_what_is_not_here_is_an_error_with_the_command_that_gets_it(name, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        data.load(name)
    message = str(caught.value)
    assert message.startswith(f"{name} is not on this machine. Get it with: nnjax data get {name} (")
    assert f"{tmp_path / 'cache' / name}.npz does not exist" in message
    assert "no directory of original files is named (originals=DIR or NNJAX_ORIGINALS)" in message
    assert f"nothing is prepared in {tmp_path / 'home' / 'tensorflow_datasets'}" in message
    assert not (tmp_path / "cache").exists()


def test_without_tensorflow_datasets_the_error_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setattr(prepared, "_importable", lambda module: False)
    with pytest.raises(
        FileNotFoundError, match=r'nnjax data get mnist \(11\.6 MB\), after: pip install "nnjax\[data\]"\.'
    ):
        data.load("mnist")
    for ask in (lambda: data.load("mnist", download=True), lambda: data.get("mnist")):
        with pytest.raises(
            ModuleNotFoundError, match=r'needs TensorFlow Datasets: pip install "nnjax\[data\]"; or put'
        ):
            ask()
    assert not (tmp_path / "cache").exists()


def test_a_data_directory_is_not_taken_for_the_package_of_the_same_name(tmp_path, monkeypatch):
    (tmp_path / "made_datasets" / "mnist").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    assert not prepared._importable("made_datasets")
    assert prepared._importable("numpy")


def test_an_empty_directory_of_originals_is_mentioned(tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"{tmp_path} holds none of its original files \(input\.txt\)"):
        data.load("tiny_shakespeare", originals=tmp_path)


def test_another_cache_is_part_of_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"nnjax data get mnist --cache {tmp_path}/other \("):
        data.load("mnist", cache=tmp_path / "other")


def test_unknown_names():
    for ask in (data.load, data.get):
        with pytest.raises(ValueError, match=r"did you mean 'digits'\?\); there are: and, or,"):
            ask("digit")


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist"])
def test_one_data_set_never_stands_in_for_another(small, tmp_path, name):
    other = {"mnist": "fashion_mnist", "fashion_mnist": "mnist"}[name]
    small.write(tmp_path / "originals", other)
    data.get(other, originals=tmp_path / "originals")
    with pytest.raises(FileNotFoundError, match=f"{name} is not on this machine"):
        data.load(name, originals=tmp_path / "originals")


def test_the_search_imports_neither_jax_nor_tfds_and_opens_no_socket(tmp_path):
    program = """
import json, sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise AssertionError(f"the network was touched: {event}")
sys.addaudithook(refuse)
from nnjax import data
for name in ("mnist", "fashion_mnist", "tiny_shakespeare", "cifar10"):
    try:
        data.load(name)
    except FileNotFoundError:
        pass
data.available()
print(json.dumps([name for name in ("jax", "tensorflow_datasets", "sklearn", "platformdirs") if name in sys.modules]))
"""
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(result.stdout) == []


def test_the_order_of_the_search(small, tmp_path):
    """The cache is asked before the originals: a damaged original is not noticed while there is a cached file."""
    small.write(tmp_path / "originals", "mnist")
    data.get("mnist", originals=tmp_path / "originals")
    for path in (tmp_path / "originals" / "mnist").iterdir():
        path.write_bytes(b"damaged")
    assert len(data.load("mnist", originals=tmp_path / "originals").x) == 20
    with pytest.raises(ValueError, match="is not the original"):
        data.load("mnist", originals=tmp_path / "originals", cache=tmp_path / "empty")


def test_jax_uses_the_inputs_of_large_data_where_they_are(small, tmp_path):
    x = data.load("mnist", originals=small.write(tmp_path, "mnist")).x
    assert jax.device_put(x).unsafe_buffer_pointer() == x.ctypes.data
