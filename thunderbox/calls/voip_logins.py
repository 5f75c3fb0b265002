"""VoIP logins: what a connection's credentials and SIP settings say, checked field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thunderbox.errors import InvalidError
from thunderbox.settings import TrunkSettings

KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "manual": ((), ("username", "password")),
    "twilio": (("account_sid", "auth_token"), ("username", "password")),
    "telnyx": (("api_key",), ("connection_id", "username", "password")),
    "signalwire": (("project_id", "api_token", "space_url"), ("username", "password")),
    "vonage": (("api_key", "api_secret"), ("username", "password")),
}
"""By provider: the credentials that it needs, and those that it may have.

With `username`, `password` and the server of `sip_config`, calls are placed through it.
"""
_ANOTHER_NAME = {"user": "username", "secret": "password", "domain": "server", "host": "server"}
_SIP_KEYS = ("server", "username", "realm", "transport", "register", "expires_seconds")
_SERVER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?")
_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,-]{1,64}")
_SHORT = 512
_OWN_USER = "thunderbox"


@dataclass(frozen=True, slots=True)
class Login:
    """What opens a connection."""

    provider: str
    credentials: dict[str, str]
    sip_config: dict[str, Any]
    """Without secrets, as it is shown."""

    @property
    def trunk(self) -> TrunkSettings | None:
        """The SIP account of the connection; None where it has none."""
        config = self.sip_config
        if "server" not in config:
            return None
        return TrunkSettings(
            server=config["server"],
            user=config.get("username", _OWN_USER),
            password=self.credentials.get("password", ""),
            realm=config.get("realm", "*"),
            transport=config.get("transport", "udp"),
            register=config.get("register", self.provider == "manual"),
            expires_seconds=config.get("expires_seconds", 300),
        )


def read(provider: str, credentials: object, sip_config: object) -> Login:
    """Check what was sent; unknown keys are ignored. Raises InvalidError."""
    wrong: dict[str, list[str]] = {}
    given = _texts(_object("credentials", credentials, wrong), "credentials", wrong)
    config = {_name(key): value for key, value in _object("sip_config", sip_config, wrong).items()}
    secret = config.pop("password", None)
    if isinstance(secret, str):
        given.setdefault("password", secret)
    needed, possible = KEYS[provider]
    missing = [key for key in needed if not given.get(key)]
    if missing and "credentials" not in wrong:
        wrong["credentials"] = [f"credentials of {provider} need {', '.join(missing)}."]
    if "username" in given and "username" not in config:
        config["username"] = given["username"]
    kept = {key: config[key] for key in _SIP_KEYS if config.get(key) not in (None, "")}
    problems = list(_problems(provider, kept))
    if problems and "sip_config" not in wrong:
        wrong["sip_config"] = problems
    if wrong:
        raise InvalidError(wrong)
    credentials_kept = {key: given[key] for key in (*needed, *possible) if given.get(key)}
    credentials_kept.pop("username", None)
    return Login(provider, credentials_kept, kept)


def suggested_name(login: Login) -> str:
    """A name for a connection that was given none."""
    title = {"manual": "SIP trunk", "signalwire": "SignalWire"}
    name = title.get(login.provider, login.provider.capitalize())
    where = login.sip_config.get("server") or login.credentials.get("space_url", "")
    return f"{name} {where}".strip()[:255]


def _problems(provider: str, config: Mapping[str, Any]) -> list[str]:
    """What is wrong with a SIP account."""
    found = []
    server = config.get("server")
    if server is None and provider == "manual":
        found.append("sip_config of manual needs server, such as sip.example.com or host:5080.")
    if server is not None and not (isinstance(server, str) and _SERVER.fullmatch(server)):
        found.append("sip_config.server must be host or host:port.")
    elif isinstance(server, str) and not 0 < int(server.partition(":")[2] or 5060) <= 65535:
        found.append("sip_config.server must have a port from 1 to 65535.")
    user = config.get("username")
    if user is not None and not (isinstance(user, str) and _USER.fullmatch(user)):
        found.append("sip_config.username must be a SIP user name of at most 64 characters.")
    if config.get("transport", "udp") not in ("udp", "tcp"):
        found.append('sip_config.transport must be one of "udp", "tcp".')
    register = config.get("register", provider == "manual")
    if not isinstance(register, bool):
        found.append("sip_config.register must be true or false.")
    elif register and server is not None and user is None:
        found.append("sip_config.username is needed to register; or set register to false.")
    realm = config.get("realm", "*")
    if not isinstance(realm, str) or len(realm) > _SHORT or not realm.isprintable():
        found.append("sip_config.realm must be a text.")
    expires = config.get("expires_seconds", 300)
    if not isinstance(expires, int) or isinstance(expires, bool) or not 10 <= expires <= 86_400:
        found.append("sip_config.expires_seconds must be a number from 10 to 86400.")
    return found


def _object(name: str, value: object, wrong: dict[str, list[str]]) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    wrong[name] = [f"{name} must be an object."]
    return {}


def _texts(given: dict[str, Any], name: str, wrong: dict[str, list[str]]) -> dict[str, str]:
    """Credentials by our names; each is one line of text."""
    texts: dict[str, str] = {}
    for key, value in given.items():
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > _SHORT or not value.isprintable():
            wrong[name] = [f"{name}.{key[:64]} must be a text of at most {_SHORT} characters."]
        else:
            texts[_name(key)] = value.strip()
    return texts


def _name(key: str) -> str:
    """`apiKey` and `api_key` are the same."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
    return _ANOTHER_NAME.get(snake, snake)
