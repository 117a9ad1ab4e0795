"""Decks built by Marp and looked at in a real browser: slow, and skipped where Marp or Chromium is not here."""

import re
import shutil

import pypdf
import pytest

from nnjax.slides import build, decks, figures
from tests.slides import browser

needs_marp = pytest.mark.skipif(shutil.which("marp") is None, reason=f"needs {build.GET_MARP.split(': ')[-1]}")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("slides")


@pytest.mark.slow
@needs_marp
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("lesson", decks.decks())
def test_nothing_is_cut_off_shrunk_or_missing_on_any_slide(lesson, dark, out):
    deck = decks.read(lesson)
    path = build.build(lesson, out, dark=dark, bare=True)
    with browser.opened(path) as (page, requests):
        seen = browser.look(page)
    assert [f"{slide['title']}: {wrong}" for slide in seen for wrong in slide["wrong"]] == []
    assert len(seen) == len(deck.slides)
    assert all(slide["title"] for slide in seen)
    assert sum(slide["images"] for slide in seen) == len(deck.images)
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.slow
@needs_marp
def test_what_is_presented_needs_no_network_and_shows_the_notes(out):
    lesson = next(iter(decks.decks()))
    path = build.build(lesson, out)
    with browser.opened(path) as (page, requests):
        notes = page.evaluate("() => document.querySelector('.bespoke-marp-note')?.textContent")
        assert page.evaluate("() => document.querySelectorAll('section').length") == len(decks.read(lesson).slides)
    assert " ".join(notes.split())[:60] == " ".join(decks.read(lesson).slides[0].notes.split())[:60]
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.slow
@needs_marp
@pytest.mark.skipif(build.browser() is None, reason="needs a Chromium on this machine")
def test_the_pdf_has_a_page_a_slide_and_carries_the_notes(out):
    lesson = next(iter(decks.decks()))
    pages = pypdf.PdfReader(build.build(lesson, out, "pdf")).pages
    carried = [[note.get_object()["/Contents"] for note in page.get("/Annots", [])] for page in pages]
    assert [len(notes) for notes in carried] == [1] * len(decks.read(lesson).slides)
    assert " ".join(carried[0][0].split())[:60] == " ".join(decks.read(lesson).slides[0].notes.split())[:60]


@pytest.mark.slow
@needs_marp
@pytest.mark.skipif(build.browser() is None, reason="needs a Chromium on this machine")
def test_the_pptx_is_one(out):
    import zipfile

    lesson = next(iter(decks.decks()))
    with zipfile.ZipFile(build.build(lesson, out, "pptx")) as packed:
        slides = [name for name in packed.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
    assert len(slides) == len(decks.read(lesson).slides)


def test_without_marp_it_says_in_a_line_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match=re.escape("npm install --global @marp-team/marp-cli@")) as failed:
        build.build("04", tmp_path / "out")
    assert "\n" not in str(failed.value)
    assert not (tmp_path / "out").exists()


def test_without_a_browser_it_says_so_before_anything_is_made(monkeypatch, tmp_path):
    (tmp_path / "marp").write_text("#!/bin/sh\n")
    (tmp_path / "marp").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROME_PATH", raising=False)
    monkeypatch.setattr(build.sys, "platform", "linux")
    with pytest.raises(OSError, match="need Chromium, Chrome or Edge"):
        build.build("04", tmp_path / "out", "pdf")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_where_marp_finds_a_browser_by_itself_none_is_asked_for(system, monkeypatch):
    monkeypatch.setattr(build.shutil, "which", lambda name: "marp" if name == "marp" else None)
    monkeypatch.delenv("CHROME_PATH", raising=False)
    monkeypatch.setattr(build.sys, "platform", system)
    assert build.require("pdf") == ["marp"]


def test_figures_are_made_once_for_the_same_code(tmp_path, monkeypatch):
    from nnjax import viz

    calls = []

    def drawn():
        calls.append(1)
        return viz.network_diagram((2, 2))

    def walk():
        yield viz.network_diagram((1, 2))
        yield viz.network_diagram((2, 1))

    monkeypatch.setattr(figures, "functions", lambda lesson: {"drawn": drawn, "walk": walk})
    for _ in range(2):
        folder = figures.make("04_backprop", tmp_path)
    assert sorted(path.name for path in folder.glob("*.svg")) == ["drawn.svg", "walk-1.svg", "walk-2.svg"]
    assert len(calls) == 1
    monkeypatch.setattr(figures.files, "code_digest", lambda: "newer code")
    figures.make("04_backprop", tmp_path)
    assert len(calls) == 2
    assert 'width="851" height=' in (folder / "drawn.svg").read_text(encoding="utf-8")


def test_figures_go_into_the_page():
    with pytest.raises(FileNotFoundError):
        build.embedded('<img src="figures/04/none.svg">', decks.theme())


def test_an_unknown_lesson_is_refused_before_anything_else(tmp_path):
    with pytest.raises(ValueError, match="lesson"):
        build.build("backpropagate", tmp_path)
