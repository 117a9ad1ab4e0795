"""What the sandbox has to import: NumPy, SciPy, JAX, optax, and an nnjax without right answers.

Four of them: "plain"; "devices", the same on a machine that has eight devices, for exercises about meshes; "by hand",
whose JAX cannot differentiate, for exercises that ask for a derivative by hand; and "library", with nnjax's own
networks, for the open exercises that may use them.
"""

import ast
import compileall
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import nnjax

# What is not installed is left out.
PACKAGES: tuple[str, ...] = ("numpy", "scipy", "jax", "jaxlib", "ml_dtypes", "opt_einsum", "optax", "absl")
# Earlier versions of optax need them; where typing_extensions is there, JAX imports it too, which takes a while.
if importlib.util.find_spec("chex"):
    PACKAGES += ("chex", "toolz", "typing_extensions")
LIBRARY_PACKAGES = (
    *PACKAGES, "typing_extensions", "jaxtyping", "wadler_lindig", "rich", "markdown_it", "mdurl", "pygments",
    "platformdirs",
)  # fmt: skip
# The engine's files that run inside; none of them holds a right answer.
FILES = (
    "flops.py", "exercises/inputs.py", "exercises/laws.py", "grading/outcomes.py", "grading/running.py",
    "grading/programs.py", "grading/limits.py", "grading/loading.py", "grading/slicing.py", "grading/sandbox/start.py",
    "grading/sandbox/unneeded.py", "grading/sandbox/lowering.py", "grading/sandbox/inside.py",
)  # fmt: skip
ROOMS = (
    "checks.py", "activations.py", "losses.py", "initializers.py", "optimizers.py", "sampling.py", "layers", "models",
    "data", "training",
)  # fmt: skip
FORGETFUL = """
class _Forgetful(dict):
    def __setitem__(self, key, value):
        pass

"""
STUB = '''"""nnjax as it is where answers are marked: without its right answers."""

import importlib

__version__ = "{version}"


def check(*_, **__):
    """Do nothing: here answers are marked, not checked."""


hint = check


def __getattr__(name):
    try:
        return importlib.import_module(f"nnjax.{{name}}")
    except ModuleNotFoundError:
        raise AttributeError(f"nnjax.{{name}} is not there while answers are marked") from None
'''


def build(kind: str, folder: Path) -> list[tuple[Path, str]]:
    """Make the site ``kind`` below ``folder``; return what to mount where: (path here, name in the site)."""
    own = folder / kind
    package = own / "nnjax"
    _copy_nnjax(package, library=kind == "library")
    mounts = [(package, "nnjax")]
    for name in dict.fromkeys(LIBRARY_PACKAGES if kind == "library" else PACKAGES):
        for path in _locations(name):
            if path.name == "jax" and kind == "by hand":
                shutil.copytree(path, own / "jax")
                _without_autodiff(own / "jax")
                path = own / "jax"
            mounts.append((path, path.name))
    # Inside nothing can be written, so what is not compiled here would be compiled for every student.
    compileall.compile_dir(own, quiet=2, maxlevels=20)
    return mounts


def _copy_nnjax(package: Path, *, library: bool) -> None:
    source = Path(nnjax.__file__).parent
    for name in (*FILES, *(ROOMS if library else ())):
        target = package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source / name, target)
    for inner in ("exercises", "grading", "grading/sandbox"):
        (package / inner / "__init__.py").write_text('"""Without right answers."""\n', encoding="utf-8")
    (package / "__init__.py").write_text(STUB.format(version=nnjax.__version__), encoding="utf-8")


def _locations(name: str) -> Iterator[Path]:
    """Yield the folder or file of an installed package, its shared libraries, and what says which version it is."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return
    path = Path(spec.origin)
    path = path.parent if path.name == "__init__.py" else path
    yield path
    libraries = path.parent / f"{name}.libs"
    if libraries.is_dir():
        yield libraries
    yield from path.parent.glob(f"{name.replace('_', '[-_.]')}-*.dist-info")


def _without_autodiff(jax: Path) -> None:
    """Take differentiation out of a copy of JAX: its functions refuse, and the rules of the primitives are dropped."""
    file = jax / "_src" / "interpreters" / "ad.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and _differentiates(node.name):
            refusal = "raise RuntimeError('derive it by hand: JAX cannot differentiate where this exercise is marked')"
            node.body = ast.parse("return None" if node.name.startswith("def") else refusal).body
    # The tables of rules, into which the modules of all primitives write.
    tables = [
        node.target.id for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Dict)
    ]  # fmt: skip
    forgetful = "".join(f"{name} = _Forgetful()\n" for name in tables)
    file.write_text(f"{ast.unparse(tree)}\n{FORGETFUL}{forgetful}", encoding="utf-8")
    for compiled in (file.parent / "__pycache__").glob("ad.*.pyc"):
        compiled.unlink()
    # Taylor-mode differentiation, with rules of its own.
    (jax / "experimental" / "jet.py").unlink(missing_ok=True)


def _differentiates(name: str) -> bool:
    return name.startswith(("jvp", "vjp", "linearize", "backward_pass", "def", "standard_jvp", "process_"))
