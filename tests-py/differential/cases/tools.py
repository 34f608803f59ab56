"""Utilities: inspection, associations, strings, key paths, hashing, YAML."""

import asyncio
import hashlib
import re
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import yaml
from report import attempt, show

import servo
import servo.utilities.associations
import servo.utilities.inspect
from servo.utilities.inspect import (
    CallableDescriptor,
    assert_equal_callable_descriptors,
    assert_equal_types,
    get_defining_class,
    get_instance_methods,
    get_methods,
    resolve_type_annotations,
)


class One:
    def first(self) -> None: ...
    def second(self) -> None: ...
    @classmethod
    def made(cls) -> None: ...
    @staticmethod
    def loose() -> None: ...


class SubOne(One):
    def third(self) -> None: ...
    def first(self) -> None: ...


show("methods", list(get_instance_methods(SubOne())))
show("methods up to", list(get_instance_methods(SubOne(), stop_at_parent=One)))
show("methods of a class", sorted(get_instance_methods(SubOne, stop_at_parent=One)))
attempt("methods up to a stranger", get_instance_methods, SubOne(), stop_at_parent=int)
show("bound", [name for name, _ in get_methods(SubOne)])
show("defining", [get_defining_class(SubOne().second).__name__, get_defining_class(SubOne().first).__name__])
for label, types in {
    "dicts": (dict, dict), "lists": (List[str], List[str]), "dict and Dict": (dict[str, int], Dict[str, int]), "any": (Any, int),
    "any inside": (List[Any], List[str]), "subclass": (One, SubOne), "superclass": (SubOne, One), "optional": (Optional[int], Optional[int]),
    "tuple": (Tuple[int, str], Tuple[int]), "sequence": (Sequence[int], List[int]), "narrower": (List[int], Sequence[int]),
    "dict and int": (dict, int), "generic and bare": (Dict[str, int], dict), "bare and generic": (dict, Dict[str, Any]),
    "inside": (List[str], List[int]), "union": (Optional[Union[float, int]], Optional[Union[int, float]]), "none": (None, None),
    "nothing": (), "three": (int, int, str), "callables": (Callable, Callable),
}.items():
    attempt(f"types {label}", assert_equal_types, *types)
show("resolved", [str(one) for one in resolve_type_annotations("int", str, None, List[int], "List[int]", globalns=globals())])
attempt("unresolved", resolve_type_annotations, "Nope")


def descriptor(function):
    import inspect

    return CallableDescriptor(signature=inspect.signature(function), module=__name__, globalns=globals(), localns=locals())


def a(x: int, *, y: str = "") -> Dict[str, Any]: ...
def b(x: int, *, y: str) -> Dict[str, Any]: ...
def c(x: int) -> Dict[str, Any]: ...
def d(x: int, y: str, z: int = 5) -> Dict[str, Any]: ...
def e(x: int, y: str) -> Dict: ...


for label, functions in {"equal": (a, b), "missing": (a, c), "more": (a, d), "return": (a, e), "one": (a,), "none": ()}.items():
    attempt(f"callables {label}", lambda functions=functions: assert_equal_callable_descriptors(*map(descriptor, functions), name="it", callable_description="check"))
attempt("callables without a name", lambda: assert_equal_callable_descriptors(descriptor(e), descriptor(a)))


class Thing(servo.utilities.associations.Mixin):
    pass


thing = Thing()
thing._set_association("colour", "red")
show("association", [thing._get_association("colour"), thing._get_association("x", None), dict(thing._associations)])
attempt("no association", thing._get_association, "x")
show("associative", isinstance(thing, servo.utilities.associations.Associative))

for items in [[], ["a"], ["a", "b"], ["a", "b", "c"]]:
    show(f"series {len(items)}", [servo.join_to_series(items), servo.join_to_series(items, conjunction="or", oxford_comma=False)])
show("commands", [servo.commandify("a.b.foo_Bar"), servo.commandify("foo_bar")])
show("parsed", [servo.parse_csv(["a, b"]), servo.parse_csv(["a", "b"]), servo.parse_id(["x,y"]), servo.parse_csv(None)])
show("patterns", [isinstance(servo.parse_re(["/x.*/"]), re.Pattern), servo.parse_re(["x"]), isinstance(servo.parse_id(["/x/"]), re.Pattern)])
show("paths", [servo.value_for_key_path({"a": {"b": 5}}, "a.b"), servo.value_for_key_path({"a": 1}, "a"), servo.value_for_key_path({}, "z", 9)])
attempt("no path", servo.value_for_key_path, {}, "z")
show("values", servo.values_for_keys({"a": 1, "b": 2}, ("a", "b", "c")))
show("hash", [servo.get_hash({"b": [1, None, True], "a": "x"}) == hashlib.sha256(b"{a:x,b:[1,None,True,],}").hexdigest(), servo.get_hash([1])])
chunks = []
servo.dump_container({"b": [1], "a": b"x"}, chunks.append)
show("chunks", b"".join(chunks).decode())
show("block", yaml.dump({"text": servo.PreservedScalarString("a\nb\n")}))
show("units", dict(servo.units))


async def processes():
    lines = []
    show("exit", await servo.stream_subprocess_shell("echo a; echo b >&2; exit 3", stdout_callback=lines.append, stderr_callback=lines.append))
    show("lines", sorted(lines))
    result = await servo.run_subprocess_exec("printf", "x\\ny\\n")
    show("result", [result.return_code, result.stdout, result.stderr, type(result).__name__])
    try:
        await servo.run_subprocess_shell("sleep 5", timeout=0.1)
    except asyncio.TimeoutError as error:
        show("timeout", type(error).__name__)
    try:
        await servo.run_subprocess_exec("/no/such/program")
    except OSError as error:
        show("no program", type(error).__name__)


asyncio.run(processes())
