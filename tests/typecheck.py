"""The run-time type checker of the tests: as in PEP 484, an int will do where a float is wanted."""

import jaxtyping
from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))


def of_modules(decorate):
    """Return jaxtyping's decorator for what stands in a module only.

    A function inside a function would be decorated at each call of the outer one: a tenth of the time of all tests.
    """

    def jaxtyped(*, typechecker):
        check = decorate(typechecker=typechecker)
        return lambda thing: thing if "<locals>" in getattr(thing, "__qualname__", "") else check(thing)

    return jaxtyped


jaxtyping.jaxtyped = of_modules(jaxtyping.jaxtyped)
