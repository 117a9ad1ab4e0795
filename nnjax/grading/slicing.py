"""Which statements of a notebook its answers depend on: a static program slice (Weiser, 1981), taken without a run.

A notebook also trains, prints and plots, which takes minutes and changes no answer. In doubt a statement stays in.
"""

import ast
import symtable
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# What binds, and what looks up, names that stand in no source.
BINDS_ANY = {"exec", "globals", "locals"}
LOOKS_UP_ANY = {"eval", *BINDS_ANY}
# Methods of modules that set them up, as jax.config.update and sys.path.append do; others print, draw and write files.
CHANGES = {"update", "append", "insert"}
# And those that count only by themselves: in loops and blocks they stand for the sake of what trains there.
SETTINGS = {*CHANGES, "seed", "seterr", "simplefilter", "filterwarnings"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
DEFINITIONS = (ast.Import, ast.ImportFrom, *FUNCTIONS)
# What a value consists of that nothing can change.
FIXED = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.unaryop, ast.operator, ast.expr_context)


class Use(NamedTuple):
    """What a statement does with the names of its module; those local to its functions are not among them."""

    binds: set[str]
    # What it binds to modules and to what is taken from them.
    imports: set[str]
    mentions: set[str]
    # Mentioned outside of functions, so used as soon as the statement is run.
    at_once: set[str]
    # Of what is mentioned, what is changed or bound as global, in functions too.
    changes: set[str]


class Names(NamedTuple):
    """The names of a notebook: what is imported, functions, classes, and what may be changed after it was made."""

    imported: set[str]
    functions: set[str]
    classes: set[str]
    data: set[str]


def slice_of(statements: Sequence[ast.stmt], answers: Iterable[str]) -> list[ast.stmt]:
    """Return those of the statements, in their order, on which the values of the names ``answers`` may depend."""
    uses = [_use(statement) for statement in statements]
    names = _names(statements, uses)
    by_calls = _changed_by_calls(uses, names)
    # Names for whose sake a statement is run: those it binds, those it changes, and those it may change.
    run_for, in_any_case = [], set()
    for index, (statement, use) in enumerate(zip(statements, uses, strict=True)):
        defines = isinstance(statement, DEFINITIONS)
        changes = set[str]().union(*(by_calls.get(name, ()) for name in (use.at_once if defines else use.mentions)))
        changes |= _decorators(statement) if defines else use.changes | use.mentions & names.data
        changes |= _arguments(statement) & names.classes
        run_for.append(use.binds | changes - names.imported)
        if _in_any_case(statement, use, names):
            in_any_case.add(index)
    wanted, chosen = set(answers), set[int]()
    while True:
        found, before = in_any_case | {index for index, sake in enumerate(run_for) if sake & wanted}, len(wanted)
        for index in found:
            if isinstance(statements[index], ast.Assign) and uses[index].mentions & names.data & wanted:
                wanted |= uses[index].binds  # other names for parts of what is mentioned
            wanted |= uses[index].mentions - (LOOKS_UP_ANY if index in in_any_case else set())
        if wanted & LOOKS_UP_ANY - names.functions - names.data:
            return list(statements)
        if (found, before) == (chosen, len(wanted)):
            return [statements[index] for index in sorted(chosen)]
        chosen = found


def _use(statement: ast.stmt) -> Use:
    try:
        module = symtable.symtable(ast.unparse(statement), "", "exec")
    except (SyntaxError, ValueError, RecursionError):
        # It cannot be compiled either, which is said when it is run for the sake of the name that it should define.
        return Use({statement.name} if isinstance(statement, FUNCTIONS) else set(), set(), set(), set(), set())
    symbols = module.get_symbols()
    imports = {symbol.get_name() for symbol in symbols if symbol.is_imported()}
    binds = imports | {symbol.get_name() for symbol in symbols if symbol.is_assigned()}
    at_once = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    if not isinstance(statement, DEFINITIONS):
        # Since Python 3.12 the names of a comprehension are listed as the module's, and := in one as no assignment.
        binds |= {node.target.id for node in ast.walk(statement) if isinstance(node, ast.NamedExpr)}
        own = _names_of_comprehensions(statement)
        binds, at_once = binds - own, at_once - own
    mentions, changes, tables = set(at_once), set(), module.get_children()
    for table in tables:
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                mentions.add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                changes.add(symbol.get_name())
    changes |= {_changed(node) for node in ast.walk(statement)} & mentions
    return Use(binds, imports, mentions, at_once, changes)


