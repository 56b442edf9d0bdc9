# SPDX-License-Identifier: Apache-2.0
"""Programs on PHP with nothing but LD_PRELOAD: each stack has the functions and lines that PHP
itself says, and the program cannot tell the difference."""

import os
import pathlib
import re
import subprocess
import unittest

import harness

APPS = harness.HERE / "php"


def find_php():
    for binary in ("php8.2", "php"):
        try:
            text = subprocess.run([binary, "-n", "-r", "echo PHP_VERSION, PHP_ZTS;"], check=True,
                                  capture_output=True).stdout.decode()
        except (OSError, subprocess.CalledProcessError):
            continue
        if re.fullmatch(r"8\.2\.\d+\S*0", text):
            return binary
    return None


PHP = find_php()
# What a worker does over and over. A full cache, or none.
WORKER = """<?php
class Agent {
    private static array $spans = [];
    public static function record(int $n): void {
        self::$spans[] = ["job" => "SendMail#" . $n, "text" => str_repeat("x", BYTES)];
        if (count(self::$spans) > BOUND) self::$spans = [];
    }
}
function render(int $n): string {
    $rows = [];
    for ($i = 0; $i < 20; $i++) $rows[] = "row $i of $n";
    return implode("\\n", $rows);
}
for ($round = 0; $round < 12; $round++) {
    for ($i = 0; $i < 200; $i++) {
        render($i);
        Agent::record($i);
    }
    posix_kill(getmypid(), SIGUSR2);
    usleep(20000);
}
"""
# Files whose code is compiled into the same place, one after the other.
TEMPLATES = """<?php
class Keep { public static array $all = []; }
for ($i = 0; $i < 30; $i++) { include __DIR__ . "/first.php"; include __DIR__ . "/second.php"; }
posix_kill(getmypid(), SIGUSR2);
"""
# What is joined without being noted in its frame, line by line.
TEXTS = """<?php
class Text { public string $p = "pppp"; public static array $all = []; }
function same($x) { return $x; }
function lines(string $s, int $i, Text $o): array {
    $i = $i + 1;

    $a = $s . $s;

    $b = "constant" . $s;
    $j = $i * 2;

    $c = $o->p . $s;

    $d = same($s . "argument");
    if ($i > 0) {
        $e = $s . "branch";
    }

    $f = "text {$s} in {$s}";
    $g = $s;
    $g .= "more";

    return [
        $a, $b, $c, $d, $e, $f, $g];
}
$s = str_repeat("s", 3000);
$o = new Text();
for ($i = 0; $i < 40; $i++) Text::$all[] = lines($s, $i, $o);
posix_kill(getmypid(), SIGUSR2);
"""


