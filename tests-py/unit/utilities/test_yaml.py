import builtins
import subprocess
import sys

import pytest

CODE_WITHOUT_YAML = """
import sys
sys.modules["yaml"] = None
import servo.utilities.yaml as found
try:
    found.PreservedScalarString("x")
except ModuleNotFoundError as error:
    print(error)
"""


def test_is_written_as_a_block_by_every_dumper() -> None:
    yaml = pytest.importorskip("yaml")
    from servo.utilities.yaml import PreservedScalarString

    class Own(PreservedScalarString):
        pass

    for text in (PreservedScalarString("x\ny\n"), Own("x\ny\n")):
        for name in ("Dumper", "SafeDumper", "CDumper", "CSafeDumper"):
            if hasattr(yaml, name):
                written = yaml.dump({"a": text}, Dumper=getattr(yaml, name))
                assert written == "a: |\n  x\n  y\n", name
                assert yaml.safe_load(written) == {"a": "x\ny\n"}
    assert isinstance(PreservedScalarString("x"), builtins.str)


def test_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", CODE_WITHOUT_YAML], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == ("PreservedScalarString needs PyYAML, which is not installed: pip install PyYAML"), (
        done.stderr
    )
