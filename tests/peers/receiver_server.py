"""A receiver of webhooks as a program: `python -m tests.peers.receiver_server`.

It prints its URL. Each line of its standard input is a JSON object that says how it answers from
then on: `status`, `body` (a text), and `after` (seconds, null for never). Each request becomes a
line of its output.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from tests.fakes.receiver import Heard, receiving


async def main() -> None:
    """Answer until standard input ends."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue(64)

    def on_input() -> None:
        lines.put_nowait(sys.stdin.readline())

    async with receiving() as receiver:
        after: float | None = 0.0

        async def wait(heard: Heard) -> None:
            shown: dict[str, Any] = {
                "path": heard.path,
                "headers": heard.headers,
                "body": heard.body.decode(),
            }
            print(json.dumps(shown), flush=True)
            if after is None:
                await asyncio.Event().wait()
            else:
                await asyncio.sleep(after)

        receiver.before_answer = wait
        print(receiver.url, flush=True)
        loop.add_reader(sys.stdin, on_input)
        while line := await lines.get():
            told = json.loads(line)
            receiver.status, receiver.body = told["status"], told["body"].encode()
            after = told["after"]


if __name__ == "__main__":
    asyncio.run(main())
