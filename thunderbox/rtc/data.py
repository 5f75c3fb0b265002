"""Data: the packets of a client's data channels, read and written.

Read are typed words (text streams on `lk.chat`, chat messages) and keys (SipDTMF). Written are
captions, each twice: as the classic transcription packet and as a text stream on
`lk.transcription`, for older and newer clients.
"""

from __future__ import annotations

import time
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from livekit.protocol import models

from thunderbox.rtc.dialects import inflate
from thunderbox.rtc.messages import AGENT, new_sid
from thunderbox.voice.audience import Caption, Speaks
from thunderbox.voice.leg import Digit, Typed

RELIABLE = "_reliable"
LOSSY = "_lossy"
CHAT = "lk.chat"
TRANSCRIPTION = "lk.transcription"
LONGEST_PACKET = 64 * 1024
LONGEST_TEXT = 16 * 1024
"""Bytes of one typed message."""
STREAMS = 8
"""Messages that may arrive at a time; the one begun first is given up for another."""
CHUNK = 15_000
"""Bytes of text in a packet, as LiveKit's own clients cut it."""
KEYS = "0123456789*#ABCD"
"""Each at its code in RFC 4733."""


@dataclass(slots=True)
class _Stream:
    """A message that arrives in pieces."""

    packed: bool
    chunks: dict[int, bytes] = field(default_factory=dict)
    size: int = 0


class Inbox:
    """Reads the packets of one client."""

    def __init__(self) -> None:
        self._streams: OrderedDict[str, _Stream] = OrderedDict()

    def read(self, raw: bytes) -> Digit | Typed | None:
        """What a packet says; None for what is no business of a call, or no packet at all."""
        if len(raw) > LONGEST_PACKET:
            return None
        try:
            packet = models.DataPacket.FromString(raw)
        except DecodeError:
            return None
        match packet.WhichOneof("value"):
            case "sip_dtmf":
                return _digit(packet.sip_dtmf)
            case "chat_message" if not packet.chat_message.deleted:
                return _typed(packet.chat_message.message.encode(errors="replace"))
            case "stream_header" if packet.stream_header.topic == CHAT:
                return self._begin(packet.stream_header)
            case "stream_chunk":
                self._add(packet.stream_chunk)
            case "stream_trailer":
                return self._finish(packet.stream_trailer)
        return None

    def _begin(self, header: models.DataStream.Header) -> Typed | None:
        packed = header.compression == models.DataStream.CompressionType.DEFLATE_RAW
        if not header.HasField("text_header"):
            return None
        if header.inline_content:
            return _typed(_unpacked(header.inline_content, packed=packed))
        if header.total_length <= LONGEST_TEXT and header.stream_id:
            self._streams[header.stream_id] = _Stream(packed)
            if len(self._streams) > STREAMS:
                self._streams.popitem(last=False)
        return None

    def _add(self, chunk: models.DataStream.Chunk) -> None:
        stream = self._streams.get(chunk.stream_id)
        if stream is None or chunk.chunk_index in stream.chunks:
            return
        stream.size += len(chunk.content)
        if stream.size > LONGEST_TEXT or len(stream.chunks) >= LONGEST_TEXT // 4:
            del self._streams[chunk.stream_id]
            return
        stream.chunks[chunk.chunk_index] = chunk.content

    def _finish(self, trailer: models.DataStream.Trailer) -> Typed | None:
        stream = self._streams.pop(trailer.stream_id, None)
        if stream is None or trailer.reason or len(stream.chunks) != _span(stream.chunks):
            return None
        content = b"".join(content for _, content in sorted(stream.chunks.items()))
        return _typed(_unpacked(content, packed=stream.packed))


