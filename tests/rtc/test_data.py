"""Data packets: typed words and keys come in, captions go out."""

from __future__ import annotations

import zlib

import pytest
from livekit.protocol import models

from thunderbox.rtc.data import CHUNK, LONGEST_TEXT, STREAMS, Inbox, Outbox
from thunderbox.voice.audience import Caption, Speaks
from thunderbox.voice.leg import Digit, Typed

Stream = models.DataStream


def header(stream_id: str, topic: str = "lk.chat", **more: object) -> bytes:
    more.setdefault("text_header", Stream.TextHeader())
    value = Stream.Header(stream_id=stream_id, topic=topic, **more)  # type: ignore[arg-type]
    return models.DataPacket(stream_header=value).SerializeToString()


def chunk(stream_id: str, index: int, content: bytes) -> bytes:
    value = Stream.Chunk(stream_id=stream_id, chunk_index=index, content=content)
    return models.DataPacket(stream_chunk=value).SerializeToString()


def trailer(stream_id: str, reason: str = "") -> bytes:
    value = Stream.Trailer(stream_id=stream_id, reason=reason)
    return models.DataPacket(stream_trailer=value).SerializeToString()


def deflated(text: str) -> bytes:
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(text.encode()) + machine.flush()


def read(*packets: bytes) -> list[object]:
    inbox = Inbox()
    return [event for packet in packets if (event := inbox.read(packet)) is not None]


def test_a_text_stream_on_chat_is_typed_words() -> None:
    packets = (header("a"), chunk("a", 0, b"two large "), chunk("a", 1, b"pizzas"), trailer("a"))
    assert read(*packets) == [Typed("two large pizzas")]


def test_chunks_count_in_their_order_and_once() -> None:
    packets = [header("a"), chunk("a", 1, b"b"), chunk("a", 0, b"a"), chunk("a", 1, b"x")]
    assert read(*packets, trailer("a")) == [Typed("ab")]


def test_streams_may_arrive_at_the_same_time() -> None:
    packets = [header("a"), header("b"), chunk("b", 0, b"B"), chunk("a", 0, b"A")]
    assert read(*packets, trailer("a"), trailer("b")) == [Typed("A"), Typed("B")]


def test_words_inside_the_header_count() -> None:
    assert read(header("a", inline_content=b"hi")) == [Typed("hi")]


@pytest.mark.parametrize("inline", [True, False])
def test_packed_words_are_unpacked(inline: bool) -> None:
    packed = Stream.CompressionType.DEFLATE_RAW
    if inline:
        packets = [header("a", compression=packed, inline_content=deflated("grüße"))]
    else:
        content = deflated("grüße")
        parts = [chunk("a", 0, content[:3]), chunk("a", 1, content[3:]), trailer("a")]
        packets = [header("a", compression=packed), *parts]
    assert read(*packets) == [Typed("grüße")]


def test_words_that_unpack_to_very_much_are_ignored() -> None:
    packed = Stream.CompressionType.DEFLATE_RAW
    content = deflated("x" * (LONGEST_TEXT + 1))
    assert read(header("a", compression=packed, inline_content=content)) == []


@pytest.mark.parametrize(
    "packets",
    [
        (header("a", topic="lk.other"), chunk("a", 0, b"x"), trailer("a")),
        (header("a"), chunk("a", 1, b"x"), trailer("a")),
        (header("a"), chunk("a", 0, b"x"), trailer("a", reason="cancelled")),
        (header("a"), trailer("a")),
        (header("a"), chunk("a", 0, b"  \n"), trailer("a")),
        (chunk("a", 0, b"x"), trailer("a")),
        (header("a", total_length=LONGEST_TEXT + 1), chunk("a", 0, b"x"), trailer("a")),
        (header("a"), *(chunk("a", n, b"x" * 9000) for n in range(2)), trailer("a")),
        (header(""), chunk("", 0, b"x"), trailer("")),
        (b"\xff\xff\xff",),
        (b"",),
        (b"\x00" * 70_000,),
    ],
)
def test_what_is_no_message_is_ignored(packets: tuple[bytes, ...]) -> None:
    assert read(*packets) == []


def test_files_are_ignored() -> None:
    value = Stream.Header(stream_id="a", topic="lk.chat", byte_header=Stream.ByteHeader(name="f"))
    packet = models.DataPacket(stream_header=value).SerializeToString()
    assert read(packet, chunk("a", 0, b"x"), trailer("a")) == []


