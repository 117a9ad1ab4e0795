"""Students and their files, whatever they are called and whatever lies there."""

import os

import pytest

from nnjax.grading.submissions import LARGEST, Source, read, strays, students


def names(folder):
    return [student.name for student in students(folder)]


def test_files_and_folders_are_students(tmp_path):
    (tmp_path / "ann.py").write_text("a")
    (tmp_path / "ann.ipynb").write_text("b")
    (tmp_path / "bob" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "bob" / "deep" / "er" / "x.py").write_text("c")
    (tmp_path / "bob" / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".DS_Store").write_text("")
    ann, bob = students(tmp_path)
    assert [source.name for source in ann.sources] == ["ann.ipynb", "ann.py"]
    assert [source.name for source in bob.sources] == [os.path.join("deep", "er", "x.py")]
    assert [read(source) for source in (*ann.sources, *bob.sources)] == [b"b", b"a", b"c"]


def test_twins_reserved_and_unprintable_names_are_kept_apart(tmp_path):
    wanted = [
        "ann",
        "Ann",
        "ann\u200b",
        "ａnn",
        "CON",
        "..x",
        "=1+1",
        "a\nb",
        "a\x1bb",
        "\u202eevil",
        "Łukasz",
        "ошибка",
    ]
    for name in wanted:
        (tmp_path / f"{name}.py").write_text("")
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("")
    found = students(tmp_path)
    assert len(found) == len(wanted)  # "..x" is hidden, "café" is one more
    assert len({student.name for student in found}) == len(found)
    assert len({student.slug.casefold() for student in found}) == len(found)
    for student in found:
        assert student.name.isprintable()
        assert student.slug.isascii()
        assert all(sign.isalnum() or sign == "-" for sign in student.slug)


def test_what_cannot_be_read_says_why(tmp_path):
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve" / "secret").write_text("x")
    (tmp_path / "link.py").symlink_to(tmp_path / "eve" / "secret")
    (tmp_path / "eve" / "folder").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    with (tmp_path / "big.py").open("wb") as file:
        file.truncate(LARGEST + 1)
    said = {}
    for source in (source for student in students(tmp_path) for source in student.sources):
        with pytest.raises(ValueError, match=r"^(is|holds)") as caught:
            read(source)
        said[source.path.stem] = str(caught.value)
    assert said == {
        "big": f"holds {LARGEST + 1:,} bytes; at most {LARGEST:,} are read",
        "folder": "is neither a .py nor an .ipynb file",
        "link": "is a link, which is not followed",
        "pipe": "is not a regular file",
        "secret": "is neither a .py nor an .ipynb file",
    }
    with pytest.raises(ValueError, match="cannot be read"):
        read(Source("gone.py", tmp_path / "gone.py"))


def test_files_of_other_kinds_beside_the_students_are_nobodys(tmp_path):
    for name in ("ann.py", "roster.csv", "ann.txt", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "folder").symlink_to(tmp_path)
    assert names(tmp_path) == ["ann"]
    assert strays(tmp_path) == ["ann.txt", "folder", "roster.csv"]


def test_a_folder_that_holds_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no submission; it must hold"):
        students(tmp_path)
    with pytest.raises(ValueError, match="is not a folder"):
        students(tmp_path / "none")
    (tmp_path / "ann").mkdir()
    assert students(tmp_path)[0].sources == ()
