import collections.abc
import inspect
import types
import typing
from collections import ChainMap
from collections.abc import Callable
from typing import Annotated, Any, Dict, List, Literal, NewType, Optional, Sequence, Tuple, TypeVar, Union  # noqa: UP035

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from servo.utilities.inspect import (
    CallableDescriptor,
    assert_equal_callable_descriptors,
    assert_equal_types,
    get_defining_class,
    get_instance_methods,
    get_methods,
    resolve_type_annotations,
)

# ruff: noqa: UP006, UP007, UP045, FBT

# -- Methods ----------------------------------------------------------------------------------------------------------


class Parent:
    attribute = 5

    def one(self) -> str:
        return "parent"

    def two(self) -> None: ...

    @classmethod
    def made(cls) -> None: ...

    @staticmethod
    def loose() -> None: ...

    @property
    def computed(self) -> None: ...


class Child(Parent):
    def three(self) -> None: ...

    def one(self) -> str:
        return "child"


class Grandchild(Child):
    def four(self) -> None: ...


def attached(self: Any) -> str:
    return "attached"


@pytest.mark.parametrize(
    ("parent", "names"),
    [
        (None, ["four"]),
        (Grandchild, ["four"]),
        (Child, ["three", "one", "four"]),
        (Parent, ["one", "two", "three", "four"]),
        (object, ["one", "two", "three", "four"]),
    ],
)
def test_methods_come_in_the_order_of_definition(parent: Any, names: list[str]) -> None:
    of_class = get_instance_methods(Grandchild, stop_at_parent=parent)
    assert list(of_class) == names
    assert isinstance(of_class, ChainMap)
    assert all(isinstance(method, types.FunctionType) for method in of_class.values())
    thing = Grandchild()
    of_object = get_instance_methods(thing, stop_at_parent=parent)
    assert list(of_object) == names
    assert type(of_object) is dict
    assert all(method.__self__ is thing for method in of_object.values())  # type: ignore[attr-defined]


def test_overrides_and_attached_methods() -> None:
    thing: Any = Grandchild()
    assert get_instance_methods(thing, stop_at_parent=Parent)["one"]() == "child"
    thing.five = types.MethodType(attached, thing)
    thing.one = types.MethodType(attached, thing)
    thing.function = attached
    assert list(get_instance_methods(thing)) == ["four", "five", "one"]
    methods = get_instance_methods(thing, stop_at_parent=Parent)
    assert list(methods) == ["one", "two", "three", "four", "five"]
    assert methods["one"]() == "attached"


def test_a_parent_must_be_one() -> None:
    for thing in (Grandchild, Grandchild()):
        with pytest.raises(TypeError) as error:
            get_instance_methods(thing, stop_at_parent=int)
        assert str(error.value) == "invalid parent type \"<class 'int'>\": not found in inheritance hierarchy"


def test_get_methods() -> None:
    assert [name for name, _ in get_methods(Grandchild)] == ["made"]
    assert [name for name, _ in get_methods(Grandchild())] == ["four", "made", "one", "three", "two"]  # type: ignore[arg-type]


def test_get_defining_class() -> None:
    thing: Any = Grandchild()
    assert get_defining_class(thing.two) is Parent
    assert get_defining_class(thing.one) is Child
    assert get_defining_class(Grandchild.made) is Parent
    assert get_defining_class(types.MethodType(attached, thing)) is None
    with pytest.raises(AttributeError):
        get_defining_class(attached)


# -- Annotations ------------------------------------------------------------------------------------------------------

