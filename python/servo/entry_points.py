"""What the installed commands call."""

import sys


def run_cli() -> None:
    """Run the command line and exit the process with its code."""
    from servo.dotenv import load_nearest

    # The options of the command line may come from there, too.
    load_nearest()
    from servo.cli import app

    # A terminal or a file with a narrow encoding gets a replacement character, not a traceback.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    app(prog_name="servo")
