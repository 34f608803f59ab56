"""How Sphinx makes a site of docs/: `make docs`.

The pages are plain Markdown, to be read on a forge as they are. What only the site needs is added here while they are
read: the navigation, and the addresses of files outside of docs/.
"""

import importlib
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

# Before autodoc imports them, which tells modules that a type checker reads them: pydantic cannot build classes then.
for _area in ("checks", "configuration", "connector", "errors", "events", "logging", "pubsub", "runner", "types"):
    _module = importlib.import_module(f"servo.{_area}")
    for _name in _module.__all__:
        getattr(_module, _name)

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent
ROOT = DOCS.parent

with (ROOT / "pyproject.toml").open("rb") as file:
    _project = tomllib.load(file)["project"]
with (ROOT / "Cargo.toml").open("rb") as file:
    release = tomllib.load(file)["package"]["version"]
with (HERE / "navigation.toml").open("rb") as file:
    _navigation = tomllib.load(file)["part"]

REPOSITORY = _project["urls"]["Repository"]

project = _project["name"]
html_title = f"{project} {release}"
project_copyright = "the authors of servox-rs"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_site"]
source_suffix = {".md": "markdown"}
templates_path: list[str] = []

# Anchors as a forge makes them; what leads nowhere is a warning, and warnings end the build.
myst_heading_anchors = 4
nitpicky = False

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
}
# Commands are copied without their prompt and without what they print.
copybutton_prompt_text = "$ "

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_numpy_docstring = False

# Those of this repository are compared with its files instead, when they are made below.
linkcheck_ignore = [rf"{re.escape(REPOSITORY)}(/|$)", r"https?://(127\.0\.0\.1|localhost|[^/]*example\.com)"]
linkcheck_timeout = 20
linkcheck_workers = 4
linkcheck_anchors = False

_LINK = re.compile(r"(?<=\]\()(?P<path>\.\.?/[^)\s#]*)(?P<heading>#[^)\s]*)?(?=\))")


def _navigate(app: Sphinx, page: str, source: list[str]) -> None:
    """Give the first page the navigation: a part with its title for each entry of the file."""
    if page != app.config.root_doc:
        return
    for part in _navigation:
        pages = "\n".join(part["pages"])
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {part['title']}\n\n{pages}\n```\n"


def _lead_out(app: Sphinx, page: str, source: list[str]) -> None:
    """Let links to files of the repository that are no pages lead there."""
    folder = (DOCS / page).parent

    def address(found: re.Match[str]) -> str:
        target = (folder / found["path"]).resolve()
        if target.is_relative_to(DOCS):
            return found[0]
        if not target.exists():
            logging.getLogger(__name__).warning("there is no file '%s'", found["path"], location=page)
        kind = "tree" if target.is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{target.relative_to(ROOT).as_posix()}{found['heading'] or ''}"

    source[0] = _LINK.sub(address, source[0])


def _skip(app: Sphinx, what: str, name: str, member: object, skip: bool, options: object) -> bool | None:
    """Leave out what pydantic puts into every model."""
    return True if name in ("Config", "model_config", "model_fields", "model_computed_fields") else None


# Code in docstrings stands between single backquotes, also in front of letters: `Check`s.
_CODE = re.compile(r"(?<![:`])`(?P<code>[^`]+)`(?P<behind>\w*)(?!`)")


def _describe(app: Sphinx, what: str, name: str, member: object, options: object, lines: list[str]) -> None:
    """Read docstrings as they are written, before napoleon does."""
    if what == "property" and lines:
        # What stands before a colon would be the type.
        lines[0] = lines[0].replace(": ", " \N{EN DASH} ")
    lines[:] = [
        _CODE.sub(lambda found: f"``{found['code']}``" + r"\ " * bool(found["behind"]) + found["behind"], line)
        for line in lines
    ]


def _sign(
    app: Sphinx, what: str, name: str, member: Any, options: object, signature: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Leave out what pydantic makes of the types of fields; the fields are listed with theirs."""
    if what != "class" or signature is None or "Annotated[" not in signature:
        return None
    return f"({', '.join(inspect.signature(member).parameters)})", returned


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect what is added to the pages."""
    app.connect("source-read", _navigate)
    app.connect("source-read", _lead_out)
    app.connect("autodoc-skip-member", _skip)
    app.connect("autodoc-process-signature", _sign)
    app.connect("autodoc-process-docstring", _describe, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
