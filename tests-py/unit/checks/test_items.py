"""Checks of many items."""

from collections.abc import Iterable as AbstractIterable
from types import SimpleNamespace
from typing import Any, Iterable, List, Tuple  # noqa: UP035

import pytest

from servo import BaseChecks, CheckFilter, CheckHandler, ErrorSeverity, check, multicheck
from servo.checks import Check, create_checks_from_iterable


class Checks(BaseChecks):
    @check("first")
    def check_first(self) -> bool:
        return True

    @multicheck("Item {item}", description="each", tags=["many"], severity=ErrorSeverity.warning)
    async def check_items(self) -> Tuple[Iterable, CheckHandler]:  # noqa: UP006
        def handler(item: str) -> str:
            return f"is {item}"

        return ["a", 'rate(x{job="b"})', "{"], handler

    @check("last")
    async def check_last(self) -> bool:
        return True


async def test_a_check_for_each_item_in_the_place_of_the_method(config):
    checks = await Checks.run(config)
    assert [(check.id, check.name, check.message) for check in checks] == [
        ("check_first", "first", None),
        ("check_items_item_0", "Item a", "is a"),
        ("check_items_item_1", 'Item rate(x{job="b"})', 'is rate(x{job="b"})'),
        ("check_items_item_2", "Item {", "is {"),
        ("check_last", "last", None),
    ]
    assert (checks[1].tags, checks[1].description, checks[1].severity) == ({"many"}, "each", "warning")


async def test_inherited_ones_run(config):
    class Below(Checks):
        @check("below")
        def check_below(self) -> bool:
            return True

    assert [check.name for check in await Below.run(config)][-2:] == ["last", "below"]
    assert len(await Below.run(config)) == 6


async def test_filters_know_the_items(config):
    names = [check.name for check in await Checks.run(config, matching=CheckFilter(name="Item a"))]
    assert names == ["Item a"]
    assert (await Checks(config).run_one(id="check_items_item_1")).name == 'Item rate(x{job="b"})'


async def test_items_can_be_called_and_follow_the_list(config):
    class Changing(BaseChecks):
        @multicheck("{item.name} {item.sizes[0]}")
        def check_each(self) -> Tuple[Iterable, CheckHandler]:  # noqa: UP006
            async def handler(item: Any) -> bool:
                return item.name == "a"

            return [SimpleNamespace(name=name, sizes=[3]) for name in self.names], handler

    checks = Changing(config, names=["a", "b"])
    assert [(check.name, check.success) for check in await checks.run_all()] == [("a 3", True), ("b 3", False)]
    assert (await checks.check_each_item_1()).name == "b 3"
    assert repr(checks) == "Changing(config=Config(description=None, namespace='default'), names=['a', 'b'])"
    checks.names = ["a"]
    assert len(await checks.run_all()) == 1
    assert not hasattr(checks, "check_each_item_1")
    assert list(await checks.check_each()) == ["check_each_item_0"]


async def test_handlers_that_are_methods(config):
    class Methods(BaseChecks):
        def _each(self, item: str) -> bool:
            return item == self.config.namespace

        @multicheck("{item}")
        def check_each(self) -> Tuple[Iterable, CheckHandler]:  # noqa: UP006
            return ["default", "other"], self._each

    assert [check.success for check in await Methods.run(config)] == [True, False]


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ('rate(x{{job="b"}}[5m])', 'Run "rate(x{job="b"}[5m])"'),
        ('rate(x{job="b"}[5m])', 'Run "rate(x{job="b"}[5m])"'),
        ("{{", 'Run "{"'),
        ("{{ {a}", 'Run "{{ {a}"'),
        ("{item}", 'Run "{item}"'),
    ],
)
async def test_braces_of_items_that_are_doubled_and_that_are_not(config, item, name):
    class Queries(BaseChecks):
        @multicheck('Run "{item}"')
        def check_queries(self) -> Tuple[Iterable, CheckHandler]:  # noqa: UP006
            return [item], lambda query: query == item

    (ran,) = await Queries.run(config)
    assert (ran.name, ran.success) == (name, True)
    assert (await Queries.run(config, matching=CheckFilter(name=f'Run "{item}"')))[0].name == name


@pytest.mark.parametrize(
    "annotation",
    [
        Tuple[Iterable, CheckHandler],  # noqa: UP006
        tuple[Iterable, CheckHandler],
        tuple[AbstractIterable, CheckHandler],
        Any,
        "Tuple[Iterable, CheckHandler]",
        "NotThereYet",
    ],
)
def test_annotations(annotation):
    def check_it(self): ...

    check_it.__annotations__["return"] = annotation
    assert multicheck("{item}")(check_it).__multicheck__ is True


def test_wrong_signatures():
    def extra(self, foo: int) -> int: ...

    def wrong(self) -> int: ...

    with pytest.raises(TypeError) as caught:
        multicheck("{item}")(extra)
    assert str(caught.value) == (
        'invalid multicheck handler "extra": encountered unexpected parameter "foo" in callable signature '
        '"(self, foo: int) -> int", expected "() -> Tuple[Iterable, ~CheckHandler]"'
    )
    with pytest.raises(TypeError) as caught:
        multicheck("{item}")(wrong)
    assert str(caught.value) == (
        'invalid multicheck handler "wrong": incompatible return type annotation "<class \'int\'>" in callable '
        'signature "(self) -> int", expected "typing.Tuple[typing.Iterable, ~CheckHandler]"'
    )


async def test_errors_of_the_method_and_the_name_come_out(config):
    class Wrong(BaseChecks):
        @multicheck("{other}")
        def check_it(self) -> Tuple[Iterable, CheckHandler]:  # noqa: UP006
            return [1], lambda item: True

    with pytest.raises(KeyError, match="other"):
        await Wrong.run(config)


async def test_a_class_of_checks_of_a_list(config):
    class Base(BaseChecks):
        @check("base")
        def check_base(self) -> bool:
            return True

    async def handler(item: Any) -> str:
        return f"is {item}"

    named = SimpleNamespace(name="N", __check__=Check(name="other"))
    cls = create_checks_from_iterable(handler, ["five", "a{b}", named, "five"], base_class=Base)
    assert cls.__name__ == "_IterableChecks"
    checks = await cls.run(config)
    assert [check.name for check in checks] == ["base", "Check five", "Check a{b}", "Check N", "Check five"]
    assert checks[1].id == "b3f49d29"
    assert len({check.id for check in checks}) == 5
    assert checks[2].message == "is a{b}"
    assert [check.name for check in await cls.run(config, matching=CheckFilter(id="b3f49d29"))] == ["Check five"]
    assert (await cls(config).run_one(name="Check N")).success


async def test_a_list_of_nothing(config):
    def handler(item: List[str]) -> bool:  # noqa: UP006
        raise AssertionError

    assert await create_checks_from_iterable(handler, []).run(config) == []
