"""The REST APIs of Twilio, Telnyx, SignalWire and Vonage, run as a program on loopback.

It holds two numbers, asks for the right credentials, and keeps what it was asked (`GET /seen`).
`POST /behave` with `{"status": 503, "times": 1, "headers": {}, "body": "…", "after": 0}` has the
next requests answered in that way; after `POST /forget` it is as at its start. It prints its port.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

KEY = "secret-of-the-account"
ACCOUNT = "AC00000000000000000000000000000001"
NUMBERS = ("+14155550101", "+14155550102")

state: dict[str, list[Any]] = {"seen": [], "behave": [], "trunks": [], "origins": [], "ips": []}


def basic(user: str) -> str:
    """The header of a user with the right secret."""
    return "Basic " + base64.b64encode(f"{user}:{KEY}".encode()).decode()


def laml(path: str, form: dict[str, str], query: dict[str, str], method: str) -> Any:
    """Twilio's 2010 API, and SignalWire's after it."""
    rest = path.partition(f"/Accounts/{ACCOUNT}")[2]
    numbers = [
        {
            "sid": f"PN{at}",
            "phone_number": number,
            "friendly_name": f"Line {at}",
            "capabilities": {"voice": True, "SMS": at == 0, "MMS": False, "fax": False},
            "trunk_sid": None,
            "voice_url": "",
        }
        for at, number in enumerate(NUMBERS)
    ]
    if rest == ".json":
        return {"sid": ACCOUNT, "status": "active", "friendly_name": "Acme", "type": "Full"}
    if rest == "/IncomingPhoneNumbers.json":
        if "PhoneNumber" in query:
            wanted = [one for one in numbers if one["phone_number"] == query["PhoneNumber"]]
            return {"incoming_phone_numbers": wanted, "next_page_uri": None}
        at = int(query.get("Page", "0"))
        more = f"{path}?Page={at + 1}&PageSize=1" if at + 1 < len(numbers) else None
        return {"incoming_phone_numbers": numbers[at : at + 1], "next_page_uri": more}
    if rest == "/LamlBins" and method == "POST":
        return {"sid": "bin-1", "name": form["Name"], "request_url": "https://laml.test/bin-1"}
    if rest.startswith("/IncomingPhoneNumbers/PN") and method == "POST":
        return numbers[0] | {"voice_url": form["VoiceUrl"]}
    return None


def trunking(path: str, form: dict[str, str], method: str) -> Any:
    """Twilio's Elastic SIP trunks."""
    if path == "/v1/Trunks":
        if method == "POST":
            state["trunks"].append({"sid": "TK1", "friendly_name": form["FriendlyName"]})
            return state["trunks"][-1]
        return {"trunks": state["trunks"], "meta": {"page": 0, "key": "trunks"}}
    if path == "/v1/Trunks/TK1/OriginationUrls":
        if method == "POST":
            state["origins"].append({"sid": "OU1", "sip_url": form["SipUrl"], "weight": 10})
            return state["origins"][-1]
        return {"origination_urls": state["origins"], "meta": {"page": 0}}
    if path == "/v1/Trunks/TK1/PhoneNumbers" and method == "POST":
        return {"sid": form["PhoneNumberSid"], "trunk_sid": "TK1"}
    return None


def telnyx(path: str, body: Any, query: dict[str, str], method: str) -> Any:
    """Telnyx's second API."""
    numbers = [
        {"id": str(at), "record_type": "phone_number", "phone_number": number, "status": "active"}
        for at, number in enumerate(NUMBERS)
    ]
    if path == "/v2/phone_numbers":
        if wanted := query.get("filter[phone_number]"):
            numbers = [one for one in numbers if one["phone_number"] == wanted]
        at = int(query.get("page[number]", "1"))
        meta = {"page_number": at, "page_size": 1, "total_pages": len(numbers), "total_results": 2}
        return {"data": numbers[at - 1 : at], "meta": meta}
    if path.startswith("/v2/phone_numbers/") and method == "PATCH":
        return {"data": numbers[0] | {"connection_id": body["connection_id"]}}
    for kind, kept in (("ip_connections", "trunks"), ("ips", "ips")):
        if path == f"/v2/{kind}":
            if method == "POST":
                state[kept].append({"id": f"{kind}-1", **body})
                return {"data": state[kept][-1]}
            return {"data": state[kept], "meta": {"total_pages": 1}}
    return None


def vonage(path: str, form: dict[str, str], query: dict[str, str]) -> Any:
    """Vonage's Numbers API."""
    if path == "/account/numbers":
        numbers = [
            {"country": "US", "msisdn": number[1:], "type": "landline", "features": features}
            for number, features in zip(NUMBERS, (["SMS", "VOICE"], ["VOICE"]), strict=True)
            if number[1:].startswith(query.get("pattern", ""))
        ]
        return {"count": len(numbers), "numbers": numbers} if numbers else {}
    if path == "/number/update":
        wrong = form["msisdn"] == NUMBERS[1][1:]
        return {"error-code": "420" if wrong else "200", "error-code-label": "success"}
    return None


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Any provider's address, and what the tests ask."""
    raw, more = b"", True
    while more:
        part = await receive()
        raw, more = raw + part.get("body", b""), part.get("more_body", False)
    path, method = scope["path"], scope["method"]
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode()))
    is_json = headers.get("content-type", "").startswith("application/json")
    body = json.loads(raw) if raw and is_json else None
    form = {} if is_json else dict(parse_qsl(raw.decode()))
    if path == "/behave":
        state["behave"] += [body] * body.get("times", 1)
        return await reply(send, 200, {})
    if path == "/forget":
        for kept in state.values():
            kept.clear()
        return await reply(send, 200, {})
    if path == "/seen":
        return await reply(send, 200, state["seen"])
    state["seen"].append(
        {"method": method, "path": path, "query": query, "form": form, "json": body}
    )
    if state["behave"]:
        told = state["behave"].pop(0)
        await asyncio.sleep(told.get("after", 0))
        return await reply(send, told["status"], told.get("body", ""), told.get("headers", {}))
    if headers.get("authorization") not in (basic(ACCOUNT), basic("key"), f"Bearer {KEY}"):
        return await reply(send, 401, {"code": 20003, "message": f"No: {KEY}"})
    found = (
        laml(path, form, query, method)
        or trunking(path, form, method)
        or telnyx(path, body, query, method)
    )
    if found is None:
        found = vonage(path, form, query)
    return await reply(send, 404 if found is None else 200, found)


async def reply(send: Any, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    """An answer; a text goes as it is."""
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    fields = {"content-type": "application/json", **(headers or {})}
    raw = [(key.encode(), value.encode()) for key, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": data})


def main() -> None:
    """Serve on a free port of loopback until the process is ended."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
