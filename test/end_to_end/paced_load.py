# SPDX-License-Identifier: Apache-2.0
"""A load of a steady pace over one kept connection: so many requests a second, never with a cookie.

A load generator that goes as fast as it can makes a test depend on how busy the machine is; with
this one a server leaks the same amount an hour everywhere. Ends after the given time, or with the server (status 1).

usage: paced_load.py PORT REQUESTS-PER-SECOND SECONDS
"""

import http.client
import sys
import time


def main():
    port, pace, seconds = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    start = time.monotonic()
    answered = 0
    while time.monotonic() - start < seconds:
        # What was missed while the machine was busy is made up for.
        due = start + answered / pace
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            connection.request("GET", f"/page/{answered % 40}")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            print(f"after {answered} answers: {error}")
            return 1
        answered += 1
    print(f"{answered} requests answered")
    return 0


if __name__ == "__main__":
    sys.exit(main())
