"""The README says what is true: its commands, its example, its tables and its links."""

import re
from pathlib import Path

import pytest
from PIL import Image

from nnjax import certify, data
from nnjax.viz import style

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def section(name):
    (found,) = re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", TEXT, re.DOTALL)
    return found


def first_column(table):
    return [row.split("|")[1].strip() for row in table.strip().splitlines()[2:] if row.startswith("|")]


def test_two_commands_do_all_the_set_up():
    commands = re.findall(r"^python3 -m venv .*$", TEXT, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("&& .venv/bin/nnjax tour --out tour")
    assert commands[1].endswith("&& .venv/bin/pytest")


def test_the_ten_lines_train_a_network(capsys):
    code = re.search(r"```python\n(.*?)```", section("example"), re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert float(re.search(r"test accuracy (0\.\d+)", printed)[1]) >= 0.96


def test_the_mistake_that_it_makes_is_named_as_it_says(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("NNJAX_STATE", str(tmp_path))
    code, printed = re.search(
        r"```python\n((?:(?!```).)*?check\(neuron\)\n)```\n\n```\n(.*?)```", TEXT, re.DOTALL
    ).groups()
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == printed


@pytest.mark.slow
def test_the_names_that_it_writes_are_made_of_words_of_unicode(capsys):
    (code,) = re.findall(r"```python\n((?:(?!```).)*?generate(?:(?!```).)*?)```", TEXT, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    written = set(capsys.readouterr().out.split())
    known = {word for name in data.unicode.names() for word in name.split()}
    assert len(written & known) >= 8


def test_the_certificate_is_that_of_all_that_is_certified():
    assert first_column(section("certificate")) == certify.names()


def test_the_tour_has_a_row_for_each_stop():
    from nnjax import tour

    assert len(first_column(section("tour"))) == len(tour.STOPS)


def test_links_and_pictures_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / target).exists(), target


def test_the_tours_picture_keeps_the_colours_of_the_palette():
    picture = ROOT / ".github" / "pictures" / "tour.png"
    assert picture.stat().st_size < 700_000
    with Image.open(picture) as image:
        found = {"#{:02X}{:02X}{:02X}".format(*color) for _, color in image.convert("RGB").getcolors(2**24)}
    assert {style.palette[name] for name in ("blue", "orange", "green", "grey")} <= found


def test_the_version_to_cite_is_the_version():
    import nnjax

    assert f"version = {{{nnjax.__version__}}}" in TEXT
