"""One method that stands for a check of each of many items."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol, Tuple, TypeVar  # noqa: UP035
from typing import Iterable as TypingIterable  # noqa: UP035

from servo.checks.decorators import as_check_method, fresh, set_of
from servo.checks.handlers import CheckHandler, complete
from servo.checks.models import CHECK_SIGNATURE, Check
from servo.events import _is_async
from servo.types.enums import ErrorSeverity
from servo.utilities.inspect import CallableDescriptor, assert_equal_callable_descriptors

__all__ = [
    "MULTICHECK_SIGNATURE",
    "MultiCheckExpander",
    "MultiCheckHandler",
    "item_method",
    "multicheck",
]

# Written with `typing` for the text that errors show.
MULTICHECK_SIGNATURE = inspect.Signature(return_annotation=Tuple[TypingIterable, CheckHandler])  # noqa: UP006

_Source = TypeVar("_Source", bound=Callable[..., Any])


class MultiCheckHandler(Protocol):
    """A method that gives the items, and the function that checks one of them."""

    def __call__(self) -> tuple[Iterable[Any], Callable[..., Any]]:
        """The items and the handler."""


class MultiCheckExpander(Protocol):
    """What `multicheck` makes of a method: it gives a method for each item, by name."""

    def __call__(self) -> Awaitable[dict[str, Callable[..., Any]]]:
        """The methods, to be bound to the checks."""


def multicheck(
    base_name: str,
    *,
    description: str | None = None,
    severity: ErrorSeverity = ErrorSeverity.common,
    tags: Iterable[str] | None = None,
) -> Callable[[_Source], Callable[..., Any]]:
    """Makes checks of a method of `BaseChecks` that gives items and a handler: one check for each item.

    The identifier of a check is the name of the method with `_item_` and the position of the item from 0.

    Args:
        base_name: The name of each check; `{item}` in it is the item.
        description: A longer text for people.
        severity: What a failure means.
        tags: For filters.

    Raises:
        TypeError: The method has parameters, or its annotation says that it gives something else.
    """

    def decorate(function: _Source) -> Callable[..., Any]:
        _validate(function)

        @functools.wraps(function)
        async def expand(self: Any, *args: Any, **kwargs: Any) -> dict[str, Callable[..., Any]]:
            given = function(self, *args, **kwargs)
            items, handler = (await given) if _is_async(function) else given
            methods = {}
            for at, item in enumerate(items):
                name = f"{function.__name__}_item_{at}"
                template = Check(
                    name=base_name.format(item=item),
                    description=description,
                    id=name,
                    severity=severity,
                    tags=set_of(tags),
                )
                methods[name] = item_method(name, template, handler, item)
            return methods

        expand.__multicheck__ = True  # type: ignore[attr-defined]
        return expand

    return decorate


def item_method(name: str, template: Check, handler: Callable[..., Any], item: Any) -> Callable[..., Any]:
    """A method of `BaseChecks` that checks one item; the name of the check is written already."""

    async def run(self: Any) -> Check:
        result = fresh(template)
        result.name = _without_escapes(result.name, item)
        # A handler that is a method of the checks is bound already.
        await complete(result, handler, item)
        return result

    run.__name__ = name
    run.__qualname__ = name
    signature = CHECK_SIGNATURE.replace(parameters=[inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)])
    return as_check_method(run, template, signature)


def _without_escapes(name: str, item: Any) -> str:
    """A name whose braces an author doubled, for ServoX formats names of items twice, with single ones."""
    if "{{" not in name and "}}" not in name:
        return name
    try:
        return name.format(item=item, self=item)
    except Exception:
        return name


def _validate(function: Callable[..., Any]) -> None:
    """Checks that a method can be decorated as a multicheck.

    Raises:
        TypeError: It cannot.
    """
    signature = inspect.signature(function)
    annotation = signature.return_annotation
    if isinstance(annotation, str):
        try:
            signature = inspect.signature(function, eval_str=True)
        except Exception:
            # It names what is not there yet, or only for type checkers.
            signature = signature.replace(return_annotation=Any)
    if _is_items_and_handler(signature.return_annotation):
        signature = signature.replace(return_annotation=MULTICHECK_SIGNATURE.return_annotation)
    assert_equal_callable_descriptors(
        CallableDescriptor(MULTICHECK_SIGNATURE, __name__, globals(), {}),
        CallableDescriptor(signature, getattr(function, "__module__", None), globals(), {}),
        name=getattr(function, "__name__", repr(function)),
        callable_description="multicheck handler",
    )


def _is_items_and_handler(annotation: Any) -> bool:
    """Whether an annotation is a tuple of something iterable and a callable, in whichever words."""
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is not tuple or len(parts) != 2:
        return False
    items, handler = (typing.get_origin(part) or part for part in parts)
    return isinstance(items, type) and issubclass(items, Iterable) and handler in (CheckHandler, Callable)
