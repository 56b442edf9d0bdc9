# SPDX-License-Identifier: Apache-2.0
"""Programs that have a Python inside: what they answer must be the same, and silt must have joined
it."""

import json
import subprocess

from arena import Broken, suite
from loads import postgres_server, postgres_tool

FUNCTIONS = """
create extension plpython3u;
create function words(n integer) returns text as $$
  rows = [f"word {i * 7919 % 10007}" for i in range(n)]
  SD.setdefault("rows", []).append(rows)
  return " ".join(sorted(rows)[:5])
$$ language plpython3u;
create function squares(n integer) returns setof integer as $$
  for i in range(n):
    yield i * i
$$ language plpython3u;
create function fails() returns integer as $$
  try:
    plpy.execute("select 1 / 0")
  except plpy.SPIError as error:
    return len(str(error))
$$ language plpython3u;
create function remember() returns trigger as $$
  GD["rows"] = GD.get("rows", 0) + 1
  TD["new"]["b"] = f"{TD['new']['a']} {GD['rows']}"
  return "MODIFY"
$$ language plpython3u;
create table t (a integer, b text);
create trigger r before insert on t for each row execute function remember();
"""
QUERIES = ("select words(2000), words(300)", "select sum(squares) from squares(3000)",
           "select fails()", "insert into t select i from generate_series(1, 400) i; "
           "select count(*), max(b), md5(string_agg(b, ',' order by a)) from t",
           "do $$ import sys; plpy.notice(sys.version_info[:2]) $$ language plpython3u")


@suite("PostgreSQL, PL/Python", packages=("postgresql", "postgresql-plpython3-15"))
def plpython(run):
    """Each query has a backend of its own, in which Python starts at the first call."""
    outcomes = {}
    with postgres_server(run) as port:
        tool = [postgres_tool("psql"), "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-At"]
        run.command([*tool, "-v", "ON_ERROR_STOP=1", "postgres"], input=FUNCTIONS, check=True,
                    silt=False)
        for query in QUERIES:
            done = run.command([*tool, "-c", query, "postgres"], silt=False)
            outcomes[query[:40]] = f"{'pass' if done.returncode == 0 else 'fail'} {done.stdout}"
    if run.library and not joined(run, "__plpython_procedure_words"):
        raise Broken("no recording has a function of PL/Python")
    return outcomes


CELLS = ("import json, collections\nkept = []",
         "def fill_rows_of_a_cell(n):\n    kept.append([{'n': i} for i in range(n)])\n"
         "    return len(kept)",
         "[fill_rows_of_a_cell(300) for _ in range(9)]", "%who function\nprint(len(kept))",
         "1 / 0", "!echo from a shell", "await __import__('asyncio').sleep(0, 'waited')",
         "print(json.dumps(collections.Counter('a notebook'), sort_keys=True))")


@suite("ipykernel, a notebook", packages=("python3-ipykernel", "python3-nbclient"))
def notebook(run):
    """Jupyter's client runs the cells in a kernel."""
    (run.folder / "cells.json").write_text(json.dumps(CELLS))
    (run.folder / "client.py").write_text(r'''
import json, nbformat, nbclient
book = nbformat.v4.new_notebook()
book.cells = [nbformat.v4.new_code_cell(text) for text in json.load(open("cells.json"))]
nbclient.NotebookClient(book, timeout=600, kernel_name="python3", allow_errors=True).execute()
for number, cell in enumerate(book.cells):
    print(number, json.dumps([output.get("text") or output.get("data") or output.get("evalue")
                              for output in cell.outputs]))
''')
    home = {"HOME": str(run.folder), "JUPYTER_RUNTIME_DIR": str(run.folder / "jupyter"),
            "IPYTHONDIR": str(run.folder / "ipython")}
    done = run.command(["/usr/bin/python3", "client.py"], more=home,
                       stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Broken(done.stdout[-1000:])
    if run.library and not joined(run, "fill_rows_of_a_cell"):
        raise Broken("no recording has a function of the notebook")
    return {f"cell {line.split(' ')[0]}": f"pass {line}" for line in done.stdout.splitlines()}


def joined(run, function):
    """Whether a snapshot names the Python function."""
    return any(function.encode() in path.read_bytes() for path in run.out.rglob("*")
               if path.is_file())
