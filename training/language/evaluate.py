"""Grade a GGUF on held-out calls through the box's own engine, greedily; exit 1 on a missed goal.

python training/language/evaluate.py [MODEL.gguf] [--wide]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import smoke
from calls import body
from dialogues import dialogue
from reception import reception

from thunderbox.voice.engine import Sampling
from thunderbox.voice.engines.llama_cpp import LlamaCpp

GOALS = {"exact answers": 0.90, "tool calls": 0.95, "refusals": 0.90, "smoke": 1.0}
CALL = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)
LONGEST_ANSWER = 200
MODEL = Path(__file__).resolve().parents[2] / "thunderbox" / "voice" / "starter" / "lm"
MODEL /= "starter.gguf"


class Agent:
    """The model in the engine that answers calls, with what that adds: tool calls that can name
    only listed tools and their parameters."""

    def __init__(self, path: Path, threads: int) -> None:
        self.engine = LlamaCpp(path, conversations=2, context_tokens=2048, threads=threads)
        self.first_ms: list[float] = []

    def answer(self, messages: list[Any], tools: list[Any]) -> str:
        """The greedy answer to a history."""
        return asyncio.run(self._answer(messages, tools))

    async def _answer(self, messages: list[Any], tools: list[Any]) -> str:
        began = time.perf_counter()
        pieces = []
        sampling = Sampling(max_tokens=LONGEST_ANSWER)
        async for piece in self.engine.generate("evaluation", messages, tools, sampling):
            if not pieces:
                self.first_ms.append((time.perf_counter() - began) * 1000)
            pieces.append(piece)
        return "".join(pieces)


def calls_in(text: str) -> list[Any] | None:
    """The calls of an answer as data, or None where one is not JSON."""
    try:
        return [json.loads(found) for found in CALL.findall(text)]
    except ValueError:
        return None


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def grade(
    agent: Agent, count: int, seed: int, held_out: bool, wide: bool
) -> tuple[dict[str, Any], list[Any]]:
    """Scores over held-out calls, each answer judged after the right history.

    They are calls to a small practice or shop with a prompt in plain sentences and tools of any
    name; wide ones have long prompts in many forms and up to eight tools.
    """
    make = dialogue if wide else reception
    rng = random.Random(f"evaluation {seed}")
    kinds: dict[str, list[bool]] = defaultdict(list)
    tool_calls: list[bool] = []
    unwanted = whole = 0
    mistakes = []
    for _ in range(count):
        call = make(rng, held_out)
        tools = [tool.openai() for tool in call.tools]
        right = True
        for i, kind in enumerate(call.kinds):
            if not kind:
                continue
            wanted = body(call.messages[i])
            given = agent.answer(call.messages[:i], tools)
            kinds[kind].append(given == wanted)
            if "<tool_call>" in wanted:
                tool_calls.append(calls_in(given) == calls_in(wanted))
            elif "<tool_call>" in given:
                unwanted += 1
            if given != wanted:
                right = False
                mistakes.append((kind, call.messages[i - 1]["content"], wanted, given))
        whole += right
    every = [ok for oks in kinds.values() for ok in oks]
    refusals = kinds["refusal"] + kinds["no tool"]
    scores = {
        "exact answers": sum(every) / len(every),
        "tool calls": sum(tool_calls) / len(tool_calls),
        "refusals": sum(refusals) / len(refusals),
        "greetings": sum(kinds["greeting"]) / len(kinds["greeting"]),
        "whole calls": whole / count,
        "unwanted tool calls": unwanted,
        "dialogues": count,
        "answers": len(every),
        "kinds": {k: {"right": sum(v), "of": len(v)} for k, v in sorted(kinds.items())},
        "first token ms": {
            "p50": round(percentile(agent.first_ms, 0.5), 2),
            "p95": round(percentile(agent.first_ms, 0.95), 2),
        },
    }
    return scores, mistakes


def grade_smoke(agent: Agent) -> tuple[float, list[Any]]:
    """The share of right answers to the smoke call, and the wrong ones."""
    right = total = 0
    wrong = []
    for conversation in smoke.conversations():
        for messages, wanted in conversation:
            given = agent.answer(messages, smoke.tools())
            total += 1
            right += given == wanted
            if given != wanted:
                wrong.append(("smoke", messages[-1]["content"][-80:], wanted, given))
    return right / total, wrong


def main() -> None:
    """Print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL)
    parser.add_argument("--dialogues", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--wide", action="store_true", help="long prompts in many forms, more tools"
    )
    parser.add_argument("--seen", action="store_true", help="draw from the training share")
    parser.add_argument("--mistakes", type=int, default=0, help="print this many mistakes")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    agent = Agent(options.model, options.threads)
    smoke_share, wrong = grade_smoke(agent)
    scores, mistakes = grade(agent, options.dialogues, options.seed, not options.seen, options.wide)
    scores["smoke"] = smoke_share
    missed = [name for name, goal in GOALS.items() if scores[name] < goal]
    if options.json:
        print(json.dumps(scores | {"missed": missed}, indent=2))
    else:
        for name, value in scores.items():
            if name == "kinds":
                for kind, counts in value.items():
                    share = counts["right"] / counts["of"]
                    print(f"  {kind:<20} {share:7.1%}  of {counts['of']}")
            elif isinstance(value, float):
                goal = f"  goal {GOALS[name]:.0%}" if name in GOALS else ""
                print(f"{name:<22} {value:7.1%}{goal}")
            else:
                print(f"{name:<22} {value}")
        for kind, said, wanted, given in wrong + mistakes[: options.mistakes]:
            print(f"[{kind}] {said!r}\n    wanted {wanted!r}\n    given  {given!r}")
        print("missed: " + ", ".join(missed) if missed else "all goals met")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
