"""Dialects: what clients say when they knock, in both ways."""

from __future__ import annotations

import base64
import gzip

import pytest
from livekit.protocol import models, rtc

from thunderbox.errors import RequestError
from thunderbox.rtc.dialects import (
    LONGEST_JOIN,
    Dialect,
    dialect_of,
    parameters_of,
    read_join,
    token_of,
)


def packed(request: rtc.JoinRequest, *, zipped: bool = False, padded: bool = True) -> str:
    content = request.SerializeToString()
    wrapped = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP if zipped else rtc.WrappedJoinRequest.NONE,
        join_request=gzip.compress(content) if zipped else content,
    )
    text = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
    return text if padded else text.rstrip("=")


REQUEST = rtc.JoinRequest(
    client_info=models.ClientInfo(sdk=models.ClientInfo.JS, version="2.23.0"),
    publisher_offer=rtc.SessionDescription(type="offer", sdp="v=0", id=4),
    add_track_requests=[rtc.AddTrackRequest(cid="c", source=models.TrackSource.MICROPHONE)],
    participant_attributes={"page": "home"},
)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/rtc", (Dialect.V0, False)),
        ("/rtc/", (Dialect.V0, False)),
        ("/rtc/validate", (Dialect.V0, True)),
        ("/rtc/v1", (Dialect.V1, False)),
        ("/rtc/v1/validate", (Dialect.V1, True)),
        ("/rtc/v2", None),
        ("/rtcx", None),
        ("/rtc/v1/x", None),
        ("/", None),
    ],
)
def test_a_path_names_the_dialect(path: str, meant: object) -> None:
    assert dialect_of(path) == meant


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_v1_is_read_from_its_protobuf(zipped: bool, padded: bool) -> None:
    text = packed(REQUEST, zipped=zipped, padded=padded)
    join = read_join(Dialect.V1, {"join_request": text})
    assert join.client == "JS 2.23.0"
    assert join.offer is not None
    assert (join.offer.sdp, join.offer.id) == ("v=0", 4)
    assert [track.cid for track in join.tracks] == ["c"]
    assert join.attributes == (("page", "home"),)
    assert not join.resumes


def test_v1_without_an_offer_has_none() -> None:
    request = rtc.JoinRequest(client_info=models.ClientInfo(sdk=models.ClientInfo.JS))
    join = read_join(Dialect.V1, {"join_request": packed(request)})
    assert join.offer is None


def test_v1_resumes_as_the_participant_it_was() -> None:
    request = rtc.JoinRequest(reconnect=True, participant_sid="PA_1")
    join = read_join(Dialect.V1, {"join_request": packed(request)})
    assert (join.resumes, join.participant_sid) == (True, "PA_1")


@pytest.mark.parametrize("text", ["", "!", "AAAA", "x" * 3001, "ü", "=" * 9])
def test_v1_rubbish_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="join_request"):
        read_join(Dialect.V1, {"join_request": text})


def test_v1_that_unpacks_to_very_much_is_refused() -> None:
    request = rtc.JoinRequest(metadata="x" * LONGEST_JOIN)
    with pytest.raises(RequestError, match="join_request"):
        read_join(Dialect.V1, {"join_request": packed(request, zipped=True)})


def test_v1_that_was_cut_is_refused() -> None:
    wrapped = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP,
        join_request=gzip.compress(REQUEST.SerializeToString())[:-12],
    )
    text = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
    with pytest.raises(RequestError, match="join_request"):
        read_join(Dialect.V1, {"join_request": text})


def test_v0_is_read_from_its_parameters() -> None:
    query = b"sdk=python&version=1.2.0&reconnect=1&sid=PA_9&auto_subscribe=1&sdk=other"
    join = read_join(Dialect.V0, parameters_of(query))
    assert (join.client, join.resumes, join.participant_sid) == ("python 1.2.0", True, "PA_9")
    assert join.offer is None


def test_what_a_client_calls_itself_is_safe_for_the_log() -> None:
    join = read_join(Dialect.V0, {"sdk": "a\nb\x1b[2J" + "x" * 99, "version": "é"})
    assert join.client == "ab[2J" + "x" * 33


@pytest.mark.parametrize("query", [b"\xff", b"&".join(b"a%d=1" % n for n in range(65))])
def test_a_query_that_cannot_be_read_is_refused(query: bytes) -> None:
    with pytest.raises(RequestError, match="cannot be read"):
        parameters_of(query)


def test_the_token_of_the_header_comes_before_that_of_the_query() -> None:
    query = {"access_token": "query"}
    assert token_of([(b"authorization", b"Bearer  head ")], query) == "head"
    assert token_of([(b"Authorization", b"bearer head")], query) == "head"
    assert token_of([(b"authorization", b"Basic x")], query) == "query"
    assert token_of([], {}) == ""
