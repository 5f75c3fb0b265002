"""The two dialects of clients, and every answer in which they differ.

A client whose `X-ThunderPhone-Client` begins with `sdk-` is the newer Python SDK; everyone else
gets the contract's own view. The setting `api.dialect` decides for everybody instead.
Nothing outside this module asks which of them it is talking to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from litestar.connection import ASGIConnection

from thunderbox.api.pagination import Page

Item = TypeVar("Item")

_SDK_DIRECTIONS = {"mic": "web", "widget": "web"}
_LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
}


def is_sdk(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether the newer SDK is asking, or `api.dialect` treats everybody as if it were."""
    forced = connection.app.state.parts.settings.api.dialect
    if forced != "auto":
        return bool(forced == "sdk")
    return connection.headers.get("x-thunderphone-client", "").startswith("sdk-")


def direction(sdk: bool, value: str) -> str:
    """A call's direction: the SDK knows `web` where the contract says `mic` and `widget`."""
    return _SDK_DIRECTIONS.get(value, value) if sdk else value


def directions(value: str) -> tuple[tuple[str, ...], bool | None]:
    """What a filter asks for: stored directions, and test calls; both vocabularies are known."""
    if value == "test":
        return (), True
    return (("mic", "widget") if value == "web" else (value,)), None


def score(sdk: bool, value: float | None) -> float | int | None:
    """A grade from 0.0 to 1.0; the SDK counts to 100."""
    return round(value * 100) if sdk and value is not None else value


def voices(sdk: bool, found: list[dict[str, Any]]) -> list[dict[str, Any]] | dict[str, Any]:
    """The voices as a list; the SDK wants them beside the languages that they speak."""
    if not sdk:
        return found
    codes = sorted({str(voice["locale"]).partition("-")[0] for voice in found})
    return {
        "voices": found,
        "languages": [{"code": code, "name": _LANGUAGES.get(code, code)} for code in codes],
    }


def issue_reports(sdk: bool, page: Page[Item]) -> Page[Item] | list[Item]:
    """Issue reports as a list; the SDK wants the page around it."""
    return page if sdk else page.results


def transactions(sdk: bool, page: Page[Item]) -> Page[Item] | list[Item]:
    """Transactions as a page; the SDK wants the bare list."""
    return page.results if sdk else page


def expected_update(sdk: bool, given: Mapping[str, Any]) -> str | None:
    """The `updated_at` that a write depends on; only the SDK may also call it `updated_at`.

    Other clients send back whole objects, in which `updated_at` is no more than a field that
    they read.
    """
    expected: str | None = given.get("if_updated_at")
    if expected is None and sdk:
        expected = given.get("updated_at")
    return expected


def releases_with_body(confirm: bool | None) -> bool:
    """Whether releasing a number answers with a body: asked by `confirm`, which the SDK sends."""
    return confirm is not None


def ordered(sdk: bool) -> int:
    """The status of a test call that was ordered: 201, where the SDK knows only 200."""
    return 200 if sdk else 201
