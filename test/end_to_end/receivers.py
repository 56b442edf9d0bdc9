# SPDX-License-Identifier: Apache-2.0
"""Small servers that take profiles as Pyroscope and Parca do, and refuse what those would refuse as
their documentation has it; and servers that mean no good. Each listens on a loopback port."""

import base64
import email.parser
import email.policy
import gzip
import http.server
import importlib
import json
import pathlib
import re
import subprocess
import sys
import threading
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "symbolizer" / "render" / "profile.proto"


def profile_class(folder):
    """pprof's own message, by protoc and Google's library."""
    subprocess.run(["protoc", f"--proto_path={PROTO.parent}", f"--python_out={folder}", PROTO.name],
                   check=True)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("profile_pb2").Profile
    finally:
        sys.path.remove(folder)


class Refused(Exception):
    pass


def require(condition, what):
    if not condition:
        raise Refused(what)


def parsed_profile(profile_type, data):
    """What is in a gzipped pprof profile; its references must lead somewhere."""
    require(data[:2] == b"\x1f\x8b", "the profile is not gzipped")
    profile = profile_type()
    profile.ParseFromString(gzip.decompress(data))
    require(profile.string_table and profile.string_table[0] == "", "string table")
    require(profile.sample and profile.time_nanos > 0, "no samples, or no time")
    locations = {location.id for location in profile.location}
    functions = {function.id for function in profile.function}
    for sample in profile.sample:
        require(len(sample.value) == len(profile.sample_type), "values do not fit the types")
        require(set(sample.location_id) <= locations, "a location that is not there")
    for location in profile.location:
        require({line.function_id for line in location.line} <= functions, "a missing function")
    return profile


def labels_in(profile):
    strings = profile.string_table
    return {(strings[label.key], strings[label.str]) for sample in profile.sample
            for label in sample.label}


def pyroscope(profile_type, path, headers, body):
    """(name, labels, profile) of POST /ingest with format=pprof."""
    url = urllib.parse.urlsplit(path)
    require(url.path == "/ingest", f"no such path: {url.path}")
    query = {key: values[0] for key, values in urllib.parse.parse_qs(
        url.query, strict_parsing=True).items()}
    require(query["format"] == "pprof", "format")
    require(0 < int(query["from"]) <= int(query["until"]), "times")
    name = re.fullmatch(r"([^{}]+)\{(([a-zA-Z_]\w*=[^{},=]*(,(?=.)|(?=\})))*)\}", query["name"])
    require(name, f"name: {query['name']}")
    labels = dict(pair.split("=") for pair in name.group(2).split(",") if pair)
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    require(message.get_content_type() == "multipart/form-data", "no form")
    parts = {part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True)
             for part in message.iter_parts()}
    types = json.loads(parts["sample_type_config"])
    profile = parsed_profile(profile_type, parts["profile"])
    known = {profile.string_table[one.type] for one in profile.sample_type}
    require(types and set(types) <= known, f"types {set(types)} of {known}")
    for each in types.values():
        require(each["aggregation"] in ("sum", "average"), "aggregation")
    return name.group(1), labels, profile


def parca(profile_type, path, headers, body):
    """(name, labels, profile) of POST /profiles/writeraw, WriteRawRequest as JSON."""
    require(path == "/profiles/writeraw", f"no such path: {path}")
    require(headers["Content-Type"] == "application/json", "no JSON")
    request = json.loads(body)
    require(set(request) <= {"tenant", "series", "normalized"}, f"fields {set(request)}")
    (series,) = request["series"]
    pairs = [(one["name"], one["value"]) for one in series["labels"]["labels"]]
    labels = dict(pairs)
    require(len(labels) == len(pairs), "a label twice")
    require("__name__" in labels, "no __name__")
    for name in labels:
        require(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name), f"label {name}")
    (sample,) = series["samples"]
    profile = parsed_profile(profile_type, base64.b64decode(sample["rawProfile"], validate=True))
    return labels["job"], labels, profile


class Server:
    """Answers each POST by answer(path, headers, body), which returns status, headers, body."""

    def __init__(self, answer):
        outer = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, dict(self.headers), body))
                status, headers, text = answer(self.path, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Receiver(Server):
    """Takes profiles by the rules of `kind`; what it took is in `taken`."""

    def __init__(self, kind, profile_type):
        self.taken = []

        def answer(path, headers, body):
            try:
                self.taken.append(kind(profile_type, path, headers, body))
            except (Refused, KeyError, ValueError) as error:
                return 422, {}, f"refused: {error!r}"
            return 200, {}, "{}"

        super().__init__(answer)
