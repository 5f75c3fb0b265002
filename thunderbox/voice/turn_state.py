"""What the turn-taking machine remembers: the caller's turn, the agent's reply, gathered keys."""

from __future__ import annotations

from dataclasses import dataclass

from thunderbox.voice.turn_events import CommitTurn, DropTurn, Effect


@dataclass(slots=True)
class Turn:
    """What the caller is saying."""

    id: int
    start: int
    voice_since: int | None
    """Start of the current stretch of voice; None in a pause."""
    voiced_ms: int = 0
    stopped_at: int = 0
    revision: int = 0
    text: str = ""
    due: int | None = None
    """When the pause is long enough; None until the words are known."""
    insists: bool = False
    """Whether words so far are more than "mm-hm"."""
    cut: int = 0
    """The reply that this turn interrupted."""

    def goes_on(self, at: int) -> None:
        """The caller speaks again: what was understood is not all."""
        self.voice_since = at
        self.text, self.due, self.insists = "", None, False
        self.revision += 1

    def pauses(self, at: int) -> None:
        """The caller's voice has paused."""
        if self.voice_since is not None:
            self.voiced_ms += max(0, at - self.voice_since)
        self.voice_since = None
        self.stopped_at = at
        self.revision += 1

    def interrupts(self, now: int, quiet: int, enough_ms: int) -> bool:
        """Whether the voice that goes on is long enough, or says enough, to stop an agent."""
        if self.voice_since is None:
            return False
        voiced = self.voiced_ms + now - quiet - self.voice_since
        return self.insists or voiced >= enough_ms

    def taken(self) -> list[Effect]:
        """Keep its words, if it has any, and leave it."""
        kept: list[Effect] = [self.words()] if self.text else []
        return [*kept, DropTurn(self.id)]

    def words(self) -> CommitTurn:
        """What was said, as a part of the conversation."""
        return CommitTurn(self.text, self.start, self.stopped_at)


@dataclass(slots=True)
class Reply:
    """What the agent answers."""

    id: int
    released: bool = False
    playing: bool = False
    has_words: bool = False
    acknowledge_at: int | None = None
    """When the caller hears an acknowledgement, if there are no words of the reply by then."""
    ends: str | None = None
    """end_reason of the call once this reply was heard."""
    final: bool = False
    """True when not even the caller's voice keeps the call from ending."""

    def late(self, now: int) -> bool:
        """Whether it has kept the caller waiting for a first word; true once."""
        due = self.acknowledge_at
        if due is None or self.has_words or now < due:
            return False
        self.acknowledge_at = None
        return True


@dataclass(frozen=True, slots=True)
class Murmur:
    """A "yes" that was said while the agent spoke."""

    text: str
    start: int
    end: int


class Digits:
    """Keys that the caller pressed, gathered until # or a pause of `pause_ms`."""

    def __init__(self, pause_ms: int) -> None:
        self._pause_ms = pause_ms
        self._keys = ""
        self._since = 0
        self._due = 0

    def __bool__(self) -> bool:
        return bool(self._keys)

    def press(self, digit: str, at: int) -> bool:
        """Take a key; True when it says that there are no more."""
        if not self._keys:
            self._since = at
        if digit == "#":
            return True
        self._keys += digit
        self._due = at + self._pause_ms
        return False

    def due(self, now: int) -> bool:
        """Whether the pause after the last key was long enough."""
        return bool(self._keys) and now >= self._due

    def take(self) -> tuple[str, int]:
        """The keys and when the first of them was pressed; forgets them."""
        keys, self._keys = self._keys, ""
        return keys, self._since
