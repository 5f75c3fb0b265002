"""Seams of aiortc: every place where we reach beside what it offers, with the reason.

aiortc is checked at import, so that another version of it fails at once and with a sentence
instead of in the middle of a call.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from types import CodeType

from aioice.ice import Connection
from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, RTCRtpTransceiver
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcsctptransport import SCTP_RTO_INITIAL, RTCSctpTransport
from aiortc.rtp import RtpPacket

from thunderbox.errors import StartError
from thunderbox.rtc import gathering

OnPacket = Callable[[RtpPacket], None]

RETRANSMIT_SECONDS = 0.4
_BUFFER = "_RTCRtpReceiver__jitter_buffer"
_STOP_DECODER = "_RTCRtpReceiver__stop_decoder"
_MEASURE = "_update_rto"
_CONNECT = "_RTCPeerConnection__connect"


class _Hose:
    """Stands where aiortc keeps a receiver's jitter buffer; hands every packet on.

    aiortc's own buffer waits 80 ms and stays late after a loss, and decodes in a thread per
    receiver. It gets nothing to decode from here, and its thread ends with the first packet.
    """

    capacity = 1

    def __init__(self, on_packet: OnPacket, stop_decoder: Callable[[], None]) -> None:
        self._on_packet = on_packet
        self._stop_decoder: Callable[[], None] | None = stop_decoder

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        if self._stop_decoder is not None:
            self._stop_decoder()
            self._stop_decoder = None
        self._on_packet(packet)
        return False, None


def take_packets(receiver: RTCRtpReceiver, on_packet: OnPacket) -> None:
    """Have the packets of a receiver handed over as they come, in any order, also twice.

    aiortc goes on counting them for its reports to the sender.
    """
    setattr(receiver, _BUFFER, _Hose(on_packet, getattr(receiver, _STOP_DECODER)))


def name_track(sender: RTCRtpSender, stream: str, track: str) -> None:
    """Say what the stream and the track of a sender are called in session descriptions.

    aiortc makes the names up; LiveKit's clients know whose sound it is by them.
    """
    sender._stream_id = stream
    sender._track_id = track


def offered_to_receive(transceiver: RTCRtpTransceiver) -> bool:
    """Whether the other end has offered to receive, and not to send, in this section.

    aiortc does not say what was offered, only what came out.
    """
    return transceiver._offerDirection == "sendonly"


async def gather(peer: RTCPeerConnection, addresses: tuple[str, ...], first_port: int) -> None:
    """Open our own sockets for every transport that has none yet, and tell of them.

    aioice then takes its gathering for done.
    """
    for transport in _ice_transports(peer):
        connection = transport.iceGatherer._connection
        if connection._local_candidates_start:
            continue
        connection._local_candidates_start = True
        for component in sorted(connection._components):
            connection._local_candidates += await gathering.gather(
                connection, component, addresses, first_port
            )
        connection._local_candidates_end = True


async def start_again(peer: RTCPeerConnection) -> None:
    """Start what was negotiated while the connection was being made, and nothing twice.

    aiortc leaves that out: it starts senders and receivers after each description, but only where
    the connection is there already.
    """
    await getattr(peer, _CONNECT)()


def repeat_soon(peer: RTCPeerConnection) -> None:
    """Have what is lost on data channels sent again after 0.4 s, as browsers do.

    aiortc waits 3 s at first and never less than 1 s, so that captions come late on a network that
    loses packets.
    """
    sctp = peer.sctp
    if sctp is None or sctp._rto != SCTP_RTO_INITIAL:
        return
    sctp._rto = RETRANSMIT_SECONDS
    measure = sctp._update_rto

    def measure_and_shorten(round_trip: float) -> None:
        measure(round_trip)
        assert sctp._srtt is not None and sctp._rttvar is not None
        waited = sctp._srtt + 4 * sctp._rttvar
        sctp._rto = min(sctp._rto, max(RETRANSMIT_SECONDS, waited))

    setattr(sctp, _MEASURE, measure_and_shorten)


def _ice_transports(peer: RTCPeerConnection) -> list[RTCIceTransport]:
    dtls = [transceiver.receiver.transport for transceiver in peer.getTransceivers()]
    if peer.sctp is not None:
        dtls.append(peer.sctp.transport)
    return list({id(one.transport): one.transport for one in dtls}.values())


def _check() -> None:
    """Raise StartError where aiortc is not built as we know it."""

    def names(code: CodeType) -> set[str]:
        inner = [names(one) for one in code.co_consts if isinstance(one, CodeType)]
        return set(code.co_names).union(*inner)

    needed: list[tuple[Callable[..., object], set[str]]] = [
        (RTCRtpReceiver.__init__, {_BUFFER}),
        (RTCRtpReceiver._handle_rtp_packet, {_BUFFER, "add"}),
        (RTCRtpReceiver.stop, {_STOP_DECODER}),
        (RTCRtpSender.__init__, {"_stream_id"}),
        (RTCRtpSender.replaceTrack, {"_track_id"}),
        (RTCRtpTransceiver.__init__, {"_offerDirection"}),
        (RTCIceTransport.__init__, {"_connection"}),
        (RTCSctpTransport.__init__, {"_rto", "_srtt", "_rttvar", "SCTP_RTO_INITIAL"}),
        (RTCPeerConnection.setRemoteDescription, {_CONNECT}),
        (RTCSctpTransport._receive_sack_chunk, {_MEASURE}),
        (
            Connection.gather_candidates,
            {
                "_local_candidates",
                "_local_candidates_start",
                "_local_candidates_end",
                "_components",
                "get_component_candidates",
            },
        ),
        (Connection.get_component_candidates, {"_protocols", "local_candidate"}),
    ]
    for function, wanted in needed:
        if missing := wanted - names(function.__code__):
            raise StartError(
                f"aiortc {version('aiortc')} with aioice {version('aioice')} is not built as "
                f"browser calls need it ({function.__qualname__} has no "
                f"{', '.join(sorted(missing))}). Install the versions of requirements.lock."
            )


_check()
