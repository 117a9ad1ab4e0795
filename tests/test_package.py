"""The house itself: lazy imports, rooms that know only lower rooms, everything public documented, tidy and typed."""

import ast
import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import nnjax

ROOT = Path(nnjax.__file__).parent.parent
FILES = sorted((ROOT / "nnjax").rglob("*.py"))

# From the ground up: a room imports from its own level only itself, and from lower levels anything.
LEVELS = [
    {"checks", "files", "compiling"},
    {"activations"},
    {"losses", "initializers", "optimizers"},
    {"sampling", "flops"},
    {"layers"},
    {"models"},
    {"certify", "data", "training", "parallel"},
    {"interop", "viz", "exercises"},
    {"tour", "runs", "grading"},
    {"course"},
    {"slides"},
    {"cli"},
]


def imports_of(path):
    """Return the modules that a file imports, inside functions too, as dotted names."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def room_of(path):
    return path.relative_to(ROOT / "nnjax").parts[0].removesuffix(".py")


def wrong_imports(room, modules):
    """Return the modules that stand too high for the room."""
    if room == "manual":
        return [name for name in modules if name.split(".")[0] == "jax" or
                (name.startswith("nnjax.") and name.split(".")[1] != "manual")]  # fmt: skip
    own = next(level for level, rooms in enumerate(LEVELS) if room in rooms)
    lower = set().union(*LEVELS[:own], {room})
    if own >= 6:
        lower.add("manual")
    inside = [name for name in modules if name.startswith("nnjax.") and len(name.split(".")) > 1]
    return [name for name in inside if name.split(".")[1] not in lower]


@pytest.mark.parametrize("path", [p for p in FILES if room_of(p) != "__init__"], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_room_imports_a_higher_one(path):
    assert wrong_imports(room_of(path), imports_of(path)) == []


def test_the_check_of_imports_finds_wrong_ones():
    assert wrong_imports("layers", ["nnjax.models.mlp", "nnjax.checks.unknown"]) == ["nnjax.models.mlp"]
    assert wrong_imports("manual", ["jax.numpy", "numpy", "nnjax.layers"]) == ["jax.numpy", "nnjax.layers"]
    assert wrong_imports("training", ["nnjax.viz.save"]) == ["nnjax.viz.save"]


def test_every_room_has_its_level():
    rooms = {room_of(path) for path in FILES} - {"__init__", "manual"}
    assert rooms == set().union(*LEVELS)


def longest(path):
    """Return how many lines a file may have."""
    # An exercise sheet with its answer key holds all the exercises of a lesson, and a deck's page all its figures.
    if path.name.startswith("lesson_"):
        return 1300
    return 350 if path.parent.name.startswith("lesson_") and path.name == "__init__.py" else 250


def undocumented(tree):
    """Return the names of public functions and classes at the top of a module that have no docstring."""
    return [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_everything_public_is_documented_and_files_stay_small(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "the module has no docstring"
    assert undocumented(tree) == []
    assert len(text.splitlines()) <= longest(path)


def test_undocumented_finds_a_function_without_words():
    assert undocumented(ast.parse("def f(): pass\ndef _g(): pass\ndef h():\n    'words'")) == ["f"]


def test_all_names_exist_and_unknown_ones_are_refused():
    for name in nnjax.__all__:
        found = getattr(nnjax, name)
        assert found.__name__ == (name if callable(found) else f"nnjax.{name}")
    assert set(nnjax.__all__) <= set(dir(nnjax))
    assert {
        path.parent.name for path in FILES if path.name == "__init__.py" and path.parent.parent == ROOT / "nnjax"
    } <= {*nnjax.__all__}
    with pytest.raises(AttributeError, match="module 'nnjax' has no attribute 'layer'; it has activations"):
        _ = nnjax.layer


def loaded_by(code):
    """Return which heavy packages a fresh interpreter has loaded after the code."""
    heavy = ["jax", "matplotlib", "sklearn", "orbax", "tensorflow_datasets", "flax", "optax", "rich", "typer"]
    listing = f"import sys; {code}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    return ast.literal_eval(done.stdout)


def test_imports_load_no_more_than_they_need():
    assert loaded_by("import nnjax") == []
    assert loaded_by("import nnjax.manual.mlp") == []
    assert loaded_by("import nnjax.layers") == ["jax"]
    assert set(loaded_by("import nnjax.cli")) <= {"rich", "typer"}
    assert not {"matplotlib", "sklearn", "orbax", "tensorflow_datasets", "flax"} & set(
        loaded_by("import nnjax.training, nnjax.data, nnjax.viz")
    )


def run(*command):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)


@pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="ruff is not installed")
@pytest.mark.parametrize("arguments", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_has_nothing_to_say(arguments):
    done = run(sys.executable, "-m", "ruff", *arguments, "nnjax", "tests")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_has_nothing_to_say():
    done = run(sys.executable, "-m", "mypy")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_wheel_holds_the_whole_package_and_works_without_the_repository(tmp_path):
    pip = (sys.executable, "-m", "pip", "-q")
    built = run(*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), ".")
    if built.returncode and "No module named pip" in built.stderr:
        pytest.skip("pip is not installed")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("nnjax-*.whl")
    installed = run(*pip, "install", "--no-deps", "--target", str(tmp_path / "site"), str(wheel))
    assert installed.returncode == 0, installed.stderr
    site = tmp_path / "site" / "nnjax"
    here = {path.relative_to(ROOT / "nnjax") for path in FILES} | {Path("py.typed")}
    assert {path.relative_to(site) for path in (*site.rglob("*.py"), *site.glob("py.typed"))} == here
    with zipfile.ZipFile(wheel) as packed:
        shared = {name.partition("/share/nnjax/")[2] for name in packed.namelist()}
    wanted = {*ROOT.glob("lessons/*/lesson.ipynb"), *ROOT.glob("slides/[0-9]*.md"), *ROOT.glob("slides/theme/*.css")}
    assert shared - {""} == {path.relative_to(ROOT).as_posix() for path in wanted}
    code = "import nnjax; print(nnjax.__file__); print(next(nnjax.certify.run(['layers.dense'])).passed)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
    )  # fmt: skip
    assert done.stdout.split() == [str(site / "__init__.py"), "True"]