T = TypeVar("T")
Celsius = NewType("Celsius", int)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("int", int),
        ("'int'", int),
        ("None", type(None)),
        (None, type(None)),
        (int, int),
        (Any, Any),
        (T, T),
        (Celsius, Celsius),
        (List[int], List[int]),
        ("List[Thing]", List[float]),
        (List["Thing"], List[float]),  # type: ignore[name-defined] # noqa: F821
        (list[int], list[int]),
        (int | None, int | None),
        ("int | None", int | None),
        (Optional[int], Optional[int]),
        (Literal[1], Literal[1]),
        (Annotated[int, "x"], Annotated[int, "x"]),
        (List, list),
        (Dict, dict),
        ("List", list),
        (typing.Callable, collections.abc.Callable),
        (5, int),
        (inspect.Parameter.empty, inspect.Parameter.empty),
        ("Local", bytes),
    ],
)
def test_resolves(annotation: Any, expected: Any) -> None:
    found = resolve_type_annotations(
        annotation, globalns={"List": List, "Thing": float, "Local": int}, localns={"Local": bytes}
    )
    assert found == [expected]


def test_unknown_names_are_errors() -> None:
    assert resolve_type_annotations() == []
    for annotation in ("Missing", "list[Missing]", List["Missing"]):  # type: ignore[name-defined] # noqa: F821
        with pytest.raises(NameError, match="name 'Missing' is not defined"):
            resolve_type_annotations(annotation)


# -- Types ------------------------------------------------------------------------------------------------------------


class One: ...


class SubOne(One): ...


ACCEPTED = [
    (dict, dict),
    (None, None),
    (None, type(None)),
    (List[str], List[str]),
    (dict[str, int], Dict[str, int]),
    (Any, List[int]),
    (List[int], Any),
    (List[Any], List[str]),
    (Dict[str, Any], Dict[str, int]),
    (One, SubOne),
    (List[One], List[SubOne]),
    (Dict[str, One], Dict[str, SubOne]),
    (Optional[Union[float, int]], Optional[Union[int, float]]),
    (Optional[int], int | None),
    (int | None, Optional[int]),
    (Tuple[int, str], Tuple[int]),
    (Sequence[int], List[int]),
    (collections.abc.Sequence[int], list[int]),
    (Dict, Dict[str, int]),
    (type[One], type[SubOne]),
    # Nested generics and unions written with a bar.
    (Dict[str, List[int]], Dict[str, List[Any]]),
    (Dict[str, List[One]], dict[str, list[SubOne]]),
    (Optional[List[One]], list[SubOne] | None),
    (Optional[One], SubOne | None),
    (Union[int, str, None], str | int),
    (Union[str, int], Union[bool, str]),
    (Callable[[int], One], Callable[[int], SubOne]),
    (Callable[[Any], int], Callable[[int], int]),
    (Literal[1, 2], Literal[1]),
    (Annotated[int, "x"], bool),
    (int, Celsius),
    (Celsius, Celsius),
    (List[int], List[Celsius]),
]


@pytest.mark.parametrize(("reference", "other"), ACCEPTED)
def test_accepts(reference: Any, other: Any) -> None:
    assert_equal_types(reference, other)
    assert_equal_types(reference, other, reference)


@pytest.mark.parametrize(
    ("reference", "other"),
    [
        (dict, int),
        (Dict[str, int], dict),
        (dict, Dict[str, Any]),
        (Union[int, float], float),
        (SubOne, One),
        (List[int], Sequence[int]),
        (Optional[int], List[int]),
        (List[int], Optional[int]),
        (int, Literal[1]),
        (Literal[1], int),
        (Celsius, int),
        (One, "One"),
        (T, int),
        (int, T),
        (int, inspect.Parameter.empty),
        (None, int),
        (list[int], tuple[int]),
    ],
)
def test_refuses(reference: Any, other: Any) -> None:
    with pytest.raises(TypeError) as error:
        assert_equal_types(reference, other)
    assert str(error.value) == f"Incompatible type annotations: expected {reference!r}, but found {other!r}"


