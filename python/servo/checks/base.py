"""The base of classes of checks, and the order in which they run."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from servo.checks.filters import CheckFilter
from servo.checks.models import CHECK_SIGNATURE, Check, CheckModel
from servo.configuration import BaseConfiguration
from servo.events import _is_async
from servo.logging import Mixin
from servo.types.enums import ErrorSeverity
from servo.utilities.inspect import CallableDescriptor, assert_equal_callable_descriptors, get_instance_methods

__all__ = ["BaseChecks"]

_Ran = tuple[Check | None, Check]
"""The template of a check, None where its method has none, and what came of it."""


class BaseChecks(CheckModel, Mixin):
    """Checks that belong together, which run one after another.

    Each method whose name starts with `check_` is a check: one decorated with `@check`, `@require`, `@warn` or
    `@multicheck`, or any other that gives a `Check`. Those of base classes come first, then each in its place.

    Args:
        config: The configuration that is checked.
        kwargs: Further attributes.

    Raises:
        pydantic.ValidationError: An argument is wrong.
    """

    # Subclasses narrow it, which type checkers allow of Any only: a field can be assigned.
    if TYPE_CHECKING:
        config: Any
    else:
        config: BaseConfiguration

    class Config:
        extra = "allow"
        validate_assignment = False

    def __init__(self, config: BaseConfiguration, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)

    def __repr_args__(self) -> Any:
        # Bound methods would show this object again.
        return [(name, value) for name, value in super().__repr_args__() if not isinstance(value, types.MethodType)]

    @classmethod
    async def run(
        cls,
        config: BaseConfiguration,
        *,
        matching: CheckFilter | None = None,
        halt_on: ErrorSeverity | None = ErrorSeverity.critical,
        **kwargs: Any,
    ) -> list[Check]:
        """Runs the checks of a configuration.

        Args:
            config: The configuration.
            matching: Which checks are wanted.
            halt_on: The severity from which on a failure ends the run; None never does.
            kwargs: Further arguments of the constructor.

        Returns:
            The checks that have run, in that order.

        Raises:
            TypeError: A method has a wrong signature, or gave something else than a `Check`.
            ValueError: A method has a wrong name.
        """
        return await cls(config, **kwargs).run_all(matching=matching, halt_on=halt_on)

    async def run_all(
        self, *, matching: CheckFilter | None = None, halt_on: ErrorSeverity | None = ErrorSeverity.critical
    ) -> list[Check]:
        """Runs the checks, critical ones as prerequisites of those that are wanted.

        Args:
            matching: Which checks are wanted. Methods that are not decorated cannot be told apart, and always run.
            halt_on: The severity from which on a failure ends the run; None never does. Warnings never do.

        Returns:
            The checks that have run, in that order.

        Raises:
            TypeError: A method has a wrong signature, or gave something else than a `Check`.
            ValueError: A method has a wrong name.
        """
        return [result for _, result in await self._run(await self._methods(), matching, halt_on)]

    async def run_one(
        self,
        *,
        id: str | None = None,
        name: str | None = None,
        halt_on: ErrorSeverity | None = ErrorSeverity.critical,
        skip_requirements: bool = False,
    ) -> Check:
        """Runs one check, and before it those it depends on.

        Args:
            id: Its identifier; this or the name.
            name: Its name, as it was given to the decorator.
            halt_on: The severity from which on the failure of a prerequisite ends the run.
            skip_requirements: Whether it runs without its prerequisites.

        Returns:
            The check.

        Raises:
            ValueError: There is no such check, or the arguments do not name one.
            RuntimeError: A prerequisite failed.
        """
        if id is None and name is None:
            raise ValueError("unable to run check: an id or name must be given (both are None)")
        if id is not None and name is not None:
            raise ValueError(f"unable to run check: id and name cannot both be given (id={id!r}, name={name!r})")
        by, value = ("id", id) if id is not None else ("name", name)
        if not isinstance(value, str):
            raise ValueError(f"unable to run check: {by} must be a string (got {value!r})")
        wanted = CheckFilter(id=id, name=name, exclusive=skip_requirements)
        methods = await self._methods()
        templates = [getattr(method, "__check__", None) for method in methods.values()]
        exists = any(template is not None and wanted.matches(template) for template in templates)
        ran = await self._run(methods, wanted, halt_on) if exists or None in templates else []
        for template, result in reversed(ran):
            # Methods without a decorator are known by what they give.
            if wanted.matches(template or result):
                return result
        if not exists:
            raise ValueError(f"failed running check: no check found with {by} = {value!r}")
        last = ran[-1][1]
        raise RuntimeError(
            f"failed running check: check {by} {value!r} was not run due to a prerequisite failure: "
            f'check id {last.id!r} failed: "{last.message}"'
        ) from last.exception

    async def _run(
        self, methods: dict[str, Any], matching: CheckFilter | None, halt_on: ErrorSeverity | None
    ) -> list[_Ran]:
        filtered = matching is not None and matching.any
        selected = [name for name, method in methods.items() if self._is_wanted(name, method, matching)]
        last = list(methods).index(selected[-1]) if selected else -1
        ran: list[_Ran] = []
        for at, (name, method) in enumerate(methods.items()):
            template: Check | None = getattr(method, "__check__", None)
            if filtered and template is not None and name not in selected:
                prerequisite = template.critical and at < last and not (matching is not None and matching.exclusive)
                if not prerequisite:
                    continue
            result = method()
            if _is_async(method):
                result = await result
            if not isinstance(result, Check):
                raise TypeError(
                    f'invalid check "{name}": expected return type "Check" but handler returned '
                    f'"{type(result).__name__}"'
                )
            ran.append((template, result))
            if _halts(result, halt_on):
                later = list(methods)[at + 1 :]
                _tell_skipped(result, sum(name in selected for name in later))
                break
        return ran

    def _is_wanted(self, name: str, method: Any, matching: CheckFilter | None) -> bool:
        if matching is None or matching.empty:
            return True
        template = getattr(method, "__check__", None)
        if template is None:
            self.logger.warning(f'filtering requested but encountered non-filterable check method "{name}"')
            return False
        return matching.matches(template)

    async def _methods(self) -> dict[str, Any]:
        """The methods that are checks, in the order in which they run; multichecks are replaced by their items."""
        for name in [name for name, value in self.__dict__.items() if hasattr(value, "__item_of__")]:
            del self.__dict__[name]  # Of an earlier run; there may be fewer items now.
        attached = getattr(self, "__pydantic_extra__", None) or {}
        found: dict[str, Any] = {
            **get_instance_methods(self, stop_at_parent=BaseChecks),
            **{name: value for name, value in attached.items() if isinstance(value, types.MethodType)},
        }
        methods: dict[str, Any] = {}
        for name, method in found.items():
            if name.startswith(("_", "run_")) or method.__self__ is not self:
                continue
            if not name.startswith("check_"):
                raise ValueError(
                    f'invalid method name "{name}": method names of Checks subtypes must start with "_" or "check_"'
                )
            if getattr(method, "__multicheck__", False):
                for item, function in (await method()).items():
                    function.__item_of__ = name
                    bound = types.MethodType(function, self)
                    object.__setattr__(self, item, bound)
                    methods[item] = bound
            else:
                _validate_check_method(name, method)
                methods[name] = method
        return methods


def _halts(check: Check, halt_on: Any) -> bool:
    """Whether a run ends with this check. A warning never fails, so `warning` says the same as `common`."""
    if not check.failed:
        return False
    if halt_on in (ErrorSeverity.warning, ErrorSeverity.common):
        return True
    return halt_on == ErrorSeverity.critical and check.critical


def _tell_skipped(check: Check, skipped: int) -> None:
    """Adds to the hint of a failed check how many that were wanted did not run because of it."""
    if skipped:
        told = f"{skipped} {'checks' if skipped > 1 else 'check'} behind it did not run"
        check.hint = f"{check.hint} ({told})" if check.hint else told


def _validate_check_method(name: str, method: Callable[..., Any]) -> None:
    import servo
    import servo.checks

    names = {**vars(servo.checks), "servo": servo}
    own = getattr(inspect.unwrap(method), "__globals__", {})
    assert_equal_callable_descriptors(
        CallableDescriptor(CHECK_SIGNATURE, "servo.checks", names, {}),
        CallableDescriptor(inspect.signature(method), method.__module__, {**names, **own}, {}),
        name=name,
        callable_description="check",
    )


BaseChecks.__module__ = "servo.checks"
