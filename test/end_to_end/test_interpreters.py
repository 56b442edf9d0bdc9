# SPDX-License-Identifier: Apache-2.0
"""Interpreters that silt does not join: the report says which one it is, that its functions have no
names, and what makes its blocks seen one by one."""

import harness
from harness import needs

PHP = """
$kept = [];
for ($round = 0; $round < 6; $round++) {
  for ($i = 0; $i < 400; $i++) $kept[] = str_repeat("x", 1000 + $i % 3);
  posix_kill(getmypid(), SIGUSR2);
}
"""
# Ruby has handlers of its own for the usual signals.
RUBY = """
kept = []
6.times { 400.times { |i| kept << "x" * (1000 + i % 3) }; Process.kill(:WINCH, Process.pid) }
"""
PERL = """
my @kept;
for (1 .. 6) { push @kept, "x" x (1000 + $_ % 3) for 1 .. 400; kill "USR2", $$ }
"""


class InterpretersTest(harness.SiltTest):
    def told_of(self, *arguments, **settings):
        """The report in words, and how many blocks of the texts' size there are."""
        status, _, errors = self.run_program(list(arguments), settings={"SILT_AT_EXIT": "0",
                                                                        **settings})
        self.assertEqual(status, 0, errors)
        text = " ".join(self.tool("report", self.recording())[0].split())
        blocks = sum(stack["live_blocks"][-1] for stack in self.report().stacks
                     if 1000 * stack["live_blocks"][-1] < stack["live_bytes"][-1]
                     < 1200 * stack["live_blocks"][-1])
        return text, blocks

    @needs("php")
    def test_php_that_is_not_joined_and_the_setting_that_opens_its_allocator(self):
        text, blocks = self.told_of("php", "-r", PHP, SILT_PHP="0")
        self.assertIn("this program runs PHP, whose functions this recording does not name", text)
        self.assertIn("USE_ZEND_ALLOC=0", text)
        self.assertLess(blocks, 100)

    def test_a_python_that_was_not_tried_is_left_alone_and_told_in_one_line(self):
        status, out, errors = self.run_program([harness.program("old_python")])
        self.assertEqual((status, out), (0, "3.6.15\n"))
        self.assertEqual(errors.count("\n"), 1, errors)
        self.assertIn("this version of CPython was not tried with silt", errors)
        text = " ".join(self.tool("report", self.recording())[0].split())
        self.assertIn("Python before 3.11 was not joined", text)

    def test_a_php_that_was_not_tried_is_left_alone_and_told_in_one_line(self):
        for name, why, version in (
                ("other_php", "this version of PHP was not tried with silt (8.2 was)", "PHP 7.4.33"),
                ("threaded_php", "it was built for threads (ZTS)", "PHP")):
            with self.subTest(name):
                status, out, errors = self.run_program([harness.program(name)])
                self.assertEqual((status, out), (0, "ran\n"))
                self.assertEqual(errors.count("\n"), 1, errors)
                self.assertIn(why, errors)
                text = " ".join(self.tool("report", self.recording(name))[0].split())
                self.assertIn(f"{version} was not joined: {why}", text)

    @needs("php")
    def test_php_with_that_setting(self):
        _, blocks = self.told_of("php", "-r", PHP, USE_ZEND_ALLOC="0")
        self.assertGreaterEqual(blocks, 2400)

    @needs("ruby")
    def test_ruby(self):
        text, blocks = self.told_of("ruby", "-e", RUBY, SILT_SIGNAL="WINCH")
        self.assertIn("this program runs Ruby, whose functions silt does not name", text)
        self.assertIn("silt sees only the pages of Ruby's own heap", text)
        self.assertGreaterEqual(blocks, 2400)

    @needs("perl")
    def test_perl(self):
        text, blocks = self.told_of("perl", "-e", PERL)
        self.assertIn("this program runs Perl, whose functions silt does not name", text)
        self.assertGreaterEqual(blocks, 2400)


if __name__ == "__main__":
    harness.main()
