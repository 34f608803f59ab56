"""What all tests share."""

import os

from hypothesis import settings

# A run that decides whether a change lands tries the same examples each time; a run by hand tries new ones.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
