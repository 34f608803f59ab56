"""How results and running servos look: a live view, plain lines, tables, JSON."""
