"""Modules that JAX imports and no answer needs: in a box, which starts for every file, they are left out.

They are the server of JAX's profiler, and the operations of a dialect in which programs were once written.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NAMES = ("http.server", "socketserver", "jaxlib.mlir.dialects._mhlo_ops_gen")


class _Empty(ModuleType):
    """A module of which each name is a class, of which others may be made."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return object


class _Finder:
    """What importing asks first: it finds the unneeded modules, empty."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name in NAMES else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


@contextmanager
def left_out() -> Iterator[None]:
    """Import the unneeded modules empty as long as the block lasts; who imports them afterwards gets them whole."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in NAMES:
            parent, _, child = name.rpartition(".")
            if sys.modules.pop(name, None) and parent:
                delattr(sys.modules[parent], child)
