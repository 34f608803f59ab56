import subprocess
import sys

import pytest

import servo
import servo.utilities

LOADED = """
import sys
import {module}
print([name for name in sys.modules if name.startswith("servo.utilities") or name in ("asyncio", "pydantic", "yaml")])
"""


@pytest.mark.parametrize(
    ("module", "loaded"), [("servo", "[]"), ("servo.errors", "[]"), ("servo.utilities", "['servo.utilities']")]
)
def test_importing_is_cheap(module: str, loaded: str) -> None:
    code = LOADED.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == loaded, done.stderr


def test_every_name_is_there() -> None:
    namespace: dict[str, object] = {}
    exec("from servo.utilities import *", namespace)
    assert {*servo.utilities.__all__} <= {*namespace}
    # Names of modules must not shadow those of the caller.
    assert not {"pydantic", "yaml", "inspect", "subprocess", "strings", "hashing"} & {*namespace}
    assert servo.utilities.inspect.get_methods
    assert servo.utilities.associations.Mixin
    with pytest.raises(AttributeError, match="nothing"):
        servo.utilities.nothing  # noqa: B018


def test_every_name_is_at_the_top_too() -> None:
    for name in servo.utilities.__all__:
        assert getattr(servo, name) is getattr(servo.utilities, name)
    assert {*servo.utilities.__all__} <= {*servo.__all__}
    for module in ("inspect", "subprocess", "yaml", "pydantic", "strings"):
        assert getattr(servo, module) is getattr(servo.utilities, module)
