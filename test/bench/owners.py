#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What asking for owners costs with many live blocks: how long the process stood still, the copy's
processor time and memory. The program keeps its blocks in a thousand lists and has lost one in a
hundred; both must be found.

usage: owners.py [BLOCKS [BUILD]]
"""

import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
struct node { struct node *next; char fill[56]; };
static struct node *heads[1000];
void *volatile last;
int main(int count, char **words) {
  (void)count;
  for (long i = 0; i < atol(words[1]); ++i) {
    struct node *made = malloc(sizeof *made);
    made->next = heads[i % 1000];
    heads[i % 1000] = made;
    if (i % 100 == 0) last = malloc(64);
  }
  last = NULL;
  puts("ready");
  fflush(stdout);
  for (;;) {
    usleep(100000);
    free(malloc(9));
  }
}
"""


def main():
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    build = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "build").resolve()
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/blocks"
        subprocess.run(["cc", "-O1", "-x", "c", "-", "-o", program], input=PROGRAM, text=True,
                       check=True)
        environment = {"LD_PRELOAD": f"{build}/interposer/libsilt.so", "SILT_OUT": folder,
                       "SILT_AT_EXIT": "0"}
        with subprocess.Popen([program, str(blocks)], env=environment, stdout=subprocess.PIPE,
                              text=True) as running:
            try:
                running.stdout.readline()
                status = pathlib.Path(f"/proc/{running.pid}/status").read_text(encoding="utf-8")
                print("resident:", re.search(r"VmRSS:\s*(.*)", status).group(1))
                for _ in range(3):
                    done = subprocess.run([f"{build}/symbolizer/silt", "dump", "--timeout", "120s",
                                           "--owners", str(running.pid)], text=True, check=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    print(done.stderr.strip())
            finally:
                running.kill()


if __name__ == "__main__":
    main()
