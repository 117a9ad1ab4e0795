import errno
import os
import resource
import stat
import threading

import numpy as np
import pytest

from nnjax import data
from nnjax.data import cache, formats, identity, registry


@pytest.fixture
def raw(small):
    return formats.Raw("original files", *small.arrays["mnist"])


def test_get_puts_the_originals_into_the_cache_and_load_reads_it(small, tmp_path):
    small.write(tmp_path / "originals", "mnist", "tiny_shakespeare", "cifar10")
    for name in ("mnist", "tiny_shakespeare", "cifar10"):
        straight = data.load(name, originals=tmp_path / "originals")
        path = data.get(name, originals=tmp_path / "originals")
        assert path == tmp_path / "cache" / f"{name}.npz"
        cached = data.load(name)
        for found, wanted in zip(cached[1:5], straight[1:5], strict=True):
            np.testing.assert_array_equal(found, wanted)
            assert found.dtype == wanted.dtype
        assert cached == straight._replace(
            **{field: getattr(cached, field) for field in ("x", "y", "x_test", "y_test")}
        )
        assert data.get(name) == path


def test_loading_alone_writes_nothing(small, tmp_path):
    small.write(tmp_path / "originals", "mnist")
    data.load("mnist", originals=tmp_path / "originals")
    assert not (tmp_path / "cache").exists()


def test_nothing_to_get_for_embedded_data(tmp_path):
    assert data.get("iris") is None
    assert not (tmp_path / "cache").exists()


