"""A telephone bot on Pipecat, as its documentation builds one, with local engines.

    python bench/pipecat_bot.py SETTINGS.json

Runs in Pipecat's own environment. Telephone sound comes and goes as Twilio sends it, over a
WebSocket; faster-whisper, any OpenAI-compatible server and Piper answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transcriptions.language import Language
from pipecat.transports.websocket.server import (
    SingleClientWebsocketServerParams,
    SingleClientWebsocketServerTransport,
)
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies, default_user_turn_stop_strategies

STOP_SECONDS = 0.2
"""The silence after which the voice detector reports a stop: what the documentation recommends."""


async def main(settings: dict[str, Any]) -> None:
    """Serve one caller after the other until killed."""
    transport = SingleClientWebsocketServerTransport(
        params=SingleClientWebsocketServerParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_out_10ms_chunks=2,
            serializer=TwilioFrameSerializer(
                "bench", params=TwilioFrameSerializer.InputParams(auto_hang_up=False)
            ),
        ),
        host="127.0.0.1",
        port=settings["port"],
    )
    recognizer = WhisperSTTService(
        device="cpu",
        compute_type="int8",
        settings=WhisperSTTService.Settings(model=settings["whisper"], language=Language.EN),
    )
    model = OpenAILLMService(
        api_key="none",
        base_url=settings["llm_url"],
        settings=OpenAILLMService.Settings(model="local", temperature=0.0),
    )
    voice = Path(settings["voice"])
    synthesizer = PiperTTSService(
        download_dir=voice.parent, settings=PiperTTSService.Settings(voice=voice.stem)
    )
    context = LLMContext(messages=[{"role": "system", "content": settings["prompt"]}])
    aggregators = LLMContextAggregatorPair(
        context,
        user_params=LLMUserAggregatorParams(
            vad_analyzer=SileroVADAnalyzer(params=VADParams(stop_secs=STOP_SECONDS)),
            user_turn_strategies=UserTurnStrategies(stop=turn_ends(settings)),
        ),
    )
    task = PipelineTask(
        Pipeline(
            [
                transport.input(),
                recognizer,
                aggregators.user(),
                model,
                synthesizer,
                transport.output(),
                aggregators.assistant(),
            ]
        ),
        params=PipelineParams(audio_in_sample_rate=16_000, audio_out_sample_rate=8_000),
        cancel_on_idle_timeout=False,
    )

    @transport.event_handler("on_client_connected")
    async def greet(_transport: object, _client: object) -> None:
        await task.queue_frames([LLMRunFrame()])

    await PipelineRunner(handle_sigint=False).run(task)


def turn_ends(settings: dict[str, Any]) -> list[Any]:
    """Smart Turn, which is the default, or a fixed silence: the stop and so much more."""
    if settings["turn"] == "smart-turn":
        return default_user_turn_stop_strategies()
    left = settings["pause_ms"] / 1000 - STOP_SECONDS
    return [SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=left)]


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="INFO")
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
