"""Questions to whoever sits at the terminal."""

from __future__ import annotations

import asyncio
import threading

_one_at_a_time = threading.Lock()


async def ask(question: str) -> bool | None:
    """Asks a question without holding up the loop.

    Args:
        question: Answered with `y` or anything else.

    Returns:
        Whether the answer is yes; None when there is nobody to answer.
    """
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bool | None] = loop.create_future()

    def settle(answer: bool | None) -> None:
        if not answered.done():
            answered.set_result(answer)

    def read() -> None:
        answer: bool | None = None
        with _one_at_a_time:
            if not answered.done():
                try:
                    answer = input(f"{question} [y/N]: ").strip().lower() in ("y", "yes")
                except (EOFError, OSError):
                    answer = None
        try:
            loop.call_soon_threadsafe(settle, answer)
        except RuntimeError:
            return  # The loop has ended meanwhile.

    # A daemon: nobody can interrupt it, and it must not keep the process.
    threading.Thread(target=read, name="question", daemon=True).start()
    return await answered