def test_the_argument_goes_before_the_variable_and_the_variable_before_the_user_cache(tmp_path, monkeypatch):
    assert cache.directory(tmp_path / "here") == tmp_path / "here"
    assert cache.directory(None) == tmp_path / "cache"
    monkeypatch.delenv("NNJAX_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert tmp_path / "home" in cache.directory(None).parents
    assert cache.directory(None).name == "nnjax"


def test_the_command_names_the_folder_only_where_it_must(tmp_path):
    spec = registry.SPECS["mnist"]
    assert cache.command(spec, tmp_path / "cache") == "nnjax data get mnist"
    assert cache.command(spec, tmp_path / "a b") == f"nnjax data get mnist --cache '{tmp_path}/a b'"


def damaged_files(content):
    middle = len(content) // 2
    yield "truncated", content[:middle]
    yield "empty", b""
    yield "one bit", content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    yield "no zip", b"<html>" + content[6:]
    for place in range(0, len(content), len(content) // 40):
        yield f"eight bytes at {place}", content[:place] + b"\xff" * 8 + content[place + 8 :]


def test_a_damaged_file_is_named_with_the_command_that_mends_it(small, tmp_path):
    small.write(tmp_path / "originals", "mnist")
    path = data.get("mnist", originals=tmp_path / "originals")
    good, wanted = path.read_bytes(), data.load("mnist")
    refused = []
    for what, content in damaged_files(good):
        path.write_bytes(content)
        try:
            found = data.load("mnist")
        except ValueError as error:
            refused.append(str(error))
            continue
        for field in ("x", "y", "x_test", "y_test"):  # zip has bytes that nothing reads
            np.testing.assert_array_equal(getattr(found, field), getattr(wanted, field), err_msg=what)
    assert len(refused) > 35
    for message in refused:
        assert f"{path} is damaged (" in message
        assert message.endswith("mend it with: nnjax data get mnist")
    path.write_bytes(good[:1000])
    assert data.get("mnist", originals=tmp_path / "originals") == path
    assert len(data.load("mnist").x) == 20


def test_a_cached_file_of_another_data_set_is_refused(small, tmp_path):
    small.write(tmp_path / "originals", "cifar10")
    path = data.get("cifar10", originals=tmp_path / "originals")
    path.rename(path.with_name("mnist.npz"))
    with pytest.raises(ValueError, match=r"mnist\.npz does not hold mnist \(.*x is uint8 \(15, 32, 32, 3\); mnist has"):
        data.load("mnist")


def test_a_cached_file_of_a_data_set_of_the_same_shape_is_refused_and_replaced(small, tmp_path, monkeypatch):
    small.write(tmp_path / "originals", "mnist", "fashion_mnist")
    x, y, x_test, y_test = small.arrays["fashion_mnist"]
    prints = identity.fingerprint(x, y), identity.fingerprint(x_test, y_test)
    monkeypatch.setitem(registry.SPECS, "fashion_mnist", registry.SPECS["fashion_mnist"]._replace(fingerprint=prints))
    path = data.get("mnist", originals=tmp_path / "originals")
    path.rename(path.with_name("fashion_mnist.npz"))
    with pytest.raises(ValueError, match=r"/fashion_mnist\.npz does not hold fashion_mnist \(.*; mend it with: nnjax"):
        data.load("fashion_mnist")
    data.get("fashion_mnist", originals=tmp_path / "originals")
    np.testing.assert_array_equal(data.load("fashion_mnist").y, y)


def test_a_pickle_is_not_opened(small, tmp_path):
    (tmp_path / "cache").mkdir()
    fields = {field: np.array([print], dtype=object) for field in ("x", "y", "x_test", "y_test", "origin")}
    np.savez(tmp_path / "cache" / "mnist.npz", **fields)
    with pytest.raises(ValueError, match=r"mnist\.npz is damaged .*allow_pickle"):
        data.load("mnist")


def test_a_full_disk_leaves_nothing_half_written(raw, tmp_path):
    """The limit on the size of a file fails a write half way, as a full disk does."""
    spec, folder = registry.SPECS["mnist"], tmp_path / "cache"
    old = cache.write(spec, raw, folder).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(
            OSError, match=r"cannot write .*cache/mnist\.npz \(.*\); nothing was changed: free \d+ bytes"
        ):
            cache.write(spec, raw, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in folder.iterdir()] == ["mnist.npz"]
    assert (folder / "mnist.npz").read_bytes() == old


def test_no_space_is_reported_as_such(raw, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        cache.write(registry.SPECS["mnist"], raw, tmp_path / "cache")
    assert caught.value.errno == errno.ENOSPC
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_made_is_named(small, tmp_path):
    (tmp_path / "cache").write_text("a file in the way")
    small.write(tmp_path / "originals", "mnist")
    with pytest.raises(OSError, match=r"cannot write .*/cache \(.*\); nothing was changed: name another folder"):
        data.get("mnist", originals=tmp_path / "originals")
    assert (tmp_path / "cache").read_text() == "a file in the way"


@pytest.mark.parametrize("ask", [lambda **here: data.get("mnist", **here), lambda **_: data.get("cifar10")])
def test_a_cache_that_can_only_be_read_is_named(small, tmp_path, monkeypatch, ask):
    """Before a download too; and what failed is not covered up by what then fails in clearing away."""
    pytest.importorskip("tensorflow_datasets", reason="TensorFlow Datasets is not installed")

    def refuse(path, *arguments, **settings):
        if "cache" in str(path):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opened(path, *arguments, **settings)

    small.write(tmp_path / "originals", "mnist")
    (tmp_path / "cache").mkdir()
    opened = os.open
    for name in ("open", "mkdir", "unlink"):
        monkeypatch.setattr(os, name, refuse)
    with pytest.raises(OSError, match=r"cannot write .*/cache \(Read-only .*: name another folder by NNJAX_CACHE"):
        ask(originals=tmp_path / "originals")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_without_permission_is_named(raw, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.raises(PermissionError, match=r"cannot write .*/cache \(.*; nothing was changed: name another folder"):
        cache.write(registry.SPECS["mnist"], raw, tmp_path / "cache")


def test_the_file_has_the_usual_permissions(raw, tmp_path):
    old = os.umask(0o022)
    try:
        path = cache.write(registry.SPECS["mnist"], raw, tmp_path / "cache")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_many_writers_at_once_leave_one_whole_file(raw, tmp_path):
    spec, folder = registry.SPECS["mnist"], tmp_path / "cache"
    threads = [threading.Thread(target=cache.write, args=(spec, raw, folder)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in folder.iterdir()] == ["mnist.npz"]
    np.testing.assert_array_equal(cache.read(spec, folder).x, raw.x)
