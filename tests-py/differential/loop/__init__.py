"""Agents with scripted optimizers."""
