"""Which statements of a notebook its answers depend on: a static program slice (Weiser, 1981), taken without a run.

A notebook also trains, prints and plots, which takes minutes and changes no answer. In doubt a statement stays in.
"""

import ast
import symtable
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# What reaches names that stand in no source.
DYNAMIC = {"exec", "eval", "globals", "locals", "vars"}
IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (*IMPORTS, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FUNCTIONS = (*DEFINITIONS, ast.Lambda)
# Methods of modules that set them up, as jax.config.update does; others print, draw and write files.
SETTINGS = {"update", "seed", "seterr", "simplefilter", "filterwarnings"}
# What a value consists of that nothing can change.
FIXED = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.unaryop, ast.operator, ast.expr_context)


class Use(NamedTuple):
    """What a statement does with the names of its module; those local to its functions are not among them."""

    binds: set[str]
    mentions: set[str]
    # Mentioned outside of functions, so used as soon as the statement is run.
    at_once: set[str]
    # Of what is mentioned, what is changed or bound as global, in functions too.
    changes: set[str]


def slice_of(statements: Sequence[ast.stmt], answers: Iterable[str]) -> list[ast.stmt]:
    """Return those of the statements, in their order, on which the values of the names ``answers`` may depend."""
    uses = [_use(statement) for statement in statements]
    imported = set[str]().union(
        *(use.binds for statement, use in zip(statements, uses, strict=True) if isinstance(statement, IMPORTS))
    )
    # A module's functions change no module, but for what sets it up.
    uses = [use._replace(changes=use.changes - imported) for use in uses]
    pairs = list(zip(statements, uses, strict=True))
    changeable = {name for statement, use in pairs if not _is_fixed(statement) for name in use.binds}
    by_calls = _changed_by_calls(statements, uses)
    run_for = []
    for statement, use in pairs:
        defines = isinstance(statement, DEFINITIONS)
        called = use.at_once if defines else use.mentions
        names = use.binds.union(*(by_calls.get(name, ()) for name in called))
        run_for.append(names if defines else names | use.changes | use.mentions & changeable)
    wanted, chosen = set(answers), set[int]()
    while True:
        found = {index for index, pair in enumerate(pairs) if _in_any_case(*pair, imported) or run_for[index] & wanted}
        # What a statement binds may be another name for a part of what it mentions.
        wanted = wanted.union(*(uses[index].binds | uses[index].mentions for index in found))
        if wanted & DYNAMIC:
            return list(statements)
        if found == chosen:
            return [statements[index] for index in sorted(chosen)]
        chosen = found


def _use(statement: ast.stmt) -> Use:
    try:
        module = symtable.symtable(ast.unparse(statement), "", "exec")
    except (SyntaxError, ValueError, RecursionError):
        # It cannot be compiled either, which is said when it is run.
        return Use(set(), set(), set(), set())
    binds = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    at_once = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_referenced()}
    mentions, changes, tables = set(at_once), set(), module.get_children()
    for table in tables:
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                mentions.add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                changes.add(symbol.get_name())
    changes |= {_changed(node) for node in ast.walk(statement)} & mentions
    return Use(binds, mentions, at_once, changes)


def _changed(node: ast.AST) -> str:
    """Return the name whose object a node changes by a method, an attribute or an element; empty if there is none."""
    method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    part = isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load)
    return _root(node) if method or part else ""


def _root(node: ast.AST) -> str:
    """Return the name at the left end of ``name.attribute[index].method()``; empty if there is none."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _changed_by_calls(statements: Sequence[ast.stmt], uses: Sequence[Use]) -> dict[str, set[str]]:
    """Return for each name what a call of its function changes, also through the functions that this one calls."""
    changed = {name: set[str]() for use in uses for name in use.binds}
    for statement, use in zip(statements, uses, strict=True):
        if any(isinstance(node, FUNCTIONS) for node in ast.walk(statement)):
            for name in use.binds:
                changed[name] |= use.changes
    before = -1
    while before < (before := sum(map(len, changed.values()))):
        for use in uses:
            through = set[str]().union(*(changed.get(name, ()) for name in use.mentions))
            for name in use.binds:
                changed[name] |= through
    return changed


def _in_any_case(statement: ast.stmt, use: Use, imported: set[str]) -> bool:
    """Tell whether a statement imports, reaches any name, or sets a library up: ``jax.config.update("...", True)``."""
    if isinstance(statement, IMPORTS) or (not isinstance(statement, DEFINITIONS) and use.mentions & DYNAMIC):
        return True
    if isinstance(statement, ast.Assign):
        return any(not isinstance(target, ast.Name) and _root(target) in imported for target in statement.targets)
    called = statement.value.func if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in SETTINGS and _root(called) in imported


def _is_fixed(statement: ast.stmt) -> bool:
    """Tell whether nothing changes what a statement binds, unless it is done by name as ``f.defvjp(...)`` does."""
    if isinstance(statement, DEFINITIONS):
        return True
    return isinstance(statement, ast.Assign) and all(isinstance(node, FIXED) for node in ast.walk(statement.value))
