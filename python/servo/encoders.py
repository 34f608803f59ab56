"""Nothing: packages written for ServoX import this module."""
