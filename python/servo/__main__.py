"""``python -m servo`` is the command ``servo``."""

from servo.entry_points import run_cli

if __name__ == "__main__":
    run_cli()