@unittest.skipIf(PHP is None, "not installed: php 8.2 without threads")
class PhpTest(harness.SiltTest):
    def run_php(self, *arguments, **settings):
        done = subprocess.run([PHP, *arguments],
                              env=self.silt_environment(**{"USE_ZEND_ALLOC": "0",
                                                           "SILT_AT_EXIT": "0", **settings}),
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=harness.TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace")[-2000:])
        return done.stdout.decode(), done.stderr.decode()

    def run_text(self, text, **settings):
        path = pathlib.Path(self.folder, "program.php")
        path.write_text(text)
        return self.run_php(str(path), **settings)

    def stacks(self, function):
        """Of the recording: (bytes of a block, blocks, frames of PHP as "function:line ...")."""
        text, _ = self.tool("report", "--format", "json", "--top", 1000000, "--function", function,
                            self.recording())
        found = []
        for stack in harness.Report(text).stacks:
            blocks = stack["live_blocks"][-1]
            if blocks == 0:
                continue
            frames = [frame for frame in stack["frames"] if frame["kind"] == "php"]
            found.append((stack["live_bytes"][-1] / blocks, blocks,
                          " ".join(f"{frame['function']}:{frame['line'] or 0}"
                                   for frame in frames)))
        return found

    def check_shapes(self, *options):
        output, _ = self.run_php(*options, str(APPS / "shapes.php"))
        expected = [(int(size), frames) for size, frames in
                    re.findall(r"^stack (\d+) (.*)$", output, re.MULTILINE)]
        self.assertGreater(len(expected), 40)
        found = {}
        for size, blocks, frames in self.stacks("leaf"):
            found.setdefault(frames, []).append((size, blocks))
        for size, frames in expected:
            # Equal stacks are one, whose blocks have the mean of the sizes.
            sizes = [other for other, same in expected if same == frames]
            mean = sum(sizes) / len(sizes)
            self.assertIn((mean, len(sizes)), found.get(frames, []), f"{size} {frames}\n{found}")

    def test_each_kind_of_call_has_the_frames_that_php_tells(self):
        self.check_shapes()

    def test_and_in_compiled_code(self):
        jit = ["-d", "opcache.enable_cli=1", "-d", "opcache.jit_buffer_size=32M"]
        asked = subprocess.run([PHP, *jit, "-d", "opcache.jit=tracing", "-r",
                                "echo opcache_get_status()['jit']['on'] ? 1 : 0;"],
                               capture_output=True, check=False)
        if asked.stdout != b"1":
            self.skipTest("not installed: opcache with its JIT")
        for kind in ("function", "tracing"):
            with self.subTest(kind):
                self.out = os.path.join(self.folder, kind)
                self.check_shapes(*jit, "-d", f"opcache.jit={kind}")

    def test_and_with_every_stack_compared_with_a_walk_of_another_kind(self):
        _, errors = self.run_php(str(APPS / "shapes.php"), SILT_VERIFY_WALK="1")
        self.assertRegex(errors, r"of allocations: \d{4,}, different: 0\n$")

    def test_texts_that_are_joined_have_the_line_that_joins_them(self):
        self.run_text(TEXTS)
        large = {frames for size, blocks, frames in self.stacks("lines")
                 if size > 3000 and blocks >= 39}
        expected = {f"lines:{line} {{main}}:28" for line in (7, 9, 12, 14, 16, 19, 21)}
        self.assertEqual(large, expected)

    def test_a_leak_is_named_by_function_and_line_and_a_full_cache_is_none(self):
        text = WORKER.replace("BYTES", "100")
        output, errors = self.run_text(text.replace("BOUND", "1e9"))
        self.assertEqual((output, errors), ("", ""))
        report = " ".join(self.tool("report", self.recording())[0].split())
        self.assertIn("1 leak", report)
        self.assertRegex(report, r"LEAK memory allocated in Agent::record \S*program\.php:5 ")
        self.assertNotIn("zend", report)
        self.assertNotIn("USE_ZEND_ALLOC", report)
        self.out = os.path.join(self.folder, "healthy")
        self.run_text(text.replace("BOUND", "150"))
        self.assertNotIn("LEAK", self.tool("report", self.recording())[0])

    def test_with_phps_own_allocator_the_whole_is_told_with_the_places_as_leads(self):
        self.run_text(WORKER.replace("BYTES", "12000").replace("BOUND", "1e9"),
                      USE_ZEND_ALLOC="1")
        report = " ".join(self.tool("report", self.recording())[0].split())
        self.assertEqual(report.count("LEAK ") + report.count("GROWING "), 1, report)
        self.assertIn("LEAK memory of mappings as a whole", report)
        self.assertIn("> Agent::record", report)
        self.assertRegex(report, r"note: PHP 8\.2\.\d+ cuts its blocks out of chunks")
        self.assertIn("USE_ZEND_ALLOC=0", report)

    def test_sampled_stacks_have_php_frames(self):
        self.run_text(WORKER.replace("BYTES", "5000").replace("BOUND", "1e9"), SILT_SAMPLE="16K")
        frames = [frames for _, blocks, frames in self.stacks("record") if blocks > 100]
        self.assertIn("str_repeat:0 Agent::record:5 {main}:17", frames)

    def test_code_that_takes_another_files_place_has_its_own_name(self):
        for name, size in (("first", 7000), ("second", 9000)):
            pathlib.Path(self.folder, f"{name}.php").write_text(
                "<?php\n\n\n" + f"Keep::$all[] = str_repeat('x', {size});\n")
        for settings in ({}, {"SILT_SAMPLE": "8K"}):
            self.out = os.path.join(self.folder, "out" + "-".join(settings))
            self.run_text(TEMPLATES, **settings)
            text, _ = self.tool("report", "--format", "json", "--top", 1000000, "--function",
                                "str_repeat", self.recording())
            seen = set()
            for stack in harness.Report(text).stacks:
                blocks = stack["live_blocks"][-1]
                files = [os.path.basename(frame["file"]) for frame in stack["frames"]
                         if frame["kind"] == "php" and frame["file"]]
                if blocks and stack["live_bytes"][-1] / blocks > 6000:
                    small = stack["live_bytes"][-1] / blocks < 8000
                    self.assertEqual(files, ["first.php" if small else "second.php",
                                             "program.php"])
                    seen.add(files[0])
            self.assertEqual(len(seen), 2)

    def test_a_soak_opens_phps_allocator_unless_it_is_told_otherwise(self):
        program = pathlib.Path(self.folder, "program.php")
        program.write_text("<?php file_put_contents($argv[1], getenv('USE_ZEND_ALLOC'));"
                           "while (true) usleep(50000);")
        for given, expected in ((None, "0"), ("1", "1")):
            told = os.path.join(self.folder, f"told-{given}")
            settings = {} if given is None else {"USE_ZEND_ALLOC": given}
            subprocess.run([harness.TOOL, "soak", "--duration", "1s", "--warm-up", "0", "--out",
                            told + "-out", "--", PHP, program, told], capture_output=True,
                           env=self.environment(**settings), timeout=harness.TIMEOUT)
            self.assertEqual(pathlib.Path(told).read_text(), expected)

    def test_a_program_that_runs_out_of_memory_ends_as_without_silt(self):
        text = """<?php
            register_shutdown_function(function () { echo "end\\n"; });
            function fill(array &$all) { while (true) $all[] = str_repeat("x", 1000); }
            $all = [];
            fill($all);"""
        path = pathlib.Path(self.folder, "program.php")
        path.write_text(text)
        command = [PHP, "-d", "memory_limit=8M", "-d", "display_errors=1", path]
        plain = subprocess.run(command, capture_output=True, env=self.environment(), check=False)
        under = subprocess.run(command, capture_output=True, env=self.silt_environment(),
                               check=False)
        self.assertIn(b"Allowed memory size", plain.stdout)
        self.assertEqual((under.returncode, under.stdout), (plain.returncode, plain.stdout))

    def test_php_can_be_left_alone(self):
        self.run_text(WORKER.replace("BYTES", "100").replace("BOUND", "1e9"), SILT_PHP="0")
        self.assertEqual(self.stacks("Agent"), [])


if __name__ == "__main__":
    harness.main()
