# SPDX-License-Identifier: Apache-2.0
"""`silt export`, read by the official parser of OpenMetrics, and `silt push`, to receivers that
check what they get."""

import json
import math
import os
import re
import resource
import pathlib
import shutil
import socket
import tempfile
import threading
import unittest

import harness
import receivers
from growth_recordings import GrowthTest

try:
    from prometheus_client.openmetrics import parser
except ImportError:
    parser = None
try:
    import google.protobuf
except ImportError:
    google = None


class Exports(GrowthTest):
    made_with_labels = {}

    def labelled(self):
        """A recording that leaks, of version 1.2 in a pod whose name is hard to quote."""
        if not self.made_with_labels:
            process = self.start([harness.program("growth")], settings={
                "SILT_LABELS": 'version=1.2,pod=shop-1 "\\,host=n3,my.team/x=a'})
            for _ in range(6):
                process.wait_line("ready step")
                self.dump(process.pid)
                process.write_line()
            self.assertEqual(process.finish(), 0)
            path = self.recording_of(process, "growth")
            Exports.made_with_labels.update(
                {file.name: file.read_bytes() for file in pathlib.Path(path).iterdir()})
            shutil.rmtree(path)
        folder = pathlib.Path(self.out, "silt.growth.4711")
        folder.mkdir()
        for file, content in self.made_with_labels.items():
            (folder / file).write_bytes(content)
        return folder


class Metrics(Exports):
    def families(self, *recordings):
        out, _ = self.tool("export", "--format", "openmetrics", *recordings)
        if parser is None:
            self.skipTest("not installed: python3-prometheus-client")
        return {family.name: family for family in parser.text_string_to_metric_families(out)}

    def test_the_official_parser_reads_them(self):
        families = self.families(self.labelled(), self.record(6))
        self.assertEqual(families["silt_live_bytes"].type, "gauge")
        self.assertEqual(families["silt_live_bytes"].unit, "bytes")
        self.assertEqual(families["silt_allocated_bytes"].type, "counter")
        for name, family in families.items():
            self.assertTrue(name.startswith("silt_"), name)
            self.assertTrue(family.documentation, name)
            for sample in family.samples:
                self.assertFalse(math.isnan(sample.value), sample)

    def test_figures_are_those_of_the_report(self):
        recording = self.labelled()
        families = self.families(recording)
        report = self.report(recording)
        resident = sum(sample.value for sample in families["silt_resident_bytes"].samples)
        self.assertEqual(resident, report.snapshots[-1]["rss_bytes"])
        live = {sample.labels["heap"]: sample.value
                for sample in families["silt_live_bytes"].samples}
        self.assertEqual(live["native"], report.snapshots[-1]["live_bytes"])
        finding = report.json["findings"][0]
        states = {sample.labels["verdict"]: sample.value
                  for sample in families["silt_finding_state"].samples
                  if finding["site"]["function"].startswith(sample.labels["site"])}
        self.assertEqual(states.pop(finding["verdict"]), 1)
        self.assertEqual(set(states.values()), {0})

    def test_labels_come_through_quoted(self):
        labels = self.families(self.labelled())["silt_live_blocks"].samples[0].labels
        self.assertEqual(labels["pod"], 'shop-1 "\\')
        self.assertEqual(labels["my_team_x"], "a")
        self.assertEqual(labels["version"], "1.2")
        self.assertEqual(labels["recording"], "silt.growth.4711")

    def test_the_dashboard_asks_for_nothing_that_is_not_there(self):
        docs = harness.HERE.parent.parent / "docs"
        dashboard = json.loads((docs / "grafana-dashboard.json").read_text(encoding="utf-8"))
        asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(asked), 4)
        out, _ = self.tool("export", "--format", "openmetrics", self.labelled())
        names = set(re.findall(r"^(silt_\w+?)(?:\{| )", out, re.MULTILINE))
        for expression in asked:
            used = set(re.findall(r"silt_\w+", expression))
            self.assertTrue(used, expression)
            self.assertLessEqual(used, names, expression)

    def test_a_file_appears_whole(self):
        path = os.path.join(self.folder, "silt.prom")
        self.tool("export", "--format", "openmetrics", "-o", path, self.labelled())
        self.assertTrue(pathlib.Path(path).read_text().endswith("# EOF\n"))
        self.assertEqual([name for name in os.listdir(self.folder) if "silt.prom" in name],
                         ["silt.prom"])


