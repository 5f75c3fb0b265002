"""Descriptions: session descriptions (SDP) as the box wants them read and written.

aiortc reads and writes the rest. What is taken away here would cost time or go wrong: other codecs
than Opus, candidates that lead nowhere, and the word that no more candidates come, after which
aioice gives up although a browser's own checks are still under way.
"""

from __future__ import annotations

from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.sdp import SessionDescription, candidate_from_sdp

from thunderbox.errors import LegError
from thunderbox.rtc.opus import RTP_RATE

SECTIONS = 16
CANDIDATES = 64
LONGEST = 256 * 1024
OPUS = "audio/opus"
PARAMETERS = "minptime=10;useinbandfec=1"


def received(text: str, kind: str) -> str:
    """An offer or an answer of a client, as aiortc is given it. Raises LegError."""
    if len(text) > LONGEST:
        raise LegError(f"The {kind} is longer than {LONGEST} characters.")
    try:
        description = SessionDescription.parse(text)
    except Exception as error:  # aiortc's parser fails in any way on what it does not expect
        raise LegError(f"The {kind} is no session description ({error}).") from error
    if not 0 < len(description.media) <= SECTIONS:
        raise LegError(f"The {kind} has no sections, or more than {SECTIONS}.")
    for section in description.media:
        section.ice_candidates = [
            one for one in section.ice_candidates[:CANDIDATES] if leads_somewhere(one)
        ]
        section.ice_candidates_complete = False
        if section.kind == "audio":
            section.rtp.codecs = [
                codec for codec in section.rtp.codecs if codec.mimeType.lower() == OPUS
            ]
            if not section.rtp.codecs:
                raise LegError(f"The {kind} has no Opus in section {section.rtp.muxId}.")
            section.fmt = [codec.payloadType for codec in section.rtp.codecs]
    return str(description)


def sent(text: str) -> str:
    """A description of aiortc's with what we like to get: redundancy, packets from 10 ms."""
    lines = []
    for line in text.split("\r\n"):
        lines.append(line)
        if line.startswith("a=rtpmap:") and f"opus/{RTP_RATE}" in line:
            payload_type = line.removeprefix("a=rtpmap:").split()[0]
            lines.append(f"a=fmtp:{payload_type} {PARAMETERS}")
    return "\r\n".join(lines)


def candidate(line: str, mid: str | None, index: int | None) -> RTCIceCandidate | None:
    """A candidate of a client (`candidate:...`); None for one that leads nowhere."""
    try:
        found = candidate_from_sdp(line.removeprefix("a=").removeprefix("candidate:"))
    except (AssertionError, ValueError, IndexError):
        return None
    if (mid is None and index is None) or not leads_somewhere(found):
        return None
    found.sdpMid, found.sdpMLineIndex = mid, index
    return found


def leads_somewhere(one: RTCIceCandidate) -> bool:
    """Whether a candidate can be reached: over UDP, by an address instead of a hidden name.

    Browsers hide their addresses behind names of mDNS (`.local`) from pages that may not listen.
    They reach us all the same, and aioice learns where they are from their own checks.
    """
    return one.protocol.lower() == "udp" and not one.ip.lower().endswith(".local")