@pytest.mark.parametrize(
    ("reference", "other", "shown"),
    [
        (List[str], List[int], str),
        (Dict[str, int], Dict[str, str], int),
        (Union[int, str], Union[float, str], int),
        (Dict[str, List[int]], Dict[str, List[str]], List[int]),
        (Callable[[int], int], Callable[[str], int], [int]),
        (Literal[1, 2], Literal[3], Literal[3]),
        (Literal[1], Literal[True], Literal[True]),
    ],
)
def test_shows_the_argument_that_was_expected(reference: Any, other: Any, shown: Any) -> None:
    with pytest.raises(TypeError) as error:
        assert_equal_types(reference, other)
    assert str(error.value) == f"Incompatible type annotations: expected {reference!r}, but found {shown!r}"


def test_the_first_type_is_the_reference() -> None:
    assert_equal_types(One, SubOne, One)
    assert_equal_types(int)
    with pytest.raises(TypeError, match="found <class 'int'>"):
        assert_equal_types(One, SubOne, int)
    with pytest.raises(ValueError, match="cannot compare an empty set of types"):
        assert_equal_types()


leaves = st.sampled_from([int, str, float, bool, One, SubOne, Any, type(None), Literal[1], Celsius, T])
annotations = st.recursive(
    leaves,
    lambda inner: st.one_of(
        # One spelling of a list: a union of both spellings has one member once it is narrowed.
        inner.map(lambda item: List[item]),
        inner.map(lambda item: Optional[item]),
        st.tuples(inner, inner).map(lambda pair: Dict[pair]),
        st.tuples(inner, inner).map(lambda pair: Union[pair]),
        st.tuples(inner, inner).map(lambda pair: Tuple[pair]),
        inner.map(lambda item: Callable[[item], item]),
    ),
    max_leaves=6,
)


@given(annotations, annotations)
def test_any_two_types_give_an_answer(reference: Any, other: Any) -> None:
    assert_equal_types(reference, reference)
    try:
        assert_equal_types(reference, other)
    except TypeError as error:
        message = str(error)
    else:
        return
    assert message.startswith(f"Incompatible type annotations: expected {reference!r}, but found ")


@given(annotations)
@example(Callable[[List[One]], Dict[str, One]])
@example(Callable[[Callable[[One], Optional[One]]], Tuple[One, int]])
@example(Callable[[Callable[[Union[One, int]], One]], Callable[[], One]])
def test_generics_are_covariant_at_any_depth(annotation: Any) -> None:
    def narrowed(item: Any) -> Any:
        if item is One:
            return SubOne
        if isinstance(item, list):
            return [narrowed(inner) for inner in item]
        arguments = tuple(narrowed(inner) for inner in typing.get_args(item))
        if not arguments or typing.get_origin(item) is Literal:
            return item
        if typing.get_origin(item) is Union:
            # A union whose members become one is no union any more, and the type alone does not fit a union.
            assume(len(set(arguments)) > 1)
            return Union[arguments]
        if typing.get_origin(item) is collections.abc.Callable:
            return Callable[arguments[0], arguments[1]]
        return typing.get_origin(item)[arguments]

    assert_equal_types(annotation, narrowed(annotation))


# -- Signatures -------------------------------------------------------------------------------------------------------


def check(reference: Callable[..., Any], other: Callable[..., Any], **options: Any) -> None:
    described = [
        CallableDescriptor(inspect.signature(function), module=__name__, globalns=globals())
        for function in (reference, other)
    ]
    assert_equal_callable_descriptors(*described, **options)


def adjust(self: Any, a: int, b: str = "x") -> dict: ...  # type: ignore[type-arg,empty-body]


SIGNATURE = "(self: Any, a: int, b: str = 'x') -> dict"


