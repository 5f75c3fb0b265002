"""Messages: what the box tells a client about the room, its participants and their tracks."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence

from livekit.protocol import models, rtc

import thunderbox
from thunderbox.rtc.dialects import Dialect
from thunderbox.voice.audience import AgentState

AGENT = "agent"
"""Identity of the agent in every room."""
CALLER = "caller"
"""Identity of the other party where a supervisor listens."""
STATE_ATTRIBUTE = "lk.agent.state"
SERVER_VERSION = "1.9.0"
"""The version of LiveKit's server whose behaviour this is; clients decide by it what they use."""
PROTOCOL = 16
PING_S = 5
PING_TIMEOUT_S = 15
OPUS = "audio/opus"
REGION = "thunderbox"
ATTRIBUTES = 32
"""Attributes of a visitor that are kept."""


def new_sid(prefix: str) -> str:
    """A server-made id such as `PA_x7…`; nobody can guess it."""
    return f"{prefix}_{secrets.token_hex(8)}"


class Cast:
    """The participants of one room: the agent, whose track all hear, and the visitor."""

    def __init__(self, room_name: str, agent_name: str, identity: str, *, hidden: bool) -> None:
        self.room_name = room_name
        self.room_sid = new_sid("RM")
        self.agent_sid = new_sid("PA")
        self.agent_track_sid = new_sid("TR")
        self.caller_sid = new_sid("PA")
        self.caller_track_sid = new_sid("TR")
        self.agent_name = agent_name
        self.agent_state = AgentState.LISTENING
        self.identity = identity
        self.hidden = hidden
        self.made_at = int(time.time())
        self._version = 0

    @property
    def agent_stream(self) -> str:
        """Stream id by which clients find the agent's track in an SDP."""
        return f"{self.agent_sid}|{self.agent_track_sid}"

    def agent(self) -> models.ParticipantInfo:
        """The agent as it stands now; each later one counts more than those before."""
        self._version += 1
        track = models.TrackInfo(
            sid=self.agent_track_sid,
            type=models.TrackType.AUDIO,
            name="voice",
            source=models.TrackSource.MICROPHONE,
            mime_type=OPUS,
            stream=AGENT,
        )
        return models.ParticipantInfo(
            sid=self.agent_sid,
            identity=AGENT,
            name=self.agent_name,
            kind=models.ParticipantInfo.AGENT,
            state=models.ParticipantInfo.ACTIVE,
            joined_at=self.made_at,
            version=self._version,
            is_publisher=True,
            attributes={STATE_ATTRIBUTE: self.agent_state.value},
            permission=models.ParticipantPermission(
                can_subscribe=True, can_publish=True, can_publish_data=True, agent=True
            ),
            tracks=[track],
        )

    def others(self) -> list[models.ParticipantInfo]:
        """Who is in the room beside the client: for a supervisor, the caller too."""
        if not self.hidden:
            return [self.agent()]
        caller = models.ParticipantInfo(
            sid=self.caller_sid,
            identity=CALLER,
            name="Caller",
            state=models.ParticipantInfo.ACTIVE,
            joined_at=self.made_at,
            version=1,
        )
        return [self.agent(), caller]

    def room(self) -> models.Room:
        """The room."""
        return models.Room(
            sid=self.room_sid,
            name=self.room_name,
            creation_time=self.made_at,
            num_participants=2,
            num_publishers=1,
            enabled_codecs=[models.Codec(mime=OPUS)],
        )


