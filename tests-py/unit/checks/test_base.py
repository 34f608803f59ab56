"""Which checks run, and in which order."""

import re
import types
from typing import List, Optional, Tuple  # noqa: UP035

import pydantic
import pytest

import servo
from servo import BaseChecks, BaseConfiguration, CheckFilter, ErrorSeverity, check, require, warn
from servo.checks import Check, CheckError

ran: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran():
    ran.clear()


class Checks(BaseChecks):
    @check("one")
    def check_one(self) -> bool:
        ran.append("one")
        return True

    @require("req")
    async def check_req(self) -> bool:
        ran.append("req")
        return getattr(self, "fine", False)

    @warn("w")
    async def check_w(self) -> Tuple[bool, str]:  # noqa: UP006
        ran.append("w")
        return (False, "careful")

    @check("two", tags=["a", "b"])
    async def check_two(self) -> str:
        ran.append("two")
        return "hi"

    def check_und(self) -> Check:
        ran.append("und")
        return Check(name="und", success=True)

    @require("req2")
    async def check_req2(self) -> bool:
        ran.append("req2")
        return True

    @check("three")
    async def check_three(self) -> None:
        ran.append("three")

    def _not_a_check(self): ...

    def run_not_a_check(self): ...

    @staticmethod
    def neither(): ...

    @classmethod
    def nor(cls): ...

    @property
    def nor_this(self): ...


@pytest.mark.parametrize("halt_on", ["critical", "common", "warning"])
async def test_a_failed_requirement_halts(config, halt_on):
    checks = await Checks.run(config, halt_on=halt_on)
    assert [check.id for check in checks] == ["check_one", "check_req"]
    assert ran == ["one", "req"]


@pytest.mark.parametrize("halt_on", [None, "unknown"])
async def test_nothing_halts(config, halt_on):
    await Checks.run(config, halt_on=halt_on)
    assert ran == ["one", "req", "w", "two", "und", "req2", "three"]


class Common(BaseChecks):
    @warn("w")
    def check_warning(self) -> bool:
        return False

    @check("c")
    def check_common(self) -> bool:
        return False

    @require("r")
    def check_critical(self) -> bool:
        return False

    @check("last")
    def check_last(self) -> bool:
        return True


@pytest.mark.parametrize(("halt_on", "count"), [("warning", 2), ("common", 2), (ErrorSeverity.critical, 3), (None, 4)])
async def test_severities_that_halt(config, halt_on, count):
    assert len(await Common.run(config, halt_on=halt_on)) == count


@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        ({"id": "check_two"}, ["req", "two", "und"]),
        ({"id": "check_three"}, ["req", "und", "req2", "three"]),
        ({"id": ["check_one", "check_two"]}, ["one", "req", "two", "und"]),
        ({"id": re.compile("t")}, ["req", "two", "und", "req2", "three"]),
        ({"name": "two"}, ["req", "two", "und"]),
        ({"tags": {"a"}}, ["req", "two", "und"]),
        ({"id": "zzz"}, ["und"]),
        ({"tags": set()}, ["und"]),
        ({"id": "check_one"}, ["one", "und"]),
        ({"id": "check_two", "exclusive": True}, ["two", "und"]),
        ({"id": ["check_two"], "exclusive": True}, ["und"]),
        ({"tags": {"b"}, "exclusive": True}, ["two", "und"]),
        ({"exclusive": True}, ["one", "req", "w", "two", "und", "req2", "three"]),
        ({}, ["one", "req", "w", "two", "und", "req2", "three"]),
    ],
)
async def test_filters_with_prerequisites(config, matching, expected):
    await Checks.run(config, matching=CheckFilter(**matching), halt_on=None)
    assert ran == expected


async def test_a_failed_prerequisite_halts(config):
    await Checks.run(config, matching=CheckFilter(id="check_two"))
    assert ran == ["req"]


async def test_methods_that_cannot_be_filtered_are_told(config, records):
    await Checks.run(config, matching=CheckFilter(id="check_one"))
    assert [(record["level"].name, record["message"]) for record in records] == [
        ("WARNING", 'filtering requested but encountered non-filterable check method "check_und"')
    ]


