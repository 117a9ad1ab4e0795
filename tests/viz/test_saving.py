"""Files: both formats, the same bytes again, whole or not at all."""

import errno
import os
import stat
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from nnjax import optimizers, viz
from nnjax.viz import saving, style


def picture():
    return viz.loss_curves({"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})


@pytest.fixture(scope="module")
def animation():
    return viz.optimizer_race_animation({"SGD": optimizers.sgd(0.09)}, steps=6)


def test_png(tmp_path):
    path = viz.save(picture(), tmp_path / "new" / "folder" / "loss.png")
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (1280, 880))
        assert "Software" not in image.info


def test_svg(tmp_path):
    path = viz.save(picture(), str(tmp_path / "loss.SVG"))
    text = path.read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "Training loss" not in text
    assert "<title>Loss on unseen data falls from 2.50 to 1.50 in 2 epochs</title>" in text
    assert "Matplotlib v" not in text
    assert "<dc:date>" not in text


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_same_picture_gives_the_same_bytes(tmp_path, suffix):
    first, second = picture(), picture()
    drawn = [
        viz.save(figure, tmp_path / f"{i}.{suffix}").read_bytes() for i, figure in enumerate((first, second, first))
    ]
    assert drawn[0] == drawn[1] == drawn[2]


def test_gif(tmp_path, animation):
    path = viz.save_animation(animation, tmp_path / "race.gif")
    with Image.open(path) as gif:
        assert (gif.format, gif.n_frames, gif.size, gif.info["loop"]) == ("GIF", 7, (640, 460), 0)
        durations = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            durations.append(gif.info["duration"] / 1000)
            assert gif.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
        assert durations == list(animation.seconds)
    assert viz.save_animation(animation, tmp_path / "again.gif").read_bytes() == path.read_bytes()


def test_frames_drawn_in_part_equal_frames_drawn_whole(animation):
    in_part = list(saving.frames(animation))
    for index in (0, 3, 6):
        animation.draw(index)
        with style.context():
            animation.figure.canvas.draw()
        assert np.array_equal(in_part[index], np.asarray(animation.figure.canvas.buffer_rgba())[..., :3])


def test_the_colours_of_a_gif_are_near_the_true_ones(tmp_path, animation):
    true = list(saving.frames(animation))
    with Image.open(viz.save_animation(animation, tmp_path / "race.gif")) as gif:
        for index in (0, 6):
            gif.seek(index)
            off = np.abs(np.asarray(gif.convert("RGB")).astype(int) - true[index])
            assert off.mean() < 0.5
            assert np.mean(off.max(axis=-1) > 0) < 0.05


def test_an_animation_shows_itself_in_a_notebook(animation):
    html = animation._repr_html_()
    assert html.startswith('<img src="data:image/gif;base64,R0lGODlh')
    assert 'alt="After 6 steps SGD has the lowest loss"' in html


@pytest.mark.parametrize("name", ["loss.pdf", "loss", "loss.gif"])
def test_another_suffix(tmp_path, name):
    with pytest.raises(ValueError, match=r"it must end in \.svg or \.png"):
        viz.save(picture(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_another_suffix_of_an_animation(tmp_path, animation):
    with pytest.raises(ValueError, match=r"path ends in '\.mp4'.*it must end in \.gif"):
        viz.save_animation(animation, tmp_path / "race.mp4")


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="the picture could not be written"):
        viz.save(picture(), tmp_path / "file" / "loss.png")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="the picture could not be written"):
        viz.save(picture(), tmp_path / "loss.png")
    tmp_path.chmod(0o700)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "loss.png"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OSError, match=r"the picture could not be written \(No space left on device\).*loss\.png"):
            viz.save(picture(), path)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["loss.png"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_may_be_read_as_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    path = viz.save(picture(), tmp_path / "loss.png")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
