"""Appliance: builds every part of the box, starts them in order, stops them in reverse.

The only module that knows them all.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from thunderbox.api import call_config, recordings
from thunderbox.api.app import create_app
from thunderbox.api.parts import Parts
from thunderbox.api.settling import Settling
from thunderbox.api_server import ApiServer
from thunderbox.calls import first_start
from thunderbox.calls.acknowledgements import Acknowledgements
from thunderbox.calls.billing import Billing
from thunderbox.calls.call import Surroundings
from thunderbox.calls.closing import Closing
from thunderbox.calls.connections import Connections, SipHost
from thunderbox.calls.first_start import FirstStart
from thunderbox.calls.grading import Grader
from thunderbox.calls.incoming import Incoming
from thunderbox.calls.meter import Meter
from thunderbox.calls.outbound import Outbound
from thunderbox.calls.ports import SystemClock
from thunderbox.calls.recording import Recorder
from thunderbox.calls.recovery import close_interrupted
from thunderbox.calls.requests import Readiness
from thunderbox.calls.simulations import Simulations
from thunderbox.calls.supervision import Supervision
from thunderbox.calls.switchboard import Switchboard
from thunderbox.calls.voip_numbers import Probes, VoipNumbers
from thunderbox.calls.web_calls import WebCalls
from thunderbox.carriers.accounts import Accounts
from thunderbox.data_dir import DataDir
from thunderbox.engine_parts import database_part, engine_parts
from thunderbox.events import courier
from thunderbox.events.courier import Courier
from thunderbox.maintenance import Maintenance
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules
from thunderbox.outside_settings import RemoteSettings, RemoteSpeechSettings
from thunderbox.phone_parts import phone_parts
from thunderbox.products import PRODUCTS
from thunderbox.settings import Settings
from thunderbox.sip.endpoint import Phone
from thunderbox.store.database import Database
from thunderbox.tls import Tls
from thunderbox.vault import Vault
from thunderbox.voice import phrases
from thunderbox.voice.engine_room import Engines, load_engines
from thunderbox.voice.engines.remote import Kind, RemoteServer
from thunderbox.voice.persona import CallEngines
from thunderbox.voice.prompt_writer import PromptWriter
from thunderbox.voice.samples import Samples
from thunderbox.web_parts import WebParts, web_parts

log = logging.getLogger(__name__)

GOODBYE_S = 3.0
"""How long running calls may take to hear goodbye when the box stops; the sentence fits into it."""
HTTP_CONNECTIONS = 32


class Appliance:
    """One box."""

    def __init__(self, settings: Settings, data_dir: Path, config_path: Path | None = None) -> None:
        self.settings = settings
        self.config_path = config_path
        self.data = DataDir(data_dir)
        self.first: FirstStart | None = None
        self.start_seconds = 0.0
        self.db: Database
        self.billing: Billing
        self.grader: Grader
        self.engines: Engines
        self.switchboard: Switchboard
        self.outbound: Outbound
        self.web: WebParts
        self.web_calls: WebCalls
        self.simulations: Simulations
        self.http: Client
        self.phone: Phone
        self.courier: Courier
        self.connections: Connections
        self.voip_numbers: VoipNumbers
        self.writer: PromptWriter
        self.tls: Tls | None = None
        self._server: ApiServer | None = None
        self._stopping = asyncio.Event()
        self._undo: list[tuple[str, Callable[[], Awaitable[None]]]] = []

    async def start(self) -> None:
        """Start everything; when a part fails, stop what was started. Raises StartError."""
        begun = time.perf_counter()
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        self.start_seconds = time.perf_counter() - begun

    async def run_until_stopped(self) -> None:
        """Serve until `request_stop`, or until the API server ends by itself."""
        waits = {asyncio.create_task(self._stopping.wait())}
        if self._server is not None and (serving := self._server.serving) is not None:
            waits.add(asyncio.create_task(asyncio.wait({serving})))  # type: ignore[arg-type]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def request_stop(self) -> None:
        """Ask `run_until_stopped` to return (signal handlers)."""
        self._stopping.set()

    async def stop(self) -> None:
        """Say goodbye to running calls, then stop every part in reverse; may be called twice."""
        while self._undo:
            name, undo = self._undo.pop()
            try:
                await undo()
            except Exception:
                log.exception("Stopping %s failed", name)

    # ------------------------------------------------------------ parts, in order

    async def _start(self) -> None:
        settings = self.settings
        self.data.open()
        self._on_stop("data directory", self.data.close)
        self._server = ApiServer(settings)
        self._on_stop("API address", self._server.close)
        if settings.tls.mode != "off":
            self.tls = await asyncio.to_thread(Tls, settings.tls, self.data)
        self.db = await Database.open(self.data.database)
        self._undo.append(("database", self.db.close))
        voice = settings.voice
        loading = asyncio.create_task(
            load_engines(
                speech_model=voice.speech_model,
                language_model=voice.language_model,
                threads=voice.threads,
                context_tokens=voice.context_tokens,
                piper_voices=voice.piper_voices,
                default_voice=voice.default_voice,
                cache_dir=self.data.models,
                models_dir=self.data.models,
                sounds_dir=self.data.sounds,
                remotes=_remotes(settings),
                products={
                    product: settings.product(product).language_model for product in PRODUCTS
                },
                gpu_layers=voice.gpu_layers,
            )
        )
        try:
            clock = SystemClock()
            self.billing = Billing(self.db, settings, clock)
            closing = Closing(self.billing, graded=settings.grading.enabled)
            await close_interrupted(self.db, self.data.recordings, clock, closing)
            self.first = await first_start.prepare(self.db, voice.default_voice)
            if self.first is not None:
                self.data.write_secret(self.data.first_key, self.first.key + "\n")
            await first_start.adopt_trunk_numbers(self.db, settings.trunk.numbers)
        except BaseException:
            loading.cancel()
            raise
        self.engines = await loading
        self._on_stop("engines", self.engines.close)
        for phrase in phrases.ENGLISH.values():
            await self.engines.synthesizer.prepare(phrase, voice.default_voice)
        recorder = Recorder(self.data.recordings)
        self._on_stop("recorder", recorder.close)
        rules = Rules(settings.outgoing.allow_networks)
        self.http = Client(rules, connections=HTTP_CONNECTIONS)
        self._undo.append(("client of the API and of providers", self.http.close))
        # Calls have their own: what people try out in the API must not keep a caller waiting.
        tools = Client(rules)
        self._undo.append(("client of tools", tools.close))
        # A client of its own: a phone that rings waits for nobody else's slow server.
        asking = Client(rules)
        self._undo.append(("client of questions", asking.close))
        incoming = Incoming(
            self.db,
            asking,
            lambda raw: call_config.of_answer(raw, self.engines.synthesizer.voices()),
            clock,
        )
        self._undo.append(("questions", incoming.close))
        await self._start_courier(rules, clock)
        self.writer = PromptWriter(self.engines.best_model)
        acknowledgements = Acknowledgements(self.db, self.writer, self.engines.synthesizer.prepare)
        self._undo.append(("acknowledgements", acknowledgements.close))
        surroundings = Surroundings(
            db=self.db,
            settings=settings,
            recorder=recorder,
            http=tools,
            new_engines=self._new_engines,
            own_url=self.own_url,
            clock=clock,
            acknowledgements=acknowledgements,
            billing=self.billing,
            closing=closing,
            incoming=incoming,
        )
        self.switchboard = Switchboard(surroundings)
        self.phone = Phone(settings.sip, settings.trunk, self.switchboard.ring)
        self.outbound = Outbound(surroundings, self.switchboard, self.phone)
        self.web = web_parts(settings, self.data, clock)
        self.web_calls = WebCalls(surroundings, self.switchboard, self.web.rooms)
        self.connections = Connections(
            self.db,
            Vault(self.data.vault_key(Vault.new_key)),
            self.phone,
            Accounts(settings.carriers, self.http),
            SipHost(settings.sip.public_address, settings.sip.port),
        )
        probes = Probes(self.phone)
        self.switchboard.is_probe = probes.claims
        self.voip_numbers = VoipNumbers(self.connections, probes)
        if settings.sip.enabled:
            await self.phone.start()
            self._undo.append(("phone", self.phone.stop))
            await self.connections.start()
        self._undo.append(("outbound calls", self.outbound.close))
        self.simulations = Simulations(surroundings, self.switchboard, self.phone)
        await self.simulations.start()
        self._undo.append(("test calls", self.simulations.close))
        self.grader = Grader(
            self.db, self.engines.best_model, settings, lambda: self.switchboard.running > 0
        )
        self.grader.start()
        self._undo.append(("grading", self.grader.close))
        meter = Meter(self.billing, clock, self.switchboard.readings, self.switchboard.end_unpaid)
        meter.start()
        self._undo.append(("meter", meter.close))
        maintenance = Maintenance(
            settings.backup, self.data.database, self.data.backups, self._forget
        )
        maintenance.start()
        self._undo.append(("maintenance", maintenance.stop))
        await self._serve(self._server)
        # Browsers hear goodbye while their signalling is still there, which is the API's.
        self._undo.append(("rooms", self.web.rooms.close))
        self.web_calls.start()
        self._undo.append(("sessions in web pages", self.web_calls.close))
        self._undo.append(("calls", self._say_goodbye))

    async def _start_courier(self, rules: Rules, clock: SystemClock) -> None:
        client = Client(rules, connections=courier.AT_ONCE)
        self._undo.append(("client of webhooks", client.close))
        secret, seconds = self.data.url_secret(), self.settings.api.audio_url_seconds

        def link(call_id: int) -> str:
            path = recordings.signed_path(secret, call_id, clock.now_ms() // 1000 + seconds)
            return self.base_url() + path

        first_wait_s = self.settings.webhooks.retry_seconds
        self.courier = Courier(self.db, client, clock, link, first_wait_s=first_wait_s)
        await self.courier.start()
        self._undo.append(("webhooks", self.courier.close))

    async def _forget(self) -> None:
        await self.courier.forget(self.settings.webhooks.keep_days)

    async def _serve(self, server: ApiServer) -> None:
        app = create_app(
            Parts(
                db=self.db,
                settings=self.settings,
                place_call=self.outbound.place,
                open_mic=self.web_calls.open_mic,
                open_widget=self.web_calls.open_widget,
                billing=self.billing,
                wake_simulations=self.simulations.wake,
                grader=self.grader,
                voices=self.engines.synthesizer.voices,
                samples=Samples(self.data.samples, self.engines.synthesizer.speak),
                writer=self.writer,
                readiness=self.readiness,
                recordings=self.data.recordings,
                url_secret=self.data.url_secret(),
                connections=self.connections,
                voip_numbers=self.voip_numbers,
                http=self.http,
                courier=self.courier,
                supervision=Supervision(self.switchboard.call, self.web.rooms),
                signalling=self.web.signalling,
                own_url=self.own_url,
            )
        )
        self._undo.append(("API", server.stop))
        await server.serve(app, self.tls)
        if self.tls is not None:
            self.tls.start()
            self._undo.append(("certificate", self.tls.close))
        self._undo.append(("settling", Settling(app).close))

    async def _say_goodbye(self) -> None:
        self.web_calls.dismiss()
        await self.switchboard.close(GOODBYE_S)

    def _on_stop(self, name: str, close: Callable[[], object]) -> None:
        async def undo() -> None:
            await asyncio.to_thread(close)

        self._undo.append((name, undo))

    def _new_engines(self, product: str) -> CallEngines:
        engines = self.engines
        return CallEngines(
            engines.recognizer,
            engines.synthesizer,
            engines.models.get(product, engines.language_model),
            engines.new_voice_activity(),
            engines.turn_end,
            engines.synthesizer.keep,
        )

    # ------------------------------------------------------------ what the box says of itself

    def own_url(self) -> str:
        """Where this box reaches its own API."""
        host = self.settings.api.host
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
        return f"http://{host}:{self.settings.api.port}"

    def base_url(self) -> str:
        """Where clients reach the API."""
        if public := self.settings.api.public_url.rstrip("/"):
            return public
        return self.own_url() if self.tls is None else self.tls.url

    async def readiness(self) -> Readiness:
        """The state of the database, the phone, the trunks, the engines and sessions of pages."""
        parts = {"database": await database_part(self.db)}
        if self.settings.sip.enabled:
            parts |= phone_parts(self.phone.state())
            parts |= await self.connections.parts()
        parts["web"] = self.web_calls.part()
        parts |= engine_parts(self.engines)
        return Readiness(ok=all(part.ok for part in parts.values()), parts=parts)


def _remotes(settings: Settings) -> list[RemoteServer]:
    """The remote engines that the settings name."""
    named: tuple[tuple[Kind, RemoteSettings], ...] = (
        ("chat", settings.remote_chat),
        ("transcription", settings.remote_transcription),
        ("speech", settings.remote_speech),
    )
    servers: list[RemoteServer] = []
    for kind, remote in named:
        server = RemoteServer(
            kind, remote.base_url, remote.model, remote.api_key, remote.timeout_seconds
        )
        if isinstance(remote, RemoteSpeechSettings):
            server = replace(server, voice=remote.voice, locale=remote.locale)
        if remote.base_url:
            servers.append(server)
    return servers
