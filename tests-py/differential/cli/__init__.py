"""Command lines that are run with ServoX and here."""