class Visitor:
    """The client's own participant, as one connection knows it."""

    def __init__(self, cast: Cast, attributes: Iterable[tuple[str, str]] = ()) -> None:
        self.sid = new_sid("PA")
        self.identity = cast.identity
        self.hidden = cast.hidden
        self.name = ""
        self.metadata = ""
        self.attributes: dict[str, str] = {}
        self.describe("", "", dict(attributes))
        self.tracks: dict[str, models.TrackInfo] = {}
        self._joined_at = int(time.time())
        self._version = 0

    @property
    def track_sid(self) -> str:
        """The microphone's track; empty where none is published."""
        return next(iter(self.tracks), "")

    def publish(self, request: rtc.AddTrackRequest) -> models.TrackInfo:
        """A microphone of the client; it takes the place of one that was there."""
        track = published(request)
        self.tracks = {track.sid: track}
        return track

    def describe(self, name: str, metadata: str, attributes: Mapping[str, str]) -> None:
        """Take what the client says of itself; an empty attribute is taken away."""
        self.name = name or self.name
        self.metadata = metadata or self.metadata
        named = {**self.attributes, **attributes}
        kept = [(key, value) for key, value in named.items() if value]
        self.attributes = dict(kept[:ATTRIBUTES])

    def info(self) -> models.ParticipantInfo:
        """The participant as it stands now."""
        self._version += 1
        sources = [] if self.hidden else [models.TrackSource.MICROPHONE]
        return models.ParticipantInfo(
            sid=self.sid,
            identity=self.identity,
            name=self.name,
            metadata=self.metadata,
            attributes=self.attributes,
            state=models.ParticipantInfo.ACTIVE,
            joined_at=self._joined_at,
            version=self._version,
            tracks=list(self.tracks.values()),
            is_publisher=bool(self.tracks),
            permission=models.ParticipantPermission(
                can_subscribe=True,
                can_publish=not self.hidden,
                # A client refuses by itself to publish what is not named, such as a camera.
                can_publish_sources=sources,
                can_publish_data=not self.hidden,
                can_update_metadata=not self.hidden,
                hidden=self.hidden,
            ),
        )


def joined(
    cast: Cast, visitor: Visitor, dialect: Dialect, ice_servers: Sequence[rtc.ICEServer]
) -> rtc.SignalResponse:
    """The first message of a connection."""
    return rtc.SignalResponse(
        join=rtc.JoinResponse(
            room=cast.room(),
            participant=visitor.info(),
            other_participants=cast.others(),
            server_version=SERVER_VERSION,
            server_info=models.ServerInfo(
                edition=models.ServerInfo.Standard,
                version=SERVER_VERSION,
                protocol=PROTOCOL,
                region=REGION,
                node_id=f"thunderbox-{thunderbox.__version__}",
            ),
            ice_servers=ice_servers,
            subscriber_primary=dialect is Dialect.V0,
            fast_publish=True,
            ping_interval=PING_S,
            ping_timeout=PING_TIMEOUT_S,
            enabled_publish_codecs=[models.Codec(mime=OPUS)],
        )
    )


def leave(
    reason: models.DisconnectReason, action: rtc.LeaveRequest.Action = rtc.LeaveRequest.DISCONNECT
) -> rtc.SignalResponse:
    """Send a client away, or have it join anew."""
    again = action == rtc.LeaveRequest.RECONNECT
    return rtc.SignalResponse(
        leave=rtc.LeaveRequest(reason=reason, action=action, can_reconnect=again)
    )


def published(request: rtc.AddTrackRequest) -> models.TrackInfo:
    """A microphone that a client publishes."""
    return models.TrackInfo(
        sid=new_sid("TR"),
        type=request.type,
        name=request.name[:100],
        source=models.TrackSource.MICROPHONE,
        muted=request.muted,
        disable_dtx=request.disable_dtx,
        stereo=request.stereo,
        disable_red=request.disable_red,
        stream=request.stream[:100],
        mime_type=OPUS,
    )


def speaking(sid: str, *, active: bool) -> rtc.SignalResponse:
    """Whether a participant speaks."""
    speaker = models.SpeakerInfo(sid=sid, level=0.5 if active else 0.0, active=active)
    return rtc.SignalResponse(speakers_changed=rtc.SpeakersChanged(speakers=[speaker]))


def update(*participants: models.ParticipantInfo) -> rtc.SignalResponse:
    """How participants stand now."""
    return rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=participants))