class Tables(Exports):
    def test_rows_for_each_process_finding_and_site_at_each_snapshot(self):
        recording = self.labelled()
        out, _ = self.tool("export", "--format", "ndjson", recording)
        rows = [json.loads(line) for line in out.splitlines()]
        report = self.report(recording)
        self.assertEqual({tuple(row) for row in rows}, {tuple(rows[0])})
        processes = [row for row in rows if row["kind"] == "process"]
        self.assertEqual([row["rss_bytes"] for row in processes],
                         [snapshot["rss_bytes"] for snapshot in report.snapshots])
        self.assertEqual({row["pod"] for row in rows}, {'shop-1 "\\'})
        series = {}
        for row in rows:
            if row["kind"] != "finding":
                continue
            series.setdefault(row["site_key"], []).append(row["live_bytes"])
        self.assertIn(report.json["findings"][0]["live_bytes"], series.values())

        # What came and what went between two snapshots is what lives now more than then.
        for key in {(row["kind"], row["site_key"]) for row in rows}:
            of_place = [row for row in rows if (row["kind"], row["site_key"]) == key]
            for unit in ("bytes", "blocks"):
                live = 0
                for row in of_place:
                    passed = row[f"born_{unit}"] - row[f"died_{unit}"]
                    self.assertEqual(live + passed, row[f"live_{unit}"], (key, row["snapshot"]))
                    live = row[f"live_{unit}"]
        self.assertEqual(sum(row["born_bytes"] for row in processes),
                         report.snapshots[-1]["allocated_bytes"])


