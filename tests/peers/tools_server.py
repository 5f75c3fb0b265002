"""A shop's tools, run as a program on loopback: orders are looked up, appointments booked.

It checks every signature with the official client (THUNDERPHONE_WEBHOOK_SECRET is the secret), and
answers 401 to what is not signed. `GET /seen` is what it was asked. It prints its port.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from thunderphone import verify_signature

ORDERS = {"4271": {"status": "shipped"}, "8350": {"status": "delayed"}}
SECRET = "THUNDERPHONE_WEBHOOK_SECRET"

seen: list[dict[str, Any]] = []
booked: list[dict[str, str]] = []


def answer(method: str, path: str, query: str, body: bytes) -> tuple[int, Any]:
    """What the shop says."""
    if (method, path) == ("GET", "/orders"):
        number = parse_qs(query).get("order_number", [""])[0]
        order = ORDERS.get(number)
        return (200, order) if order else (404, {"error": "not found"})
    if (method, path) == ("POST", "/appointments"):
        wanted = json.loads(body)
        if wanted in booked:
            return 409, {"error": "slot taken"}
        booked.append(wanted)
        return 200, {"status": "confirmed"}
    return 404, {"error": "no such tool"}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Any of the tools, and what the tests ask."""
    raw, more = b"", True
    while more:
        part = await receive()
        raw, more = raw + part.get("body", b""), part.get("more_body", False)
    method, path = scope["method"], scope["path"]
    query = scope["query_string"].decode()
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    if path == "/seen":
        return await reply(send, 200, {"requests": seen, "booked": booked})
    signed = verify_signature(
        headers.get("x-thunderphone-signature-v2"),
        secret=os.environ[SECRET],
        method=method,
        path=scope["raw_path"].decode() + (f"?{query}" if query else ""),
        body=raw,
    )
    seen.append(
        {
            "method": method,
            "path": path,
            "query": query,
            "body": raw.decode(),
            "signed": signed,
            "call_id": headers.get("x-thunderphone-call-id"),
        }
    )
    status, said = answer(method, path, query, raw) if signed else (401, {"error": "not signed"})
    await reply(send, status, said)


async def reply(send: Any, status: int, body: Any) -> None:
    """An answer in JSON."""
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def main() -> None:
    """Serve on a free port of loopback until the process is ended."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    print(listener.getsockname()[1], flush=True)
    asyncio.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
