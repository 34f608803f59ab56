"""What goes beside a run for those who operate it: metrics, traces, diagnostics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import typer

from servo.cli.errors import CommandError
from servo.cli.session import core

if TYPE_CHECKING:
    from servo.cli.session import Servo

TRACES_SECONDS = 1.0
"""How long traces that still wait are delivered at the end."""
APART_SECONDS = 0.05
"""How long after the diagnostics of one servo those of the next begin: a service is not asked for all at once."""


@asynccontextmanager
async def watched(servos: Sequence[Servo], metrics_address: str | None) -> AsyncIterator[None]:
    """Within the block metrics are served, traces exported, and services asked whether they want diagnostics.

    Args:
        servos: Those that are about to run.
        metrics_address: `HOST:PORT` for metrics; none are served without it.

    Raises:
        CommandError: Metrics cannot be served there.
    """
    traced = _export_traces()
    endpoint = None
    if metrics_address is not None:
        try:
            endpoint = await core().serve_metrics(metrics_address, len(servos))
        except RuntimeError as error:
            raise CommandError(f"error: {error}") from error
        typer.echo(f"metrics: http://{endpoint.address}/metrics", err=True)
    tasks = [
        asyncio.create_task(_diagnose(servo, APART_SECONDS * at))
        for at, servo in enumerate(servo for servo in servos if not servo.no_diagnostics)
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if endpoint is not None:
            await endpoint.close()
        if traced:
            await asyncio.to_thread(core().finish_traces, TRACES_SECONDS)


def _export_traces() -> bool:
    try:
        return core().export_traces()
    except RuntimeError as error:
        # The servo has its work to do, whoever looks on.
        typer.echo(f"warning: {error}", err=True)
        return False


async def _diagnose(servo: Servo, wait: float) -> None:
    from loguru import logger

    from servo.telemetry.diagnostics import DiagnosticsHandler

    await asyncio.sleep(wait)
    try:
        await DiagnosticsHandler(servo.make_view()).diagnostics_check()
    except Exception as error:
        logger.error("no diagnostics are sent for {}: {}", servo.name, error)