@unittest.skipIf(google is None, "not installed: python3-protobuf")
class Push(Exports):
    @classmethod
    def setUpClass(cls):
        cls.folder_of_class = tempfile.mkdtemp(prefix="silt-test-")
        cls.profile = receivers.profile_class(cls.folder_of_class)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder_of_class)

    def receiver(self, kind):
        receiver = receivers.Receiver(kind, self.profile)
        self.addCleanup(receiver.stop)
        return receiver

    def server(self, answer):
        server = receivers.Server(answer)
        self.addCleanup(server.stop)
        return server

    def test_pyroscope_takes_each_recording_with_its_labels(self):
        receiver = self.receiver(receivers.pyroscope)
        _, err = self.tool("push", receiver.url, self.labelled(), self.record(6))
        self.assertIn("pushed 2 of 2", err)
        self.assertEqual([name for name, _, _ in receiver.taken], ["growth", "growth"])
        _, labels, profile = receiver.taken[0]
        self.assertEqual((labels["version"], labels["host"]), ("1.2", "n3"))
        self.assertLessEqual({("version", "1.2"), ("pid", labels["pid"])},
                             receivers.labels_in(profile))

    def test_parca_takes_them_below_a_path(self):
        receiver = self.receiver(receivers.parca)
        self.tool("push", "--to", "parca", "--name", "checkout", receiver.url, self.labelled())
        name, labels, profile = receiver.taken[0]
        self.assertEqual((name, labels["pod"]), ("checkout", 'shop-1 "\\'))
        report = self.report(self.recording())
        live = [profile.string_table[one.type] for one in profile.sample_type].index("inuse_space")
        self.assertEqual(sum(sample.value[live] for sample in profile.sample),
                         sum(stack["live_bytes"][-1] for stack in report.stacks))

    def test_headers_are_sent_along_and_a_bad_one_is_not_repeated(self):
        receiver = self.receiver(receivers.pyroscope)
        path = self.write("headers", "X-Scope-OrgID: team-a\nAuthorization: Bearer x\n")
        self.tool("push", "--header-file", path, receiver.url, self.labelled())
        headers = receiver.requests[0][1]
        self.assertEqual((headers["X-Scope-OrgID"], headers["Authorization"]),
                         ("team-a", "Bearer x"))
        path = self.write("headers", "se cret\n")
        _, err = self.tool("push", "--header-file", path, receiver.url, self.recording(), status=3)
        self.assertIn("has a line that is no header", err)
        self.assertNotIn("cret", err)
        self.assertEqual(len(receiver.requests), 1)

    def test_headers_from_what_never_ends_or_is_no_headers_are_refused(self):
        large = self.write("large", "X-A: b\n" * 10000)
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)
        for path, why in (("/dev/zero", "not a regular file"), (fifo, "not a regular file"),
                          (self.folder, "is a folder"), (large, "is larger than 64 KiB"),
                          (os.path.join(self.folder, "none"), "no such file or directory")):
            _, err = self.tool("push", "--header-file", path, "http://localhost:1", self.folder,
                               status=3, timeout=20,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS,
                                                                     (1 << 30, 1 << 30)))
            self.assertEqual(err, f"silt push: cannot read --header-file '{path}': {why}\n")

    def test_no_redirect_is_followed_and_no_proxy_asked(self):
        elsewhere = self.receiver(receivers.pyroscope)
        server = self.server(lambda *_: (307, {"Location": elsewhere.url + "/ingest"}, ""))
        environment = self.environment(http_proxy=elsewhere.url, HTTP_PROXY=elsewhere.url,
                                       ALL_PROXY=elsewhere.url)
        _, err = self.tool("push", server.url, self.labelled(), status=3, env=environment)
        self.assertIn("307, a redirect to", err)
        self.assertEqual((len(server.requests), len(elsewhere.requests)), (1, 0))

    def test_a_refusal_is_told_with_its_reason_and_not_repeated(self):
        server = self.server(lambda *_: (422, {}, "bad\033[2J label"))
        _, err = self.tool("push", server.url, self.labelled(), status=3)
        self.assertIn("it answered 422: bad\\x1b[2J label", err)
        self.assertEqual(len(server.requests), 1)

    def test_a_server_that_is_starting_is_asked_again(self):
        answers = [(503, {}, "starting"), (200, {}, "")]
        server = self.server(lambda *_: answers.pop(0))
        self.tool("push", server.url, self.labelled())
        self.assertEqual(len(server.requests), 2)

    def test_nobody_there_and_one_who_never_answers(self):
        recording = self.labelled()
        _, err = self.tool("push", f"http://127.0.0.1:{harness.free_port()}", recording, status=3)
        self.assertIn("cannot connect: ", err)
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            _, err = self.tool("push", "--timeout", "200ms", url, recording, status=3)
        self.assertIn("no answer in time", err)

    def test_what_is_no_http_and_an_endless_answer(self):
        def serve(listener, speech):
            connection, _ = listener.accept()
            with connection:
                try:
                    while True:
                        connection.sendall(speech)
                        if not endless:
                            return
                except OSError:
                    pass

        for endless, speech, said in ((False, b"SSH-2.0-x\r\n", "no HTTP server"),
                                      (True, b"x" * 65536, "no HTTP server")):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                thread = threading.Thread(target=serve, args=(listener, speech))
                thread.start()
                url = f"http://127.0.0.1:{listener.getsockname()[1]}"
                recording = self.labelled() if not self.recordings() else self.recording()
                _, err = self.tool("push", url, recording, status=3)
                thread.join()
                self.assertIn(said, err)

    def test_addresses_that_are_none(self):
        for url, said in (("https://localhost:4040", "https is not spoken"),
                          ("localhost:4040", "expected http://"),
                          ("http://user:word@localhost", "--header-file")):
            _, err = self.tool("push", url, "/nonexistent", status=2)
            self.assertIn(said, err)


if __name__ == "__main__":
    harness.main()