async def test_the_handler_of_a_connector(config):
    class GardenConnector(servo.BaseConnector):
        config: BaseConfiguration

        @servo.on_event()
        async def check(
            self,
            matching: Optional[CheckFilter],  # noqa: UP045
            halt_on: Optional[ErrorSeverity] = ErrorSeverity.critical,  # noqa: UP045
        ) -> List[Check]:  # noqa: UP006
            return await Common.run(self.config, matching=matching, halt_on=halt_on)

    connector = GardenConnector(config=config)
    results = await connector.dispatch_event("check", CheckFilter(tags=["none"]))
    assert results[0].value == []
    results = await connector.dispatch_event("check", matching=None, halt_on=None)
    assert [check.name for check in results[0].value] == ["w", "c", "r", "last"]


class Below(Checks):
    @check("four")
    def check_four(self) -> bool:
        ran.append("four")
        return True

    @check("one again")
    def check_one(self) -> bool:
        ran.append("one again")
        return True


async def test_base_classes_first_and_overrides_in_their_place(config):
    checks = Below(config, fine=True)
    await checks.run_all()
    assert ran == ["one again", "req", "w", "two", "und", "req2", "three", "four"]


async def test_run_passes_further_arguments_on(config):
    await Checks.run(config, fine=True)
    assert len(ran) == 7


async def test_methods_of_the_instance_come_last(config):
    checks = Common(config)
    checks.check_mine = types.MethodType(check("mine")(_mine), checks)
    checks.check_other = types.MethodType(check("other")(_mine), Common(config))
    names = [check.name for check in await checks.run_all(halt_on=None)]
    assert names == ["w", "c", "r", "last", "mine"]


def _mine(self) -> bool:
    return True


@pytest.mark.parametrize(
    ("source", "error", "text"),
    [
        (
            "def foo(self) -> Check: ...",
            ValueError,
            'invalid method name "foo": method names of Checks subtypes must start with "_" or "check_"',
        ),
        (
            "def check_it(self) -> int: ...",
            TypeError,
            'invalid check "check_it": incompatible return type annotation "<class \'int\'>" in callable signature '
            '"() -> int", expected "<class \'servo.checks.Check\'>"',
        ),
        (
            "def check_it(self, foo: int) -> Check: ...",
            TypeError,
            'invalid check "check_it": encountered unexpected parameter "foo" in callable signature '
            '"(foo: int) -> servo.checks.Check", expected "() -> servo.checks.Check"',
        ),
        ("def check_it(self) -> 'Unknown': ...", NameError, "name 'Unknown' is not defined"),
        (
            "def check_it(self) -> Check: return 3",
            TypeError,
            'invalid check "check_it": expected return type "Check" but handler returned "int"',
        ),
        ("def check_it(self) -> Check: raise RuntimeError('as it is')", RuntimeError, "as it is"),
    ],
)
async def test_wrong_methods(config, source, error, text):
    namespace = {"Check": Check}
    exec(source, namespace)
    method = next(value for name, value in namespace.items() if name not in ("Check", "__builtins__"))
    cls = type(BaseChecks)("Wrong", (BaseChecks,), {method.__name__: method, "__module__": __name__})
    with pytest.raises(error) as caught:
        await cls.run(config)
    assert str(caught.value) == text


@pytest.mark.parametrize("annotation", ["Check", "servo.Check", "servo.checks.Check", "Alias"])
async def test_annotations_that_are_texts(config, annotation):
    namespace = {"servo": servo, "Alias": Check, "Check": Check}
    exec(f"def check_it(self, *args, **kwargs) -> {annotation!r}: return Check(name='x')", namespace)
    cls = type(BaseChecks)("Texts", (BaseChecks,), {"check_it": namespace["check_it"], "__module__": __name__})
    assert len(await cls.run(config)) == 1


def test_config(config):
    assert BaseChecks({}).config == BaseConfiguration()
    assert Common(config).config == config
    for wrong in (None, 5):
        with pytest.raises(pydantic.ValidationError):
            BaseChecks(wrong)
    assert BaseChecks(config, extra=3).extra == 3


