"""A journal that remembers, and tools that answer as told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from thunderbox.voice.engine import Tool
from thunderbox.voice.history import Call
from thunderbox.voice.leg import Tick


class FakeJournal:
    """Keeps `(role, text, …)` in the order of the reports."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.latencies: list[int] = []
        self.so_far: list[str] = []

    def sound(self, tick: Tick) -> None:
        """Sound is not kept."""

    def caller_said(self, text: str, start: int, end: int) -> None:
        """A turn of the caller."""
        self.rows.append(("user", text))

    def caller_saying(self, text: str, at: int) -> None:
        """Words so far."""
        self.so_far.append(text)

    def agent_said(
        self,
        text: str,
        start: int,
        end: int,
        *,
        interrupted: bool,
        unheard: str,
        latency_ms: int | None,
    ) -> None:
        """Words of the agent."""
        self.rows.append(
            ("assistant", text, "cut: " + unheard) if interrupted else ("assistant", text)
        )
        if latency_ms is not None:
            self.latencies.append(latency_ms)

    def tool_called(self, call: Call, at: int) -> None:
        """A tool call."""
        self.rows.append(("tool_call", call.name, call.arguments))

    def tool_answered(self, call: Call, at: int) -> None:
        """A tool's answer."""
        self.rows.append(("tool_response", call.result))

    def handed_on(self, target: str, *, reached: bool) -> None:
        """A transfer."""
        self.rows.append(("transfer", target, reached))


class FakeTools:
    """Answers every call with `result` and remembers it."""

    def __init__(self, *names: str, result: str = '{"status":"confirmed"}') -> None:
        self.schemas: Sequence[Tool] = [
            {"type": "function", "function": {"name": name}} for name in names
        ]
        self.result = result
        self.gate: asyncio.Event | None = None
        self.ran: list[tuple[str, dict[str, Any]]] = []

    async def run(self, call_id: str, name: str, arguments: dict[str, Any]) -> str:
        """The result."""
        self.ran.append((name, arguments))
        if self.gate is not None:
            await self.gate.wait()
        return self.result
