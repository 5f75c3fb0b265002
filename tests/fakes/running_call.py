"""A call in progress, as far as supervisors see it."""

from __future__ import annotations

from thunderbox.calls.gallery import Gallery


class FakeCall:
    """Remembers what was whispered."""

    def __init__(self, *, talks: bool = True) -> None:
        self.gallery = Gallery("Call")
        self.talks = talks
        self.whispered: list[str] = []

    def whisper(self, text: str) -> None:
        """Remember it."""
        self.whispered.append(text)
