"""Two distributions own the folder `servo`: servox-rs, and its predecessor servox. With both installed, files of one
have replaced files of the other.

What happens depends on the order. With servox-rs installed last, its modules run, with leftovers of servox beside them:
a warning. With servox installed last, its `servo/__init__.py` runs, and finds packages of ours where it had modules: an
error, raised by `servo._own_package`, which the first of them, `servo.configuration`, imports."""

from __future__ import annotations

import os

DISTRIBUTION = "servox-rs"
PREDECESSOR = "servox"
REMEDY = f"pip uninstall {PREDECESSOR}, then pip install --force-reinstall {DISTRIBUTION}"


def predecessor_beside(package: str) -> str | None:
    """The version of servox that is installed where this package is.

    Lists one folder: `importlib.metadata`, which reads all of them, would take longer than the rest of `import servo`.

    Args:
        package: The folder of the package.
    """
    try:
        names = os.listdir(os.path.dirname(package))
    except OSError:  # a package in an archive
        return None
    for name in names:
        if name.startswith(f"{PREDECESSOR}-") and name.endswith(".dist-info"):
            return name[len(PREDECESSOR) + 1 : -len(".dist-info")]
    return None


def conflict(version: str) -> str:
    """What both distributions mean, and what to do about it."""
    return (
        f"the distribution {PREDECESSOR} {version} is installed as well as {DISTRIBUTION}. Both own the folder "
        f"`servo`, so files of one have replaced files of the other. To keep {DISTRIBUTION}: {REMEDY}"
    )


def warn_of_predecessor(package: str) -> None:
    """Warns where servox is installed beside this package.

    Args:
        package: The folder of the package.
    """
    if (version := predecessor_beside(package)) is not None:
        import warnings

        warnings.warn(conflict(version), RuntimeWarning, stacklevel=3)
