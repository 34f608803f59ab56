"""The connectors that come with the engine, as Python sees them."""
