"""The exit codes of `servo run`: the table of docs/cli.md."""

import pytest

from servo.cli.ending import Ending, exit_code

REMOTE = "dev.example.com/app"
IMPROVED, NOTHING = {"outcome": "improved"}, {"outcome": "nothing-measured"}


def servo(ended, optimizer="local", report=None):
    return {"name": "web", "optimizer": optimizer, "ended": ended, "reason": None, "report": report}


@pytest.mark.parametrize(
    ("servos", "ending", "code"),
    [
        # By themselves.
        ([servo("finished", report=IMPROVED)], Ending(None), 0),
        ([servo("finished", report={"outcome": "baseline_kept"})], Ending(None), 0),
        ([servo("finished", REMOTE)], Ending(None), 0),
        ([servo("finished", report=NOTHING)], Ending(None), 1),
        ([servo("failed")], Ending(None), 1),
        ([servo("finished", REMOTE), servo("failed", REMOTE)], Ending(None), 1),
        # Declined at the terminal.
        ([servo("interrupted", REMOTE)], Ending(None), 0),
        ([servo("interrupted"), servo("failed")], Ending(None), 1),
        # By a signal.
        *[
            ([servo("interrupted", optimizer)], Ending(signal), code)
            for optimizer in ("local", REMOTE)
            for signal, code in [
                ("SIGTERM", 0),
                ("SIGHUP", 0),
                ("SIGUSR1", 0),
                ("SIGINT", 130 if optimizer == "local" else 0),
            ]
        ],
        ([servo("interrupted", REMOTE), servo("interrupted")], Ending("SIGINT"), 130),
        ([servo("interrupted", REMOTE), servo("finished", report=IMPROVED)], Ending("SIGINT"), 0),
        ([servo("interrupted", REMOTE), servo("failed", REMOTE)], Ending("SIGINT"), 1),
        ([servo("interrupted", REMOTE), servo("failed", REMOTE)], Ending("SIGTERM"), 1),
        ([servo("interrupted"), servo("failed")], Ending("SIGINT"), 130),
        # By a signal that came after the end.
        ([servo("finished", report=IMPROVED)], Ending("SIGINT"), 0),
        ([servo("failed")], Ending("SIGINT"), 1),
        # By a signal that came before there were servos.
        ([], Ending("SIGINT"), 130),
        ([], Ending("SIGTERM"), 0),
        # Without commands there is no search to cut short.
        ([servo("interrupted")], Ending("SIGINT", polled=False), 0),
        ([servo("interrupted")], Ending("SIGTERM", polled=False), 0),
        # Whoever asks whether the checks pass.
        ([servo("finished", REMOTE)], Ending(None, dry_run=True), 0),
        ([servo("failed", REMOTE)], Ending(None, dry_run=True), 1),
        ([servo("interrupted", REMOTE)], Ending("SIGINT", dry_run=True), 130),
        ([servo("interrupted", REMOTE)], Ending("SIGTERM", dry_run=True), 143),
        ([], Ending("SIGHUP", dry_run=True), 129),
    ],
)
def test_the_exit_code(servos, ending, code):
    assert exit_code(servos, ending) == code
