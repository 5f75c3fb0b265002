"""What the API is made of: the parts that the appliance plugs in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from thunderbox.api.signalling import Signalling
from thunderbox.calls.billing import Billing
from thunderbox.calls.connections import Connections
from thunderbox.calls.grading import Grader
from thunderbox.calls.requests import (
    OpenMic,
    OpenWidget,
    PlaceCall,
    PlacedCall,
    Readiness,
    WebSession,
)
from thunderbox.calls.supervision import Supervision
from thunderbox.calls.voip_numbers import VoipNumbers
from thunderbox.events.courier import Courier
from thunderbox.outgoing.client import Client
from thunderbox.passwords import Passwords
from thunderbox.settings import Settings
from thunderbox.store.database import Database
from thunderbox.voice.engine import Voice
from thunderbox.voice.prompt_writer import PromptWriter
from thunderbox.voice.samples import Samples


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that controllers may use."""

    db: Database
    settings: Settings
    place_call: Callable[[PlaceCall], Awaitable[PlacedCall]]
    """Raises RequestError for what is wrong with the request, LegError when no line is free."""
    open_mic: Callable[[OpenMic], Awaitable[WebSession]]
    open_widget: Callable[[OpenWidget], Awaitable[WebSession]]
    """Raise, as the one before, RequestError for a session that cannot be had."""
    billing: Billing
    wake_simulations: Callable[[], None]
    """Tells the worker that a test call was put into the queue."""
    grader: Grader
    voices: Callable[[], Sequence[Voice]]
    samples: Samples
    """What each voice sounds like."""
    writer: PromptWriter
    """Translates prompts and writes acknowledgements."""
    readiness: Callable[[], Awaitable[Readiness]]
    recordings: Path
    """The directory that holds the recordings."""
    url_secret: bytes
    """Signs the links to recordings."""
    connections: Connections
    """Trunks and accounts at providers."""
    voip_numbers: VoipNumbers
    http: Client
    """Asks the endpoints of tools, once or in a test."""
    courier: Courier
    """Tells webhooks of events."""
    supervision: Supervision
    """Opens running calls to supervisors."""
    own_url: Callable[[], str]
    """`http://host:port` under which this box reaches its own API."""
    signalling: Signalling | None = None
    """Lets browsers join rooms; None where another server does."""
    passwords: Passwords = field(default_factory=Passwords)
    """Hashes and checks the passwords of people."""

    @property
    def allows_http(self) -> bool:
        """Whether the operator named networks in which servers are asked without TLS, too."""
        return bool(self.settings.outgoing.allow_networks)
