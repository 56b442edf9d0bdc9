# SPDX-License-Identifier: Apache-2.0
"""Tasks are gathered in a set so that none is lost, and taken out when done.

truth: healthy
"""

import asyncio
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

background = set()


async def send_mail(number):
    await asyncio.sleep(0)
    return "mail %d to the customer" % number


async def serve(number):
    task = asyncio.create_task(send_mail(number))
    background.add(task)
    task.add_done_callback(background.discard)
    await asyncio.sleep(0)


async def main():
    for round_ in range(12):
        for i in range(160):
            await serve(i)
            pace(i, 160)
        take_snapshot()


asyncio.run(main())
