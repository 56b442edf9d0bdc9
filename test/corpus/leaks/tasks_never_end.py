# SPDX-License-Identifier: Apache-2.0
"""A task for each request waits for an answer that some never get: these never end.

truth: leak task
"""

import asyncio
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

waiting = {}


async def ask_backend(number, question, answer):
    text = await answer
    del waiting[number]
    return question["text"], text


async def serve(number):
    question = {"number": number, "text": "question %d" % number}  # LEAK: task
    answer = asyncio.get_running_loop().create_future()  # LEAK: task
    waiting[number] = answer  # LEAK: task
    asyncio.create_task(ask_backend(number, question, answer))  # LEAK: task
    await asyncio.sleep(0)
    if number % 4 != 3:  # every fourth answer is lost
        waiting[number].set_result("answer")
    await asyncio.sleep(0)


async def main():
    for round_ in range(9):
        for i in range(320):
            await serve(round_ * 320 + i)
            pace(i, 320)
        take_snapshot()


asyncio.run(main())
