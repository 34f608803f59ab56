"""What is public says what it is: what it takes, what it gives, what it raises."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import servo
from servo import _core

ROOT = Path(servo.__file__).parent
MODULES = [
    "servo",
    "servo.api",
    "servo.assembly",
    "servo.checks",
    "servo.configuration",
    "servo.connector",
    "servo.connectors.load",
    "servo.connectors.process",
    "servo.connectors.wait",
    "servo.errors",
    "servo.events",
    "servo.fast_fail",
    "servo.logging",
    "servo.pubsub",
    "servo.repeating",
    "servo.servo",
    "servo.telemetry",
    "servo.types",
    "servo.utilities",
]
NAMES = {name for module in MODULES for name in importlib.import_module(module).__all__}
STUB = ROOT / "_core.pyi"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public(path: Path) -> list[tuple[str, Function | ast.ClassDef]]:
    """The public functions and classes of a file with the methods of the latter, by their names with dots."""
    found: list[tuple[str, Function | ast.ClassDef]] = []

    def walk(body: list[ast.stmt], prefix: str, every: bool) -> None:
        for node in body:
            if isinstance(node, Function | ast.ClassDef) and (every or node.name in NAMES):
                if node.name.startswith("_") or _is_overload(node):
                    continue
                found.append((prefix + node.name, node))
                if isinstance(node, ast.ClassDef) and node.name != "Config":
                    walk(node.body, f"{prefix}{node.name}.", True)

    walk(ast.parse(path.read_text(encoding="utf-8")).body, "", path == STUB)
    return found


def _is_overload(node: Function | ast.ClassDef) -> bool:
    return any(ast.unparse(decorator) in ("overload", "typing.overload") for decorator in node.decorator_list)


def _is_property(node: ast.AST) -> bool:
    kinds = [ast.unparse(decorator) for decorator in getattr(node, "decorator_list", [])]
    return any(kind == "property" or kind.endswith((".setter", "cached_property")) for kind in kinds)


def _is_handler(node: Function) -> bool:
    return any(re.search(r"\b(on|before|after)_event\(", ast.unparse(decorator)) for decorator in node.decorator_list)


def parameters(node: Function) -> list[str]:
    """The parameters that a caller chooses."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [argument.arg for argument in named if argument.arg not in ("self", "cls", "bound")]
    # One with an underscore is for the package itself.
    return [name for name in names if not name.startswith("_")]


def problems(name: str, node: Function | ast.ClassDef) -> list[str]:
    if _is_property(node) and any(ast.unparse(one).endswith(".setter") for one in node.decorator_list):
        return []
    if isinstance(node, ast.ClassDef) and node.name == "Config":
        return []
    text = ast.get_docstring(node)
    if not text:
        return [f"{name} has no docstring"]
    found = []
    # What a handler takes and gives is told of its event.
    if isinstance(node, ast.ClassDef) or _is_handler(node):
        return found
    taken = parameters(node)
    undescribed = [one for one in taken if not re.search(rf"^    {re.escape(one)}: ", text, re.MULTILINE)]
    # A docstring without a list speaks of one parameter, or names them.
    if "Args:" in text:
        found += [f"{name} does not describe {one!r}" for one in undescribed]
    elif len(taken) > 1 and not DESCRIBED_ELSEWHERE.search(text) and not all(one in text for one in taken):
        found.append(f"{name} has {len(taken)} parameters and no Args:")
    if not _is_property(node) and _gives(node) and not SAYS_WHAT_IT_GIVES.search(text):
        found.append(f"{name} does not say what it gives")
    if (raised := _raised(node)) and "Raises:" not in text and not re.search(r"\b(Error|[Rr]aises)", text):
        found.append(f"{name} raises {', '.join(sorted(raised))} and does not say so")
    return found


# The arguments are those of another function, which the docstring names.
DESCRIBED_ELSEWHERE = re.compile(r"\b([Ss]ee|[Aa]s of|those of) `\w+`")

# A list of what it returns; a first line that is what it returns, or that says what is made; a sentence about it.
SAYS_WHAT_IT_GIVES = re.compile(
    r"\bReturns:|^`|^(The|A|An|What|Whether|How|Which|Who|Every|Each|All|Makes|Creates|Declares|Asks)\b|\b[Gg]ives\b"
)


def _gives(node: Function) -> bool:
    """Whether a function returns something that its class does not name already."""
    returned = "None" if node.returns is None else ast.unparse(node.returns)
    return returned not in ("None", "NoReturn", "Self", "Awaitable[None]") and "Iterator" not in returned


def _raised(node: Function) -> set[str]:
    """The classes of the exceptions that the body of a function itself raises to its caller."""
    raised = [inner.exc for inner in ast.walk(node) if isinstance(inner, ast.Raise)]
    names = {one.func.id for one in raised if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
    return {name for name in names if name[0].isupper()} - {"StopIteration", "StopAsyncIteration"}


FILES = sorted(path for path in ROOT.rglob("*.py") if not path.name.startswith("_") or path.name == "__init__.py")
FILES = [path for path in FILES if not {"cli", "_pydantic"} & set(path.relative_to(ROOT).parts)] + [STUB]


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in FILES])
def test_what_is_public_is_described(path):
    assert [problem for name, node in public(path) for problem in problems(name, node)] == []


def test_the_stub_names_what_the_engine_has():
    stub = ast.parse(STUB.read_text(encoding="utf-8")).body
    classes = {node.name: node for node in stub if isinstance(node, ast.ClassDef)}
    functions = {node.name for node in stub if isinstance(node, Function)}
    assert {*functions, *classes} - {"_Record"} == {name for name in vars(_core) if not name.startswith("__")}
    for name, node in classes.items():
        if (known := getattr(_core, name, None)) is not None:
            declared = {inner.name for inner in node.body if isinstance(inner, Function)}
            assert not [one for one in declared if not hasattr(known, one)], name
            bases = [classes[base.id].body for base in node.bases if isinstance(base, ast.Name) and base.id in classes]
            for inner in [inner for body in bases for inner in body if isinstance(inner, Function)]:
                declared.add(inner.name)
            fields = {inner.target.id for inner in node.body if isinstance(inner, ast.AnnAssign)}
            # What `inspect` asks of a coroutine is of no use to anybody else.
            found = {one for one in vars(known) if not one.startswith(("_", "cr_"))}
            assert found - declared - fields == set(), name


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_their_names_are_described(module):
    found = importlib.import_module(module)
    assert found.__doc__
    bare = []
    for name in found.__all__:
        value = getattr(found, name)
        ours = str(getattr(value, "__module__", "")).startswith("servo")
        if ours and (inspect.isclass(value) or inspect.isroutine(value)) and not inspect.getdoc(value):
            bare.append(name)
    assert bare == []


def test_the_check_finds_what_is_missing():
    text = '''
def bare(): ...
def listed(a, b):
    """Does it.

    Args:
        a: One.
    """
def unlisted(a, bb):
    """Does it."""
def named(one, other):
    """Puts one beside the other."""
def passed_on(a, bb):
    """Does it; the arguments are those of `listed`."""
def silent(a) -> int:
    """Does it with a thing."""
def raising():
    """Does it."""
    raise ValueError("x")
def good(a):
    """Does it with a thing.

    Raises:
        ValueError: Always.
    """
    raise ValueError(a)
'''
    found = [problem for node in ast.parse(text).body for problem in problems(node.name, node)]
    assert found == [
        "bare has no docstring",
        "listed does not describe 'b'",
        "unlisted has 2 parameters and no Args:",
        "silent does not say what it gives",
        "raising raises ValueError and does not say so",
    ]