async def test_fields_and_properties_of_subclasses():
    class Config(BaseConfiguration):
        namespace: str = "default"

    class Typed(BaseChecks):
        config: Config
        limit: int = 3

        @property
        def _namespace(self) -> str:
            return self.config.namespace

        @check("Namespace {self.config.namespace}")
        async def check_namespace(self) -> str:
            return f"{self._namespace} {self.limit}"

    ran = await Typed.run({"namespace": "other"}, limit="4")
    assert [(check.name, check.message) for check in ran] == [("Namespace other", "other 4")]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "unable to run check: an id or name must be given (both are None)"),
        ({"id": "a", "name": "b"}, "unable to run check: id and name cannot both be given (id='a', name='b')"),
        ({"id": 3}, "unable to run check: id must be a string (got 3)"),
        ({"name": 3}, "unable to run check: name must be a string (got 3)"),
        ({"id": "zzz"}, "failed running check: no check found with id = 'zzz'"),
        ({"name": "zzz"}, "failed running check: no check found with name = 'zzz'"),
    ],
)
@pytest.mark.parametrize("cls", [Checks, Common])
async def test_checks_that_cannot_be_run(config, cls, arguments, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        await cls(config).run_one(**arguments)


async def test_one_check_after_its_prerequisites(config):
    assert (await Checks(config, fine=True).run_one(id="check_three")).id == "check_three"
    assert ran == ["req", "und", "req2", "three"]


async def test_one_check_alone(config):
    assert (await Checks(config).run_one(name="three", skip_requirements=True)).success
    assert ran == ["und", "three"]


async def test_one_check_before_another_that_always_runs(config):
    assert (await Checks(config).run_one(id="check_one")).id == "check_one"


async def test_one_check_with_a_template_as_its_name(config):
    class Templated(BaseChecks):
        @check("Namespace {self.config.namespace}")
        async def check_it(self) -> bool:
            return True

    assert (await Templated(config).run_one(name="Namespace {self.config.namespace}")).name == "Namespace default"


async def test_one_check_without_a_decorator(config):
    assert (await Checks(config).run_one(name="und")).success


async def test_a_prerequisite_that_failed(config):
    class Failing(BaseChecks):
        @require("first")
        def check_req(self) -> bool:
            raise RuntimeError("broken")

        @check("two")
        def check_two(self) -> bool:
            return True

    with pytest.raises(RuntimeError) as caught:
        await Failing(config).run_one(name="two")
    assert str(caught.value) == (
        "failed running check: check name 'two' was not run due to a prerequisite failure: check id 'check_req' "
        'failed: "caught exception (RuntimeError): broken"'
    )
    assert repr(caught.value.__cause__) == "RuntimeError('broken')"


class Gate(BaseChecks):
    @require("gate")
    def check_gate(self) -> bool:
        return False

    @check("first", tags=["a"])
    def check_first(self) -> bool:
        return True

    @warn("second")
    def check_second(self) -> bool:
        return True


class TestWhatDidNotRun:
    @pytest.mark.parametrize(
        ("matching", "hint"),
        [
            (None, "2 checks behind it did not run"),
            (CheckFilter(tags=["a"]), "1 check behind it did not run"),
            (CheckFilter(name="gate"), None),
        ],
    )
    async def test_is_counted(self, matching, hint):
        found = await Gate.run(BaseConfiguration(), matching=matching)
        assert [(one.name, one.hint) for one in found] == [("gate", hint)]

    async def test_where_everything_runs_there_is_nothing_to_tell(self):
        found = await Gate.run(BaseConfiguration(), halt_on=None)
        assert [one.hint for one in found] == [None, None, None]

    async def test_a_hint_is_kept(self):
        class Hinted(BaseChecks):
            @require("gate")
            def check_gate(self) -> None:
                raise CheckError("shut", hint="open it")

            @check("behind")
            def check_behind(self) -> bool:
                return True

        for _ in range(2):
            (one,) = await Hinted.run(BaseConfiguration())
            assert one.hint == "open it (1 check behind it did not run)"
