# SPDX-License-Identifier: Apache-2.0
"""A task for each request waits for an answer; those that get none in time are cancelled.

truth: healthy
"""

import asyncio
import collections
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

PATIENCE = 50  # requests

waiting = {}
unanswered = collections.deque()


async def ask_backend(number, question, answer):
    try:
        return question["text"], await answer
    finally:
        del waiting[number]


async def serve(number):
    question = {"number": number, "text": "question %d" % number}
    answer = asyncio.get_running_loop().create_future()
    waiting[number] = answer
    task = asyncio.create_task(ask_backend(number, question, answer))
    await asyncio.sleep(0)
    if number % 4 != 3:  # every fourth answer is lost
        waiting[number].set_result("answer")
    else:
        unanswered.append((number, task))
    while unanswered and unanswered[0][0] + PATIENCE < number:
        unanswered.popleft()[1].cancel()
    await asyncio.sleep(0)


async def main():
    for round_ in range(12):
        for i in range(320):
            await serve(round_ * 320 + i)
            pace(i, 320)
        take_snapshot()


asyncio.run(main())