class Outbox:
    """Writes the packets for one client, in the order in which they are sent.

    They are numbered over all its connections: clients drop what has a number of before.
    """

    def __init__(self, agent_sid: str, agent_track_sid: str) -> None:
        self._agent_sid = agent_sid
        self._agent_track_sid = agent_track_sid
        # For words of a visitor who publishes nothing: with an empty id LiveKit's client in Rust,
        # which is that for Python as well, ends its whole program.
        self._no_track_sid = new_sid("TR")
        self._sequence = 0

    def caption(
        self, caption: Caption, identity: str, caller_sid: str, track_sid: str
    ) -> list[bytes]:
        """What either party says, in every form that clients know; the caller is as named."""
        by_agent = caption.speaks is Speaks.AGENT
        speaker = AGENT if by_agent else identity
        sid = self._agent_sid if by_agent else caller_sid
        track = self._agent_track_sid if by_agent else track_sid or self._no_track_sid
        segment = models.TranscriptionSegment(
            id=f"SG_{caption.segment}", text=caption.text, final=caption.final
        )
        classic = models.DataPacket(
            transcription=models.Transcription(
                transcribed_participant_identity=speaker, track_id=track, segments=[segment]
            )
        )
        attributes = {
            "lk.segment_id": segment.id,
            "lk.transcribed_track_id": track,
            "lk.transcription_final": "true" if caption.final else "false",
        }
        stream = text_stream(TRANSCRIPTION, caption.text, attributes)
        # Who speaks is told by the sender: clients show a stream under its name.
        packets = [self._sealed(classic, AGENT, self._agent_sid)]
        return packets + [self._sealed(packet, speaker, sid) for packet in stream]

    def key(self, digit: str) -> bytes:
        """A key that the agent presses."""
        packet = models.DataPacket(sip_dtmf=models.SipDTMF(code=KEYS.index(digit), digit=digit))
        return self._sealed(packet, AGENT, self._agent_sid)

    def _sealed(self, packet: models.DataPacket, identity: str, sid: str) -> bytes:
        self._sequence += 1
        packet.participant_identity = identity
        packet.participant_sid = sid
        packet.sequence = self._sequence
        return packet.SerializeToString()


def text_stream(topic: str, text: str, attributes: dict[str, str]) -> list[models.DataPacket]:
    """A text as the packets of a stream."""
    stream_id = new_sid("STR")
    content = text.encode(errors="replace")
    header = models.DataStream.Header(
        stream_id=stream_id,
        timestamp=time.time_ns() // 1_000_000,
        topic=topic,
        mime_type="text/plain",
        total_length=len(content),
        text_header=models.DataStream.TextHeader(),
        attributes=attributes,
    )
    chunks = [
        models.DataStream.Chunk(stream_id=stream_id, chunk_index=index, content=piece)
        for index, piece in enumerate(_pieces(content))
    ]
    return [
        models.DataPacket(stream_header=header),
        *(models.DataPacket(stream_chunk=chunk) for chunk in chunks),
        models.DataPacket(stream_trailer=models.DataStream.Trailer(stream_id=stream_id)),
    ]


def _pieces(content: bytes) -> list[bytes]:
    """Cut where a character ends, so that each piece can be shown by itself."""
    pieces = []
    while len(content) > CHUNK:
        end = CHUNK
        while content[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(content[:end])
        content = content[end:]
    return [*pieces, content] if content else pieces


def _digit(dtmf: models.SipDTMF) -> Digit | None:
    key = dtmf.digit.upper() or (KEYS[dtmf.code] if dtmf.code < len(KEYS) else "")
    return Digit(key) if len(key) == 1 and key in KEYS else None


def _typed(content: bytes | None) -> Typed | None:
    if not content or len(content) > LONGEST_TEXT:
        return None
    text = content.decode("utf-8", errors="replace").strip()
    return Typed(text) if text else None


def _unpacked(content: bytes, *, packed: bool) -> bytes | None:
    if not packed:
        return content
    try:
        return inflate(content, -zlib.MAX_WBITS, LONGEST_TEXT)
    except (ValueError, zlib.error):
        return None


def _span(chunks: dict[int, bytes]) -> int:
    """How many chunks there must be when none is missing."""
    return max(chunks, default=-1) + 1
