"""/widget/demo: a page that shows the widget, and on this machine works without any setting up."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any
from urllib.parse import urlsplit

import jinja2
from litestar import MediaType, Response, get

from thunderbox.api.request import ApiRequest
from thunderbox.api.widget_files import DIRECTORY
from thunderbox.calls.demo_key import demo_key

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ELSEWHERE = (
    "Make a publishable key for an agent with POST /v1/publishable-key. A browser on the box's own "
    "machine, at http://localhost, is given one by this page."
)
NONE_HERE = (
    "The key of this page was ended or disabled, or there is no agent that web pages may reach. "
    "Make another with POST /v1/publishable-key."
)


@get("/widget/demo", include_in_schema=False)
async def read_widget_demo(request: ApiRequest) -> Response[str]:
    """The page; it holds a key only for a browser on this machine."""
    settings: dict[str, Any] = {"key": "", "agent": "", "why": ELSEWHERE}
    if _is_local(request):
        key = await demo_key(request.db)
        settings["why"] = NONE_HERE
        if key is not None:
            settings |= {"key": key.key, "agent": key.agent_name}
    nonce = secrets.token_urlsafe(16)
    source = (DIRECTORY / "demo.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True)
    page = environment.from_string(source).render(settings=settings, nonce=nonce)
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": POLICY.format(nonce=nonce),
        "Referrer-Policy": "no-referrer",
    }
    return Response(page, media_type=MediaType.HTML, headers=headers)


def _is_local(request: ApiRequest) -> bool:
    """Whether a browser on this machine opened the page, under this machine's own name.

    Another name that leads here may belong to anybody's page, and what was forwarded to anybody.
    """
    if request.client is None or {"x-forwarded-for", "forwarded"} & set(request.headers):
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return _is_loopback(request.client.host) and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
