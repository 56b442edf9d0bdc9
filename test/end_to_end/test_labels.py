# SPDX-License-Identifier: Apache-2.0
"""What a recording is known by: its program's name, its labels, and a folder of its own where
hundreds of containers, each with a process 1, share a volume."""

import json
import os
import pathlib
import platform
import shutil
import subprocess
import unittest

import harness

ID = "0123456789abcdef" * 4


def namespaces():
    """Whether a process may be the first of its own namespaces here."""
    return shutil.which("unshare") and subprocess.run(
        ["unshare", "--pid", "--uts", "--fork", "true"], check=False,
        stderr=subprocess.DEVNULL).returncode == 0


class Names(harness.SiltTest):
    def recorded_as(self, command, **options):
        self.run_program(command, **options)
        name = os.path.basename(self.recording()).split(".", 1)[1].rsplit(".", 1)[0]
        self.assertEqual(self.report().json["process"]["program"], name)
        return name

    def test_a_link_is_recorded_by_its_own_name(self):
        link = pathlib.Path(self.folder, "a-name-that-ps-would-cut")
        link.symlink_to(harness.program("exact_counts"))
        self.assertEqual(self.recorded_as([str(link)], text="\n" * 20), "a-name-that-ps-would-cut")

    def test_a_script_is_recorded_by_its_own_name(self):
        script = pathlib.Path(self.folder, "shop.sh")
        script.write_text("#!/bin/sh\ntrue\n")
        script.chmod(0o755)
        self.assertEqual(self.recorded_as([str(script)]), "shop.sh")

    def test_a_descriptor_that_is_executed_is_recorded_by_the_files_name(self):
        script = ("import os; os.execve(os.open('" + harness.program("exact_counts") +
                  "', os.O_RDONLY), ['x'], dict(os.environ, LD_PRELOAD='" + harness.LIBRARY + "'))")
        self.assertEqual(self.recorded_as(["/usr/bin/python3", "-c", script], text="\n" * 20,
                                          settings={"LD_PRELOAD": ""}), "exact_counts")


class Labels(harness.SiltTest):
    def labels(self, **settings):
        self.run_program(["/bin/true"], settings=settings)
        return self.report().json["process"]["labels"]

    def test_the_host_is_told_without_a_setting(self):
        self.assertEqual(self.labels()["host"], platform.node())

    def test_what_is_set_comes_first_and_stands_in_every_format(self):
        labels = self.labels(SILT_LABELS=f"version=1.2,pod=shop-7d,container={ID},host=n3")
        self.assertEqual(labels, {"version": "1.2", "pod": "shop-7d", "container": ID,
                                  "host": "n3"})
        for name in ("text", "markdown", "html", "junit", "sarif", "json"):
            out, _ = self.tool("report", "--format", name, self.recording())
            for value in ("1.2", "shop-7d", "0123456789ab", "n3"):
                self.assertIn(value, out.replace("\\", "") if name == "markdown" else out, name)

    def test_a_pod_is_known_by_what_kubernetes_sets(self):
        self.assertEqual(self.labels(POD_NAME="shop-7d", POD_NAMESPACE="prod", NODE_NAME="n3"),
                         {"pod": "shop-7d", "namespace": "prod", "host": "n3"})

    def test_without_more_its_host_name_is_the_pods(self):
        labels = self.labels(KUBERNETES_SERVICE_HOST="10.0.0.1")
        self.assertEqual(labels["pod"], platform.node())

    def test_what_is_not_understood_is_said_and_left_out(self):
        _, _, err = self.run_program(["/bin/true"], settings={"SILT_LABELS": "just words"})
        self.assertIn("SILT_LABELS='just words' is not understood (key=value", err)
        self.assertEqual(list(self.report().json["process"]["labels"]), ["host"])

    def test_as_an_option_of_run(self):
        self.tool("run", "--labels", "version=7", "--out", self.out, "--", "/bin/true")
        self.assertEqual(self.report().json["process"]["labels"]["version"], "7")
        _, err = self.tool("run", "--labels", "7", "--", "/bin/true", status=2)
        self.assertIn("--labels '7' is not understood (key=value", err)


@unittest.skipUnless(namespaces(), "needs the right to make namespaces")
class SharedVolume(harness.SiltTest):
    """Pods that share a volume: each has a process 1."""

    def run_pod(self, name):
        command = ["unshare", "--pid", "--uts", "--fork", "/bin/sh", "-c",
                   f"hostname {name}; exec env LD_PRELOAD={harness.LIBRARY} {harness.program('exact_counts')}"]
        return self.start(command, settings={"LD_PRELOAD": "", "SILT_LABELS": f"pod={name}"})

    def test_no_two_share_a_folder_and_reports_tell_them_apart(self):
        pods = [f"shop-{number}" for number in range(12)]
        for pod in pods:
            process = self.run_pod(pod)
            self.assertEqual(process.finish(), 0, process.told())
        found = self.recordings("exact_counts")
        self.assertEqual(len(found), len(pods))
        self.assertIn("silt.exact_counts.1", map(os.path.basename, found))
        out, _ = self.tool("report", "--format", "json", *found)
        processes = json.loads(out)["processes"]
        self.assertEqual({row["pid"] for row in processes}, {1})
        self.assertEqual({row["labels"]["pod"] for row in processes}, set(pods))
        self.assertEqual({row["labels"]["host"] for row in processes}, set(pods))
        self.assertEqual({row["who"] for row in processes}, {f"pid 1 in {pod}" for pod in pods})

    def dump_pod(self, process):
        """A snapshot of the pod's process 1, once it runs; it is a child of unshare."""
        process.wait_line("ready")
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        self.dump(children.read_text(encoding="ascii").split()[0])

    def test_a_folder_that_another_made_since_is_left_to_it(self):
        first = self.run_pod("shop-1")
        self.dump_pod(first)
        shutil.rmtree(self.recording("exact_counts"))
        second = self.run_pod("shop-2")
        self.dump_pod(second)
        self.assertEqual([second.finish(), first.finish()], [0, 0])
        found = self.recordings("exact_counts")
        self.assertEqual(list(map(os.path.basename, found)),
                         ["silt.exact_counts.1", "silt.exact_counts.1.2"])
        self.assertEqual([self.report(path).json["process"]["labels"]["pod"] for path in found],
                         ["shop-2", "shop-1"])
        self.assertEqual([len(self.snapshots(path)) for path in found], [2, 1])


if __name__ == "__main__":
    harness.main()
