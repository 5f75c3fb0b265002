"""Settings: everything that config.toml can say, as typed values with their defaults.

An empty file is a valid one. `thunderbox.config` reads the file and the environment into them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from thunderbox.api_settings import ApiSettings, TlsSettings
from thunderbox.carrier_settings import CarriersSettings
from thunderbox.outside_settings import (
    LivekitSettings,
    OutgoingSettings,
    RemoteSettings,
    RemoteSpeechSettings,
)
from thunderbox.products import (
    BoltSettings,
    ProductSettings,
    SparkSettings,
    StormBaseSettings,
    StormExtraSettings,
    section_of,
)
from thunderbox.rtc_settings import RtcSettings
from thunderbox.web_settings import WebSettings
from thunderbox.webhook_settings import WebhookSettings

Port = Annotated[int, Meta(ge=1, le=65535, description="a port from 1 to 65535")]
E164 = r"\+[1-9]\d{1,14}"
PrivateNetworks = (
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
)


def _seconds(low: int, high: int) -> Any:
    return Meta(ge=low, le=high, description=f"a number of seconds from {low} to {high}")


class SipSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[sip]: the phone's address and who may call it."""

    enabled: bool = True
    host: Annotated[str, Meta(min_length=1, description="an address of this machine")] = "0.0.0.0"  # noqa: S104 - a phone is there to be called
    port: Port = 5060
    public_address: Annotated[str, Meta(description="an IP address, or empty")] = ""
    rtp_port: Annotated[int, Meta(ge=1024, le=65000, description="a port from 1024 to 65000")] = (
        4000
    )
    allowed_networks: tuple[str, ...] = PrivateNetworks
    max_calls: Annotated[
        int,
        Meta(ge=1, le=4, description="a number from 1 to 4, the limit of the PJSIP build"),
    ] = 4
    separate_process: bool = True
    allow_uri_calls: bool = True
    ring_seconds: Annotated[int, _seconds(5, 30)] = 30


class TrunkSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[trunk]: the PBX or provider that this box registers to; none while `server` is empty."""

    server: Annotated[str, Meta(description="host[:port], or empty for no trunk")] = ""
    user: str = ""
    password: str = ""
    realm: str = "*"
    transport: Literal["udp", "tcp"] = "udp"
    register: bool = True
    expires_seconds: Annotated[int, _seconds(10, 86400)] = 300
    retry_seconds: Annotated[int, _seconds(1, 3600)] = 10
    numbers: tuple[str, ...] = ()


class CallSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[calls]: how long things may take in a call."""

    max_seconds: Annotated[int, _seconds(10, 86400)] = 3600
    silence_seconds: Annotated[int, _seconds(2, 600)] = 30
    silence_hangup_seconds: Annotated[int, _seconds(2, 600)] = 15
    tool_seconds: Annotated[int, _seconds(1, 120)] = 20
    record: bool = True
    timezone: Annotated[str, Meta(description="a time zone such as Europe/Berlin, or empty")] = ""


class VoiceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[voice]: engines and their deadlines."""

    threads: Annotated[int, Meta(ge=1, le=64, description="a number from 1 to 64")] = 2
    default_voice: Annotated[str, Meta(min_length=1, description="a voice id")] = "en-US-James1"
    speech_model: Annotated[
        str,
        Meta(
            min_length=1,
            description='"starter", an installed model or the directory of a CTranslate2 model',
        ),
    ] = "starter"
    language_model: Annotated[
        str,
        Meta(
            min_length=1,
            description='"starter", an installed model or the path of a GGUF file',
        ),
    ] = "starter"
    context_tokens: Annotated[
        int, Meta(ge=512, le=131072, description="a number from 512 to 131072")
    ] = 2048
    gpu_layers: Annotated[int, Meta(ge=0, le=999, description="a number from 0 to 999")] = 0
    piper_voices: Annotated[str, Meta(description="a directory, or empty")] = ""
    pause_ms: Annotated[int, Meta(ge=100, le=3000, description="a number from 100 to 3000")] = 350
    shortest_pause_ms: Annotated[
        int, Meta(ge=100, le=3000, description="a number from 100 to 3000")
    ] = 250
    longest_pause_ms: Annotated[
        int, Meta(ge=100, le=3000, description="a number from 100 to 3000")
    ] = 1000
    interrupt_ms: Annotated[int, Meta(ge=100, le=3000, description="a number from 100 to 3000")] = (
        500
    )
    transcribe_seconds: Annotated[int, _seconds(1, 60)] = 6
    first_token_seconds: Annotated[int, _seconds(1, 60)] = 8
    speak_seconds: Annotated[int, _seconds(1, 60)] = 5


class BackupSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[backup]: copies of the database that the box makes every night."""

    hour: Annotated[int, Meta(ge=0, le=23, description="an hour from 0 to 23")] = 3
    keep: Annotated[int, Meta(ge=0, le=366, description="a number from 0 to 366")] = 7


class BillingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[billing]: whether calls cost credit; what they cost, the products say."""

    enabled: bool = True
    starting_credit_cents: Annotated[
        int,
        Meta(ge=0, le=1_000_000_000, description="a number of cents from 0 to 1000000000"),
    ] = 100_000


class GradingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[grading]: whether the language model judges calls that are over."""

    enabled: bool = True
    report_severity: Literal["info", "warning", "critical"] = "warning"


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[limits]: how often a key may ask, and how often a password may be guessed."""

    requests_per_minute: Annotated[
        int, Meta(ge=0, le=1_000_000, description="a number from 0 to 1000000")
    ] = 60_000
    sign_in_tries: Annotated[int, Meta(ge=1, le=100, description="a number from 1 to 100")] = 5
    sign_in_minutes: Annotated[
        int, Meta(ge=1, le=1440, description="a number of minutes from 1 to 1440")
    ] = 15


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[log]: what is printed."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that config.toml can say."""

    api: ApiSettings = ApiSettings()
    tls: TlsSettings = TlsSettings()
    sip: SipSettings = SipSettings()
    trunk: TrunkSettings = TrunkSettings()
    carriers: CarriersSettings = CarriersSettings()
    outgoing: OutgoingSettings = OutgoingSettings()
    calls: CallSettings = CallSettings()
    voice: VoiceSettings = VoiceSettings()
    product_spark: SparkSettings = SparkSettings()
    product_bolt: BoltSettings = BoltSettings()
    product_storm_base: StormBaseSettings = StormBaseSettings()
    product_storm_base_with_ack: StormBaseSettings = StormBaseSettings()
    product_storm_extra: StormExtraSettings = StormExtraSettings()
    product_storm_extra_with_ack: StormExtraSettings = StormExtraSettings()
    remote_chat: RemoteSettings = RemoteSettings()
    remote_transcription: RemoteSettings = RemoteSettings()
    remote_speech: RemoteSpeechSettings = RemoteSpeechSettings()
    web: WebSettings = WebSettings()
    rtc: RtcSettings = RtcSettings()
    livekit: LivekitSettings = LivekitSettings()
    webhooks: WebhookSettings = WebhookSettings()
    backup: BackupSettings = BackupSettings()
    billing: BillingSettings = BillingSettings()
    grading: GradingSettings = GradingSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    extensions: dict[str, str] = msgspec.field(default_factory=lambda: {"100": "+15550100"})

    def product(self, product: str) -> ProductSettings:
        """The settings of one of products.PRODUCTS; spark's for a name that is none."""
        found: ProductSettings = getattr(self, section_of(product), self.product_spark)
        return found
