"""The REST API of a running box, as the commands use it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from thunderbox.cli.options import BOOTSTRAP_KEY
from thunderbox.errors import ThunderBoxError
from thunderbox.settings import Settings


def base_url(settings: Settings) -> str:
    """Where the API of the box with these settings is reached from this machine."""
    host = settings.api.host
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared with, not listened on
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.api.port}"


class BoxClient:
    """Asks a running box; what goes wrong is a ThunderBoxError that says what to do."""

    def __init__(self, settings: Settings, data: Path) -> None:
        self.url = base_url(settings)
        self._key = _key(data)
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self._key}"},
            timeout=15.0,
            trust_env=False,
        )

    def __enter__(self) -> BoxClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """The body of a GET."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The body of a POST's answer."""
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise ThunderBoxError(
                f"No box answers at {self.url} ({error}). Start it with `thunderbox serve`, or "
                "name its settings with --config."
            ) from error
        if response.is_success:
            return response.json()
        raise ThunderBoxError(_why(response))


def _key(data: Path) -> str:
    path = data / BOOTSTRAP_KEY
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ThunderBoxError(
            f"The box's key {path} cannot be read ({error.strerror}). Name the box's data "
            "directory with --data; the first start of the box writes the key."
        ) from error


def _why(response: httpx.Response) -> str:
    """The sentence in an error's body."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    if response.status_code == 401:
        return (
            "The box does not accept the key in its data directory: it was revoked, or --data "
            "names another box. Make a key with `thunderbox keys create`."
        )
    if isinstance(body, dict) and (detail := body.get("detail")):
        return str(detail)
    if isinstance(body, dict) and body:
        return " ".join(
            f"{field}: {' '.join(map(str, text)) if isinstance(text, list) else text}"
            for field, text in body.items()
        )
    return f"The box answered {response.status_code} {response.reason_phrase}."
