"""The pages about connectors in Python: what they say a command prints is what it prints.

The user guide is followed in `tests-py/system/test_guide.py`.
"""

import pytest
from pages import DOCS, Reader

PAGES = [*sorted((DOCS / "python").glob("*.md")), DOCS / "publish-subscribe.md"]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_commands_print_what_the_page_says(page, tmp_path):
    assert Reader(tmp_path).follow(page), "a page without an example that runs"