def test_the_oldest_message_is_given_up_for_a_new_one() -> None:
    begun = [header(f"s{n}") for n in range(STREAMS + 1)]
    said = [part for n in (0, 1) for part in (chunk(f"s{n}", 0, b"x"), trailer(f"s{n}"))]
    assert read(*begun, *said) == [Typed("x")]


def test_a_chat_message_is_typed_words() -> None:
    packet = models.DataPacket(chat_message=models.ChatMessage(id="1", message=" hello "))
    assert read(packet.SerializeToString()) == [Typed("hello")]
    packet.chat_message.deleted = True
    assert read(packet.SerializeToString()) == []


@pytest.mark.parametrize(
    ("code", "digit", "key"),
    [(5, "5", "5"), (11, "", "#"), (10, "*", "*"), (12, "a", "A"), (0, "", "0")],
)
def test_a_key_is_read_from_its_name_or_its_code(code: int, digit: str, key: str) -> None:
    packet = models.DataPacket(sip_dtmf=models.SipDTMF(code=code, digit=digit))
    assert read(packet.SerializeToString()) == [Digit(key)]


@pytest.mark.parametrize(("code", "digit"), [(16, ""), (1, "12"), (1, "x"), (4_000_000_000, "")])
def test_what_is_no_key_is_ignored(code: int, digit: str) -> None:
    packet = models.DataPacket(sip_dtmf=models.SipDTMF(code=code, digit=digit))
    assert read(packet.SerializeToString()) == []


def written(caption: Caption) -> list[models.DataPacket]:
    raw = Outbox("PA_agent", "TR_agent").caption(caption, "visitor", "PA_visitor", "TR_visitor")
    return [models.DataPacket.FromString(packet) for packet in raw]


def test_a_caption_is_a_classic_packet_and_a_text_stream() -> None:
    classic, begin, part, end = written(Caption(Speaks.AGENT, 3, "Good morning", final=False))
    assert classic.transcription.transcribed_participant_identity == "agent"
    assert classic.transcription.track_id == "TR_agent"
    [segment] = classic.transcription.segments
    assert (segment.id, segment.text, segment.final) == ("SG_3", "Good morning", False)
    assert begin.stream_header.topic == "lk.transcription"
    assert dict(begin.stream_header.attributes) == {
        "lk.segment_id": "SG_3",
        "lk.transcribed_track_id": "TR_agent",
        "lk.transcription_final": "false",
    }
    assert part.stream_chunk.content == b"Good morning"
    assert end.stream_trailer.stream_id == begin.stream_header.stream_id
    assert {packet.participant_identity for packet in (begin, part, end)} == {"agent"}


def test_the_visitors_words_are_under_their_name() -> None:
    classic, begin, part, _ = written(Caption(Speaks.CALLER, 2, "Hi", final=True))
    assert classic.participant_identity == "agent"
    assert classic.transcription.transcribed_participant_identity == "visitor"
    assert begin.stream_header.attributes["lk.transcription_final"] == "true"
    assert begin.stream_header.attributes["lk.transcribed_track_id"] == "TR_visitor"
    assert (part.participant_identity, part.participant_sid) == ("visitor", "PA_visitor")


def test_packets_are_numbered_from_one_on_over_the_connection() -> None:
    outbox = Outbox("PA_a", "TR_a")
    caption = Caption(Speaks.AGENT, 1, "a", final=True)
    raw = [*outbox.caption(caption, "v", "PA_v", ""), outbox.key("5")]
    assert [models.DataPacket.FromString(packet).sequence for packet in raw] == [1, 2, 3, 4, 5]


def test_words_of_a_visitor_without_a_microphone_name_a_track_all_the_same() -> None:
    outbox = Outbox("PA_agent", "TR_agent")
    caption = Caption(Speaks.CALLER, 2, "Hi", final=True)
    raw, *_ = outbox.caption(caption, "visitor", "PA_visitor", "")
    assert models.DataPacket.FromString(raw).transcription.track_id.startswith("TR_")


def test_a_long_caption_is_cut_between_characters() -> None:
    text = "ä" * CHUNK
    _, _, *parts, _ = written(Caption(Speaks.AGENT, 1, text, final=True))
    contents = [packet.stream_chunk.content for packet in parts]
    assert "".join(content.decode() for content in contents) == text
    assert all(len(content) <= CHUNK for content in contents)


def test_a_key_of_the_agent_has_its_code() -> None:
    packet = models.DataPacket.FromString(Outbox("PA_a", "TR_a").key("#"))
    assert (packet.sip_dtmf.code, packet.sip_dtmf.digit) == (11, "#")
