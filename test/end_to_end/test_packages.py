# SPDX-License-Identifier: Apache-2.0
"""The tarball of this build in a root that has a C library, the C++ runtime of the program, and
nothing else; and what CI jobs do with it, step by step. (scripts/test_packages tries all packages in
whole systems; it takes minutes.)"""

import os
import pathlib
import re
import shutil
import subprocess
import textwrap

import harness
import test_soak

ROOT = harness.HERE.parent.parent
BUILD = pathlib.Path(harness.TOOL).parent.parent


def blocks(name, path=ROOT):
    """The `run: |` (or `- |`) blocks of a YAML file, in order."""
    found, lines = [], (path / name).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if not re.fullmatch(r" *(run:|-) \|", line):
            continue
        indent = len(line) - len(line.lstrip())
        body = []
        for following in lines[number + 1:]:
            if following.strip() and len(following) - len(following.lstrip()) <= indent:
                break
            body.append(following)
        found.append(textwrap.dedent("\n".join(body)))
    return found


class Packages(harness.SiltTest):
    package = None

    @classmethod
    def setUpClass(cls):
        if not (BUILD / "symbolizer" / "silt-static").exists() or not shutil.which("patchelf"):
            return
        cls.dist = pathlib.Path(harness.tempfile.mkdtemp(prefix="silt-dist-"))
        cls.addClassCleanup(shutil.rmtree, cls.dist)
        subprocess.run([ROOT / "scripts/package", "--build", BUILD, "--dist", cls.dist, "--no-debug",
                        "tarball"], check=True, capture_output=True)
        cls.package, = cls.dist.glob("silt-*.tar.xz")

    def setUp(self):
        super().setUp()
        if self.package is None:
            self.skipTest("needs silt-static and patchelf: scripts/install_packages package")

    def unpacked(self):
        subprocess.run(["tar", "-C", self.folder, "-xJf", self.package], check=True)
        folder, = pathlib.Path(self.folder).glob("silt-*")
        return folder

    def test_nothing_but_glibc_is_needed_and_none_newer_than_2_17(self):
        for library in (self.unpacked() / "lib" / "silt").glob("*.so"):
            text = subprocess.run(["readelf", "-dVW", library], capture_output=True, text=True,
                                  check=True).stdout
            needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", text))
            self.assertLessEqual(needed, {"libc.so.6", "libdl.so.2", "ld-linux-x86-64.so.2",
                                          "libsilt-unwind-rest.so"}, library)
            for major, minor in re.findall(r"Name: GLIBC_(\d+)\.(\d+)", text):
                self.assertLessEqual((int(major), int(minor)), (2, 17), library)
            self.assertNotIn(".debug_info", subprocess.run(
                ["readelf", "-SW", library], capture_output=True, text=True, check=True).stdout)

    def test_it_runs_where_there_is_nothing_else(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, for chroot")
        root = pathlib.Path(self.folder, "root")
        program = harness.program("growth")
        (root / "proc").mkdir(parents=True)
        shutil.copytree(self.unpacked(), root / "silt")
        shutil.copy(program, root / "growth")
        needs = re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", program], capture_output=True,
                                                          text=True, check=True).stdout)
        loader_folder = next(pathlib.Path(path).parent for path in needs if "libc.so.6" in path)
        for path in [*needs, str(loader_folder / "libdl.so.2")]:
            place = root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        inside = ["unshare", "--net", "--mount", "sh", "-c",
                  'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', str(root)]
        done = subprocess.run([*inside, "/silt/bin/silt", "run", "--out", "/rec", "/growth"],
                              input="\n" * 6, capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        recording = "/rec/" + os.listdir(root / "rec")[0]
        text = subprocess.run([*inside, "/silt/bin/silt", "report", "--full", recording],
                              capture_output=True, text=True, check=True, timeout=60,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}).stdout
        self.assertRegex(text, r"add +.*growth\.cpp:\d+")
        for outer in ("handle_request", "main", "_start"):  # past frames without frame pointers
            self.assertIn(outer, text)
        self.assertNotIn("frame pointers", text)

    @harness.needs("musl-gcc")
    def test_a_program_of_musl_is_recorded(self):
        folder = self.unpacked()
        if not (folder / "lib" / "silt" / "musl").exists():
            self.skipTest("this build has no library for musl")
        source = pathlib.Path(self.folder, "small.c")
        source.write_text("#include <stdlib.h>\n__attribute__((noinline)) void* hand_out(void) "
                          "{ return malloc(12345); }\nint main(void) { return !hand_out(); }\n")
        program = os.path.join(self.folder, "small")
        subprocess.run(["musl-gcc", "-g", "-O1", "-fno-builtin", "-Wl,--eh-frame-hdr", source, "-o",
                        program], check=True)
        done = subprocess.run([folder / "bin" / "silt", "run", "--out", self.out, program],
                              capture_output=True, text=True, check=False, env=self.environment())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        stack, = self.report(self.recording("small")).with_function("hand_out")
        self.assertEqual(stack["live_bytes"][-1], 12345)
        self.assertIn("main", harness.Report.names(stack))

    def job(self, script, status, **environment):
        path = os.pathsep.join([environment.pop("FIRST", ""), os.environ["PATH"]]).lstrip(os.pathsep)
        done = subprocess.run(["bash", "-e", "-c", script], cwd=self.folder, text=True,
                              capture_output=True, check=False, timeout=120,
                              env=self.environment(PATH=path, **environment))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    @harness.needs("wrk")
    def test_the_steps_of_the_github_action(self):
        install, soak = blocks("action.yml")
        home = pathlib.Path(self.folder, "temp")
        home.mkdir()
        paths, summary = home / "paths", home / "summary"
        self.job(install, 0, GITHUB_ACTION_PATH=str(ROOT), SOAK_PACKAGE=str(self.package),
                 RUNNER_TEMP=str(home), GITHUB_PATH=str(paths))
        port = harness.free_port()
        reports = "junit html json sarif" if test_soak.writes_html() else "junit json sarif"
        out = self.job(soak, 1, GITHUB_ACTION_PATH=str(ROOT), FIRST=paths.read_text().strip(),
                       GITHUB_STEP_SUMMARY=str(summary), SOAK_REPORTS=reports,
                       SOAK_RUN=f"'{harness.program('session_server')}' {port} 600",
                       SOAK_LOAD=f"wrk -t1 -c4 -d2s http://127.0.0.1:{port}/", SOAK_READY="",
                       SOAK_READY_PORT=str(port), SOAK_DURATION="6s", SOAK_FOLDER="reports")
        self.assertRegex(out, r"(?m)^::error file=.*session_server\.cpp,line=\d+")
        self.assertIn("SessionTable", summary.read_text())
        for name in reports.split():
            self.assertTrue(pathlib.Path(self.folder, "reports", f"silt.{name}").stat().st_size, name)
        self.assertTrue(os.listdir(os.path.join(self.folder, "reports", "recordings")))

    def test_every_input_of_the_action_reaches_a_step(self):
        text = (ROOT / "action.yml").read_text(encoding="utf-8")
        inputs = set(re.findall(r"(?m)^  ([\w-]+):$", text.partition("runs:")[0]))
        self.assertEqual(inputs, set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", text)))
        variables = set(re.findall(r"(SOAK_\w+):", text))
        scripts = "".join((ROOT / "scripts/ci" / name).read_text() for name in ("install", "soak"))
        options = re.search(r"for option in (.*);", scripts).group(1).split()
        read = set(re.findall(r"\$\{?(SOAK_[A-Z_]+)", scripts)) | {
            "SOAK_" + option.upper().replace("-", "_") for option in options}
        self.assertEqual(variables, read - {"SOAK_"})

    @harness.needs("wrk")
    def test_the_script_of_the_gitlab_component(self):
        script, = blocks("templates/silt-soak.yml")
        port = harness.free_port()
        for name, value in {
                "package": str(self.package), "run": f"{harness.program('session_server')} {port} 600",
                "options": f"--duration 6s --ready-port {port} "
                           f"--load 'wrk -t1 -c4 -d2s http://127.0.0.1:{port}/'"}.items():
            script = script.replace(f"$[[ inputs.{name} ]]", value)
        self.assertNotIn("$[[", script)
        self.job(script, 1)
        self.assertIn("SessionTable", pathlib.Path(self.folder, "silt.xml").read_text())


if __name__ == "__main__":
    harness.main()
