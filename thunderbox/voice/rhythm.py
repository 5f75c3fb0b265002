"""Rhythm: how long one caller pauses within a turn, learned while the call goes on.

Who pauses long is not cut off, who pauses briefly is not kept waiting. The evidence of a turn is
its longest pause, taken as what it would have been after a finished sentence, since words that
are no end are given more time anyhow. Pure; times in ms.
"""

from __future__ import annotations

from collections import deque

from thunderbox.voice.turn_end import turn_pause_ms

TURNS = 8
"""So many turns are remembered; until there were so many, the rest count as usual ones."""
QUANTILE = 0.9
"""Of a caller's longest pauses, so many are shorter than what ends a turn."""
MARGIN = 1.2
"""And it is longer than they are by this factor: pauses differ."""
REACTION_MS = 500
"""Who begins to speak so soon after the agent does not react to it but goes on."""
RESUMED_MS = 1_500
"""Who begins again later than this was not in the middle of something."""


class Rhythm:
    """The pauses of one caller; `pause_ms` is the silence after a finished sentence that ends a
    turn, between `shortest_ms` and `longest_ms`."""

    def __init__(self, usual_ms: int, shortest_ms: int, longest_ms: int) -> None:
        self._usual = usual_ms / MARGIN
        self._shortest_ms = min(shortest_ms, usual_ms)
        self._longest_ms = max(longest_ms, usual_ms)
        self._longest_pauses: deque[float] = deque([self._usual] * TURNS, TURNS)
        self._said = ""
        self._factor = 1.0
        self._within = 0.0
        self._unsure = 0.0
        self._ended_at: int | None = None
        self._answered_at: int | None = None
        self._cut_off = 0.0

    @property
    def pause_ms(self) -> int:
        """Silence that ends a turn of this caller after a finished sentence."""
        known = list(self._longest_pauses)
        if self._within:
            known = [*known[1:], self._within]
        learned = round(MARGIN * _quantile(known))
        return min(max(learned, self._shortest_ms), self._longest_ms)

    def began(self, at: int) -> None:
        """A turn opens; it may be the rest of the last one."""
        ended, answered = self._ended_at, self._answered_at
        self._cut_off = 0.0
        if (
            ended is not None
            and at - ended <= RESUMED_MS
            and (answered is None or at - answered <= REACTION_MS)
        ):
            self._cut_off = (at - ended) / self._factor
        self._said, self._factor, self._within, self._unsure = "", 1.0, 0.0, 0.0

    def went_on(self, pause_ms: int) -> None:
        """A sound follows within the turn, after so long a pause."""
        self._unsure = max(self._unsure, pause_ms / self._factor)
        self._factor = 1.0

    def understood(self, said: str, finished: bool | None) -> int:
        """The words of the turn so far, at a pause, and whether they sounded like all; returns
        how long that pause must be to end the turn."""
        if said != self._said:
            # What followed the last pause was a voice.
            self._within = max(self._within, self._unsure)
        self._said, self._unsure = said, 0.0
        usual_ms = self.pause_ms
        pause_ms = turn_pause_ms(usual_ms, said, finished)
        self._factor = pause_ms / usual_ms
        return pause_ms

    def ended(self, at: int) -> None:
        """The turn was decided; its last sound was at `at`."""
        self._longest_pauses.append(self._within or self._usual)
        self._within = 0.0
        self._ended_at, self._answered_at = at, None

    def answered(self, at: int) -> None:
        """The agent is heard."""
        if self._answered_at is None:
            self._answered_at = at

    def spoke_on(self) -> None:
        """The turn has words that are more than a murmur: if it is the rest of the last one, the
        pause was too short. That counts twice, for it is worse than to wait."""
        if self._cut_off:
            self._longest_pauses[-1] = max(self._longest_pauses[-1], self._cut_off)
            self._longest_pauses.append(self._cut_off)
            self._cut_off = 0.0


def _quantile(values: list[float]) -> float:
    """The value below which QUANTILE of them lie, between two of them if need be."""
    ordered = sorted(values)
    place = QUANTILE * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
