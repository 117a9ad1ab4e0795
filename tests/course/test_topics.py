"""The table of topics in lessons/README.md: each heading it names is taught, each test and exercise it names exists."""

import re

import pytest

from nnjax.course.source import FOLDER
from nnjax.exercises import all_exercises

ROWS = [
    [cell.strip() for cell in line.strip("| ").split("|")]
    for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| topic", "| ---"))
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_topic_is_taught_and_held(row):
    topic, place, held = row
    for path in re.findall(r"\]\((.*?)\)", place):
        assert (FOLDER / path).is_file()
        source = (FOLDER / path).with_name("lesson.md").read_text(encoding="utf-8")
        headings = [line.lstrip("# ") for line in source.splitlines() if line.startswith("##")]
        for named in re.findall(r'"(.*?)"', place):
            assert any(heading.startswith(named) for heading in headings), (named, headings)
    for name in re.findall(r"`(.*?)`", held):
        assert name in all_exercises() or (FOLDER.parent / name).exists(), name
    assert topic
