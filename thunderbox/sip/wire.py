"""Wire: what the box and its line card say to each other, as MessagePack.

One message is one packet of a socket pair that keeps packets apart (SOCK_SEQPACKET). A command
with a `number` is answered by `Done` or `Failed` with the same.
"""

from __future__ import annotations

from msgspec import Struct, msgpack

from thunderbox.calls.ports import Invitation
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip.card import Outgoing
from thunderbox.sip.causes import Past, TransferNotice

LARGEST = 128 * 1024
"""Bytes of a message; the kernel holds so much in a pair without being asked."""


class Message(Struct, frozen=True, tag=True, array_like=True):
    """Anything that is said."""


# Commands.


class Open(Message, frozen=True):
    """Bring PJSIP up. Inbound lines are numbered from `first_serial` on, in steps of two."""

    number: int
    settings: SipSettings
    media_lost_seconds: float
    first_serial: int
    log_level: int


class Close(Message, frozen=True):
    """Take PJSIP down and end."""

    number: int


class Ping(Message, frozen=True):
    """Say that PJSIP's thread still runs."""

    number: int


class Place(Message, frozen=True):
    """Send an INVITE; `Placed` comes before the answer."""

    number: int
    serial: int
    outgoing: Outgoing


class Register(Message, frozen=True):
    """Send REGISTER."""

    number: int
    trunk: int
    settings: TrunkSettings
    resolved: str


class Unregister(Message, frozen=True):
    """Forget a trunk."""

    number: int
    trunk: int


class Press(Message, frozen=True):
    """Press keys; `Done` says whether that was possible."""

    number: int
    serial: int
    keys: str


class Refer(Message, frozen=True):
    """Ask the far end to call somebody else; `Done` says whether that was possible."""

    number: int
    serial: int
    target: str
    host: str


class PickUp(Message, frozen=True):
    """Answer a line."""

    serial: int


class Drop(Message, frozen=True):
    """End a line."""

    serial: int
    status: int
    reason: str


class Release(Message, frozen=True):
    """The slot of a line that is over may serve another."""

    slot: int


Request = Open | Close | Ping | Place | Register | Unregister | Press | Refer
Command = Request | PickUp | Drop | Release


# Events.


class Done(Message, frozen=True):
    """A command was carried out."""

    number: int
    possible: bool = True


class Failed(Message, frozen=True):
    """A command was not carried out, in a sentence."""

    number: int
    text: str


class Opened(Message, frozen=True):
    """PJSIP is up."""

    codecs: tuple[str, ...]


class Invited(Message, frozen=True):
    """Somebody calls."""

    serial: int
    slot: int
    invitation: Invitation


class Placed(Message, frozen=True):
    """An INVITE is being sent."""

    serial: int
    slot: int


class Progress(Message, frozen=True):
    """The far end has replied."""

    serial: int


class Up(Message, frozen=True):
    """The call is answered and media flows."""

    serial: int


class OnHold(Message, frozen=True):
    """The far end put us on hold, or came back."""

    serial: int
    held: bool


class Pressed(Message, frozen=True):
    """The far end pressed a key."""

    serial: int
    key: str


class Transfer(Message, frozen=True):
    """The far end says how a transfer goes."""

    serial: int
    notice: TransferNotice


class MediaLost(Message, frozen=True):
    """The far end has stopped sending without a word."""

    serial: int


class Over(Message, frozen=True):
    """The line is gone."""

    serial: int
    slot: int
    past: Past
    reason: str


class Registered(Message, frozen=True):
    """A REGISTER was answered."""

    trunk: int
    status: int
    text: str
    expires: int


class Logged(Message, frozen=True):
    """A line for the log."""

    name: str
    level: int
    text: str


LineEvent = Progress | Up | OnHold | Pressed | Transfer | MediaLost | Over
Event = Done | Failed | Opened | Invited | Placed | LineEvent | Registered | Logged

encode = msgpack.Encoder().encode
decode_command = msgpack.Decoder(Command).decode
decode_event = msgpack.Decoder(Event).decode