class Fitting:
    def any_arguments(self, *args: Any, **kwargs: Any) -> dict: ...  # type: ignore[type-arg,empty-body]
    def any_keywords(self, **kwargs: Any) -> dict: ...  # type: ignore[type-arg,empty-body]
    def another_order(self, b: str, a: int) -> dict: ...  # type: ignore[type-arg,empty-body]
    def keyword_only(self, *, a: int, b: str) -> dict: ...  # type: ignore[type-arg,empty-body]
    def narrower(self, a: bool, b: str) -> dict: ...  # type: ignore[type-arg,empty-body]
    def anything(self, a: Any, b: Any) -> Any: ...
    def quoted(self, a: "int", b: "str") -> "dict": ...  # type: ignore[type-arg,empty-body]
    def of_a_class(cls, a: int, b: str) -> dict: ...  # type: ignore[type-arg,empty-body]
    def some_keywords(self, a: int, **kwargs: Any) -> dict: ...  # type: ignore[type-arg,empty-body]


@pytest.mark.parametrize("other", get_instance_methods(Fitting).values())
def test_fits(other: Callable[..., Any]) -> None:
    check(adjust, other)


class Misfits:
    def extra(self, a: int, b: str, c: int = 3) -> dict: ...  # type: ignore[type-arg,empty-body]
    def many(self, a: int, b: str, z: int, y: int, x: int) -> dict: ...  # type: ignore[type-arg,empty-body]
    def positional(self, invalid: int, /) -> dict: ...  # type: ignore[type-arg,empty-body]
    def missing(self, a: int) -> dict: ...  # type: ignore[type-arg,empty-body]
    def arguments_alone(self, *args: Any) -> dict: ...  # type: ignore[type-arg,empty-body]
    def bare(self, a, b: str) -> dict: ...  # type: ignore[no-untyped-def,type-arg,empty-body]
    def wrong(self, a: str, b: str) -> dict: ...  # type: ignore[type-arg,empty-body]
    def wider(self, a: object, b: str) -> dict: ...  # type: ignore[type-arg,empty-body]
    def optional(self, a: int | None, b: str) -> dict: ...  # type: ignore[type-arg,empty-body]
    def no_return(self, a: int, b: str): ...  # type: ignore[no-untyped-def]
    def other_return(self, a: int, b: str) -> int: ...  # type: ignore[empty-body]
    def generic_return(self, a: int, b: str) -> Dict[str, Any]: ...  # type: ignore[empty-body]


def wrong_type(found: str) -> str:
    return (
        f'parameter "a" of callable signature "{{other}}": '
        f"Incompatible type annotations: expected <class 'int'>, but found {found}"
    )


def wrong_return(found: str) -> str:
    return (
        f'incompatible return type annotation "{found}" in callable signature "{{other}}", expected "<class \'dict\'>"'
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("extra", 'encountered unexpected parameter "c" in callable signature "{other}", expected "{reference}"'),
        (
            "many",
            'encountered unexpected parameters "x, y, and z" in callable signature "{other}", expected "{reference}"',
        ),
        (
            "positional",
            'encountered unexpected parameter "invalid" in callable signature "{other}", expected "{reference}"',
        ),
        ("missing", 'missing required parameter "b" in callable signature "{other}", expected "{reference}"'),
        ("arguments_alone", 'missing required parameter "a" in callable signature "{other}", expected "{reference}"'),
        ("bare", wrong_type("<class 'inspect._empty'>")),
        ("wrong", wrong_type("<class 'str'>")),
        ("wider", wrong_type("<class 'object'>")),
        ("optional", wrong_type("int | None")),
        ("no_return", wrong_return("<class 'inspect._empty'>")),
        ("other_return", wrong_return("<class 'int'>")),
        ("generic_return", wrong_return("typing.Dict[str, typing.Any]")),
    ],
)
def test_says_what_does_not_fit(name: str, text: str) -> None:
    other = vars(Misfits)[name]
    reference = inspect.signature(adjust)
    expected = text.format(other=inspect.signature(other), reference=reference)
    with pytest.raises(TypeError) as error:
        check(adjust, other, name="adjust", callable_description="event handler")
    assert str(error.value) == f'invalid event handler "adjust": {expected}'
    with pytest.raises(TypeError) as error:
        check(adjust, other)
    assert str(error.value) == f'invalid callable "{reference}": {expected}'
    assert isinstance(error.value.__cause__, TypeError) == ("annotation" in text)


