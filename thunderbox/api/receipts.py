"""/v1/receipts/{id}.html: receipts to print, behind links that are signed and expire."""

from __future__ import annotations

import hashlib
import hmac
import html
import re
import time
from collections.abc import Iterable

from litestar import Response, get

from thunderbox.api.billing_views import has_receipt, usd
from thunderbox.api.parameters import PathText, QueryText
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import iso
from thunderbox.errors import ForbiddenError, GoneError, NotFoundError
from thunderbox.store import ledger, organizations, phone_numbers
from thunderbox.store.database import Source
from thunderbox.store.ledger import Entry

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Receipt {number}</title>
<style>
body {{ font: 16px/1.5 sans-serif; color: #111; max-width: 40em; margin: 3em auto; padding: 0 1em }}
h1 {{ font-size: 1.5em }}
table {{ border-collapse: collapse; width: 100%; margin: 2em 0 }}
th, td {{ border-bottom: 1px solid #ccc; padding: .5em 0; text-align: left; font-weight: normal }}
td {{ text-align: right }}
tr:last-child th, tr:last-child td {{ font-weight: bold }}
@media print {{ body {{ margin: 0 }} }}
</style>
</head>
<body>
<h1>Receipt {number}</h1>
<p>{organization}</p>
<table>
<tr><th>Date</th><td>{date}</td></tr>
<tr><th>Transaction</th><td>{transaction}</td></tr>
<tr><th>{description}</th><td>{amount} USD</td></tr>
</table>
<p>Credit of a self-hosted box: no card was charged.</p>
</body>
</html>
"""


def link(request: ApiRequest, entry: Entry) -> str:
    """A link to an entry's receipt that works without a key until it expires."""
    parts = request.parts
    expires = int(time.time()) + parts.settings.api.audio_url_seconds
    signature = _sign(parts.url_secret, entry.org_id, entry.id, expires)
    path = f"/v1/receipts/{entry.org_id}-{entry.id}.html"
    return f"{request.address}{path}?expires={expires}&signature={signature}"


async def numbers_of(db: Source, org_id: int, entries: Iterable[Entry]) -> dict[int, str]:
    """The phone numbers that entries name, by id."""
    found: dict[int, str] = {}
    for number_id in {entry.phone_number_id for entry in entries} - {None}:
        assert number_id is not None
        number = await phone_numbers.get(db, org_id, number_id)
        if number is not None:
            found[number_id] = number.number
    return found


@get(
    "/v1/receipts/{file_name:str}",
    tags=["Billing"],
    summary="Read a receipt",
    errors=(403, 410),
    media_type="text/html",
)
async def read_receipt_page(
    request: ApiRequest, file_name: PathText, expires: QueryText = None, signature: QueryText = None
) -> Response[str]:
    """A page to print; needs a signed link, no key."""
    org_id, entry_id = _checked(request.parts.url_secret, file_name, expires or "", signature or "")
    entry = await ledger.get(request.db, org_id, entry_id)
    if entry is None or not has_receipt(entry):
        raise NotFoundError("This receipt is no longer there.")
    organization = await organizations.get(request.db, org_id)
    page = _PAGE.format(
        number=f"{entry.org_id}-{entry.seq}",
        organization=html.escape("" if organization is None else organization.name),
        date=iso(entry.created_at)[:10],
        transaction=entry.id,
        description=html.escape(entry.description),
        amount=usd(entry.amount_cents),
    )
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _sign(secret: bytes, org_id: int, entry_id: int, expires: int) -> str:
    text = f"receipt:{org_id}:{entry_id}:{expires}"
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def _checked(secret: bytes, file_name: str, expires: str, signature: str) -> tuple[int, int]:
    """The organization and the entry that a link is for. Raises ForbiddenError, GoneError."""
    name = re.fullmatch(r"([1-9]\d{0,17})-([1-9]\d{0,17})\.html", file_name, re.ASCII)
    until = int(expires) if re.fullmatch(r"\d{1,12}", expires, re.ASCII) else -1
    org_id, entry_id = (int(name[1]), int(name[2])) if name else (0, 0)
    expected = _sign(secret, org_id, entry_id, until).encode()
    if not hmac.compare_digest(expected, signature.encode()) or not name:
        raise ForbiddenError(
            "This link is not one that this box made; "
            "GET /v1/billing/transactions/{id}/receipt gives one."
        )
    if until < time.time():
        raise GoneError(
            f"This link has expired; GET /v1/billing/transactions/{entry_id}/receipt gives a "
            "fresh one."
        )
    return org_id, entry_id
