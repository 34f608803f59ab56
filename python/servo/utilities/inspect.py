"""Methods in the order they were written, and whether one signature fits another."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
import warnings
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

from servo.utilities.strings import join_to_series

__all__ = [
    "CallableDescriptor",
    "assert_equal_callable_descriptors",
    "assert_equal_types",
    "get_defining_class",
    "get_instance_methods",
    "get_methods",
    "resolve_type_annotations",
]


def get_instance_methods(
    obj: Any, *, stop_at_parent: type[Any] | None = None
) -> dict[str, Callable[..., Any]] | ChainMap[str, Callable[..., Any]]:
    """The instance methods of an object or class, in the order of their definition, those of base classes first.

    An override stands where the overridden method stood. Class methods and static methods are not among them.

    Args:
        obj: An instance gives bound methods, those attached to it last; a class gives plain functions.
        stop_at_parent: How far up the hierarchy to go, inclusive; the object's own class unless given.

    Raises:
        TypeError: The parent is no base class.
    """
    cls = obj if isinstance(obj, type) else type(obj)
    hierarchy = cls.__mro__
    parent = cls if stop_at_parent is None else stop_at_parent
    if parent not in hierarchy:
        raise TypeError(f'invalid parent type "{parent}": not found in inheritance hierarchy')
    found = ChainMap(*(_functions(base) for base in hierarchy[: hierarchy.index(parent) + 1]))
    if obj is cls:
        return found
    methods: dict[str, Callable[..., Any]] = {name: types.MethodType(function, obj) for name, function in found.items()}
    attached = getattr(obj, "__dict__", {})
    methods.update((name, value) for name, value in attached.items() if isinstance(value, types.MethodType))
    return methods


def _functions(cls: type[Any]) -> dict[str, Callable[..., Any]]:
    return {name: value for name, value in vars(cls).items() if isinstance(value, types.FunctionType)}


def get_methods(cls: type[Any]) -> list[tuple[str, Any]]:
    """The bound methods of an object by name, in alphabetical order; of a class, its class methods."""
    with warnings.catch_warnings():
        # Looking at every attribute wakes deprecated properties.
        warnings.simplefilter("ignore")
        return inspect.getmembers(cls, inspect.ismethod)


def get_defining_class(method: Callable[..., Any]) -> type[Any] | None:
    """The class that defines a bound method, None for one that was attached to its object.

    Raises:
        AttributeError: The method is not bound.
    """
    owner = method.__self__  # type: ignore[attr-defined]
    cls = owner if isinstance(owner, type) else type(owner)
    return next((base for base in cls.__mro__ if method.__name__ in vars(base)), None)


def resolve_type_annotations(
    *annotations: Any, globalns: dict[str, Any] | None = None, localns: Mapping[str, Any] | None = None
) -> list[Any]:
    """The types that annotations stand for.

    A text is evaluated, also inside a generic; None is its type; a bare alias such as `typing.List` is its class. A
    value that is no type is its class.

    Raises:
        NameError: A text holds an unknown name.
    """
    return [_resolve(annotation, globalns or {}, localns) for annotation in annotations]


def _resolve(annotation: Any, globalns: dict[str, Any], localns: Mapping[str, Any] | None) -> Any:
    def carrier() -> None: ...

    carrier.__annotations__ = {"found": annotation}
    namespace = {} if localns is None else dict(localns)
    found = typing.get_type_hints(carrier, globalns, namespace, include_extras=True)["found"]
    if typing.get_origin(found) is not None and not typing.get_args(found) and found != tuple[()]:
        return typing.get_origin(found)
    return found if _is_type(found) else type(found)


def _is_type(value: Any) -> bool:
    kinds = (type, typing.TypeVar, typing.ParamSpec, typing.NewType, types.UnionType)
    named = hasattr(value, "__value__") and hasattr(value, "__type_params__")  # type X = ..., of Python 3.12
    return isinstance(value, kinds) or typing.get_origin(value) is not None or value is Any or named


@dataclasses.dataclass
class CallableDescriptor:
    """A signature with the names its annotations may use.

    Attributes:
        signature: The signature.
        module: The name of the module whose names are known when `globalns` is None.
        globalns: The global names.
        localns: The local names, which win.
    """

    signature: inspect.Signature
    module: str | None = None
    globalns: dict[str, Any] | None = None
    localns: dict[str, Any] | None = None

    def resolve(self, annotation: Any) -> Any:
        """The type of an annotation of this signature."""
        names = self.globalns
        if names is None:
            module = sys.modules.get(self.module) if self.module is not None else None
            names = {} if module is None else vars(module)
        return _resolve(annotation, names, self.localns)


_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def assert_equal_callable_descriptors(
    *descriptors: CallableDescriptor, name: str | None = None, callable_description: str = "callable"
) -> None:
    """Checks that callables can be called as the first one is declared, and return what it returns.

    A parameter may be narrower in type, positional or by keyword, or swallowed by `**kwargs`. Extra parameters are
    refused, also with a default.

    Args:
        descriptors: The reference, and those to compare with it.
        name: What errors call it, the signature of the reference unless given.
        callable_description: What errors say it is.

    Raises:
        ValueError: There is no descriptor.
        TypeError: A callable does not fit; names the parameter.
        NameError: An annotation holds an unknown name.
    """
    if not descriptors:
        raise ValueError("cannot validate an empty list of callable descriptors")
    reference, *others = descriptors
    subject = f'invalid {callable_description} "{name or reference.signature}"'
    for other in others:
        _check_extra_parameters(subject, reference, other)
        _check_parameters(subject, reference, other)
        _check_return(subject, reference, other)


def _parameters(descriptor: CallableDescriptor) -> list[inspect.Parameter]:
    return [item for item in descriptor.signature.parameters.values() if item.name not in ("self", "cls")]


def _positional_only(descriptor: CallableDescriptor) -> list[inspect.Parameter]:
    return [item for item in _parameters(descriptor) if item.kind is inspect.Parameter.POSITIONAL_ONLY]


def _check_extra_parameters(subject: str, reference: CallableDescriptor, other: CallableDescriptor) -> None:
    allowed = {item.name for item in _parameters(reference) if item.kind in _KEYWORDS}
    positional = [item.name for item in _positional_only(other)[len(_positional_only(reference)) :]]
    named = sorted(item.name for item in _parameters(other) if item.kind in _KEYWORDS and item.name not in allowed)
    if extra := positional or named:
        noun = "parameter" if len(extra) == 1 else "parameters"
        raise TypeError(
            f'{subject}: encountered unexpected {noun} "{join_to_series(extra)}" in callable signature '
            f'"{other.signature}", expected "{reference.signature}"'
        )


def _check_parameters(subject: str, reference: CallableDescriptor, other: CallableDescriptor) -> None:
    named = {item.name: item for item in _parameters(other) if item.kind in _KEYWORDS}
    positional = iter(_positional_only(other))
    kinds = {item.kind for item in _parameters(other)}
    for wanted in _parameters(reference):
        if wanted.kind is inspect.Parameter.VAR_POSITIONAL:
            raise TypeError("Invalid signature: events cannot declare variable positional arguments (e.g. *args)")
        if wanted.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        if wanted.kind is inspect.Parameter.POSITIONAL_ONLY:
            found, swallowed = next(positional, None), inspect.Parameter.VAR_POSITIONAL in kinds
        else:
            found, swallowed = named.get(wanted.name), inspect.Parameter.VAR_KEYWORD in kinds
        if found is not None:
            _check_parameter_type(subject, reference, wanted, other, found)
        elif not swallowed:
            raise TypeError(
                f'{subject}: missing required parameter "{wanted.name}" in callable signature '
                f'"{other.signature}", expected "{reference.signature}"'
            )


def _check_parameter_type(
    subject: str,
    reference: CallableDescriptor,
    wanted: inspect.Parameter,
    other: CallableDescriptor,
    found: inspect.Parameter,
) -> None:
    if wanted.annotation == found.annotation:
        return
    expected, actual = reference.resolve(wanted.annotation), other.resolve(found.annotation)
    try:
        assert_equal_types(expected, actual)
    except TypeError as error:
        # A parameter whose default is None may be None, whether its annotation says so or not.
        if wanted.default is None and _difference(typing.Optional[expected], actual) is None:  # noqa: UP045
            return
        raise TypeError(
            f'{subject}: parameter "{found.name}" of callable signature "{other.signature}": '
            f"{_incompatible(expected, actual)}"
        ) from error


def _check_return(subject: str, reference: CallableDescriptor, other: CallableDescriptor) -> None:
    wanted, found = reference.signature.return_annotation, other.signature.return_annotation
    if wanted == found:
        return
    expected, actual = reference.resolve(wanted), other.resolve(found)
    try:
        assert_equal_types(expected, actual)
    except TypeError as error:
        raise TypeError(
            f'{subject}: incompatible return type annotation "{found}" in callable signature '
            f'"{other.signature}", expected "{wanted}"'
        ) from error


def _incompatible(expected: Any, found: Any) -> str:
    return f"Incompatible type annotations: expected {expected!r}, but found {found!r}"


def assert_equal_types(*types_: Any) -> None:
    """Checks that types are acceptable where the first one is expected.

    A type is acceptable when it is equal or a subclass, or either is `Any`; the arguments of a generic are compared
    one by one, at any depth. A union accepts a union of acceptable members.

    Raises:
        ValueError: There is no type.
        TypeError: A type is not acceptable.
    """
    if not types_:
        raise ValueError("cannot compare an empty set of types")
    reference, *others = types_
    for other in others:
        # Where an argument of a generic differs, the text shows the argument that was expected.
        if (difference := _difference(reference, other)) is not None:
            raise TypeError(_incompatible(reference, difference[0]))


def _difference(reference: Any, other: Any) -> tuple[Any] | None:
    """What does not fit, in a tuple of its own, for it may be None itself."""
    if reference is other or reference is Any or other is Any or reference == other:
        return None
    if isinstance(reference, list) and isinstance(other, list):
        # The parameters of a Callable.
        return _first_difference(tuple(reference), tuple(other))
    expected, found = _plain(reference), _plain(other)
    while isinstance(found, typing.NewType) and found is not expected:
        found = _plain(found.__supertype__)
    if expected == found:
        return None
    if isinstance(expected, typing.NewType):
        return (other,)  # It is a type of its own, and the other is not made from it.
    origin, other_origin = _origin(expected), _origin(found)
    if origin is None and other_origin is None:
        fits = isinstance(expected, type) and isinstance(found, type) and _is_subclass(found, expected)
        return None if fits else (other,)
    if origin is typing.Union and other_origin is typing.Union:
        members = typing.get_args(expected)
        if all(any(_difference(member, item) is None for member in members) for item in typing.get_args(found)):
            return None
    elif origin is typing.Literal and other_origin is typing.Literal:
        # 1 and True are equal, and not the same literal.
        values = [(type(value), value) for value in typing.get_args(expected)]
        return None if all((type(value), value) in values for value in typing.get_args(found)) else (other,)
    elif not (isinstance(origin, type) and isinstance(other_origin, type) and _is_subclass(other_origin, origin)):
        return (other,)
    return _first_difference(typing.get_args(expected), typing.get_args(found))


def _first_difference(expected: tuple[Any, ...], found: tuple[Any, ...]) -> tuple[Any] | None:
    """The first argument that is not met; the shorter list decides."""
    for argument, other in zip(expected, found, strict=False):
        if _difference(argument, other) is not None:
            return (argument,)
    return None


def _is_subclass(cls: type, parent: type) -> bool:
    try:
        return issubclass(cls, parent)
    except TypeError:
        return False  # A protocol with attributes cannot answer.


def _plain(annotation: Any) -> Any:
    """The type behind a name and metadata."""
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = annotation.__origin__
        elif hasattr(annotation, "__value__") and hasattr(annotation, "__type_params__"):
            annotation = annotation.__value__
        else:
            return type(None) if annotation is None else annotation


def _origin(annotation: Any) -> Any:
    origin = typing.get_origin(annotation)
    return typing.Union if origin is types.UnionType else origin