def test_the_documented_example() -> None:
    def reference() -> Dict: ...  # type: ignore[type-arg,empty-body]
    def other() -> Dict[str, Any]: ...  # type: ignore[empty-body]

    with pytest.raises(TypeError) as error:
        check(reference, other)
    assert str(error.value) == (
        'invalid callable "() -> Dict": incompatible return type annotation "typing.Dict[str, typing.Any]" '
        'in callable signature "() -> Dict[str, Any]", expected "typing.Dict"'
    )


def test_positional_only_parameters_go_by_place() -> None:
    def reference(self: Any, a: int, /, b: str) -> None: ...
    def other_name(self: Any, x: int, /, b: str) -> None: ...
    def swallowed(self: Any, *args: Any, b: str) -> None: ...
    def missing(self: Any, b: str) -> None: ...
    def wrong(self: Any, x: str, /, b: str) -> None: ...
    def many(self: Any, x: int, y: int, /, b: str) -> None: ...

    check(reference, other_name)
    check(reference, swallowed)
    with pytest.raises(TypeError, match='missing required parameter "a"'):
        check(reference, missing)
    with pytest.raises(TypeError, match=r"parameter \"x\" .* expected <class 'int'>, but found <class 'str'>"):
        check(reference, wrong)
    with pytest.raises(TypeError, match='unexpected parameter "y"'):
        check(reference, many)


def test_modern_annotations() -> None:
    def reference(self: Any, a: Optional[int], b: Dict[str, List[One]]) -> Optional[One]: ...
    def other(self: Any, a: int | None, b: dict[str, list[SubOne]]) -> SubOne | None: ...
    def quoted(self: Any, a: "int | None", b: "dict[str, list[SubOne]]") -> "SubOne | None": ...
    def wrong(self: Any, a: int | None, b: dict[str, list[int]]) -> SubOne | None: ...

    check(reference, other)
    check(reference, quoted)
    with pytest.raises(TypeError, match=r'parameter "b" .*, but found dict\[str, list\[int\]\]'):
        check(reference, wrong)


def test_references_have_rules() -> None:
    def variable(self: Any, *args: int) -> None: ...
    def keywords(self: Any, a: int, **kwargs: Any) -> None: ...
    def other(self: Any, a: int) -> None: ...
    def nothing() -> None: ...

    check(keywords, other)
    with pytest.raises(TypeError) as error:
        check(variable, nothing)
    assert str(error.value) == "Invalid signature: events cannot declare variable positional arguments (e.g. *args)"
    with pytest.raises(ValueError, match="cannot validate an empty list of callable descriptors"):
        assert_equal_callable_descriptors()
    assert_equal_callable_descriptors(CallableDescriptor(inspect.signature(variable)))


def test_names_come_from_the_descriptor() -> None:
    def reference(a: "First") -> None: ...  # type: ignore[name-defined] # noqa: F821
    def other(a: "Second") -> None: ...  # type: ignore[name-defined] # noqa: F821

    first, second = inspect.signature(reference), inspect.signature(other)
    assert_equal_callable_descriptors(
        CallableDescriptor(first, globalns={"First": One}), CallableDescriptor(second, localns={"Second": SubOne})
    )
    with pytest.raises(NameError, match="Second"):
        assert_equal_callable_descriptors(
            CallableDescriptor(first, globalns={"First": One}), CallableDescriptor(second)
        )

    def of_this_module(a: "SubOne") -> None: ...

    assert_equal_callable_descriptors(
        CallableDescriptor(first, globalns={"First": One}),
        CallableDescriptor(inspect.signature(of_this_module), module="sys.missing", globalns=globals()),
    )