def _names_of_comprehensions(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds in comprehensions and nowhere else."""
    targets = [node.target for node in ast.walk(statement) if isinstance(node, ast.comprehension)]
    inside = {id(node) for target in targets for node in ast.walk(target)}
    stored = [node for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return {node.id for node in stored if id(node) in inside} - {node.id for node in stored if id(node) not in inside}


def _changed(node: ast.AST) -> str:
    """Return the name whose object a node changes by a method, an attribute or an element; empty if there is none."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr" and node.args:
        return _root(node.args[0])
    method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    part = isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load)
    return _root(node) if method or part else ""


def _root(node: ast.AST) -> str:
    """Return the name at the left end of ``name.attribute[index].method()``; empty if there is none."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _decorators(statement: ast.stmt) -> set[str]:
    """Return the names in decorators: ``@f.defjvp`` changes f, and ``@add_to_class(Dense)`` Dense."""
    decorators = getattr(statement, "decorator_list", [])
    return {node.id for one in decorators for node in ast.walk(one) if isinstance(node, ast.Name)}


def _arguments(statement: ast.stmt) -> set[str]:
    """Return the names that a call as a statement is given: ``register_dataclass(State, ...)`` changes State."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return {node.id for node in call.args if isinstance(node, ast.Name)} if isinstance(call, ast.Call) else set()


def _names(statements: Sequence[ast.stmt], uses: Sequence[Use]) -> Names:
    """Return the names by what they are bound to; data are those that any statement binds to something else."""
    names = Names(set(), set(), set(), set())
    for statement, use in zip(statements, uses, strict=True):
        names.imported.update(use.imports)
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(statement, FUNCTIONS):
            (names.classes if isinstance(statement, ast.ClassDef) else names.functions).update(use.binds)
        elif value is not None and _is_imported(value, names):
            names.imported.update(use.binds)
        elif value is not None and _is_function(value, names):
            names.functions.update(use.binds)
        elif value is None or not _is_fixed(value):
            names.data.update(use.binds - use.imports)
    return names._replace(imported=names.imported - names.data)


def _is_imported(value: ast.expr, names: Names) -> bool:
    """Tell whether a value is a part of modules, as ``jax.nn.relu`` is, or several."""
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(part, ast.Attribute) and _root(part) in names.imported for part in parts)


def _is_function(value: ast.expr, names: Names) -> bool:
    """Tell whether a value is a function, or one that a module makes of it, as ``jax.jit(f)``."""
    if isinstance(value, ast.Call) and _root(value.func) in names.imported:
        made_of = [argument for argument in value.args if not _is_fixed(argument)]
        return bool(made_of) and all(_is_function(argument, names) for argument in made_of)
    return isinstance(value, ast.Lambda) or (isinstance(value, ast.Name) and value.id in names.functions)


def _is_fixed(value: ast.expr) -> bool:
    return all(isinstance(node, FIXED) for node in ast.walk(value))


def _changed_by_calls(uses: Sequence[Use], names: Names) -> dict[str, set[str]]:
    """Return for each name what a call of its function changes, also through the functions that this one calls."""
    changed = {name: set[str]() for use in uses for name in use.binds}
    for use in uses:
        for name in use.binds & (names.functions | names.classes):
            changed[name] |= use.changes - names.imported
    before = -1
    while before < (before := sum(map(len, changed.values()))):
        for use in uses:
            through = set[str]().union(*(changed.get(name, ()) for name in use.mentions))
            for name in use.binds:
                changed[name] |= through
    return changed


def _in_any_case(statement: ast.stmt, use: Use, names: Names) -> bool:
    """Tell whether a statement imports, may bind any name, or sets a library up: ``jax.config.update("...", True)``."""
    if use.imports or (not isinstance(statement, DEFINITIONS) and use.mentions & BINDS_ANY):
        return True
    methods = SETTINGS if isinstance(statement, ast.Expr) else CHANGES
    nodes = [] if isinstance(statement, DEFINITIONS) else ast.walk(statement)
    return any(_sets_up(node, methods, names) for node in nodes)


def _sets_up(node: ast.AST, methods: set[str], names: Names) -> bool:
    """Tell whether a node changes what is imported: a part of it, or all by one of the methods."""
    called = node.func if isinstance(node, ast.Call) else None
    sets_up = called is None or (isinstance(called, ast.Attribute) and called.attr in methods)
    return sets_up and _changed(node) in names.imported
