# SPDX-License-Identifier: Apache-2.0
"""What silt needs of its caller's stack is little and measured; running into its end, and leaving
hooks by exceptions, cancellation and pthread_exit, does no harm."""

import harness


class StackRoom(harness.SiltTest):
    # Bytes on top of what the same call takes without silt, loader's work at the first call
    # included on both sides.
    MOST_IN_HOOKS = 1280
    # The kernel's frame for a handler and silt's own part; its registers take up to 11 KiB on
    # processors with the widest ones.
    MOST_IN_SNAPSHOT = 12 * 1024 + 1280

    def used(self, **options):
        status, out, _ = self.run_program([harness.program("little_room"), "measure"], **options)
        self.assertEqual(status, 0, out)
        lines = [line.split(" ") for line in out.splitlines() if line.startswith("used ")]
        self.assertEqual(len(lines), 20)
        return [(name, int(size)) for _, name, size in lines]

    def test_a_hook_takes_little_of_its_callers_stack(self):
        def ignore():
            harness.signal.signal(harness.signal.SIGUSR2, harness.signal.SIG_IGN)
        plain = self.used(silt=False, preexec_fn=ignore)
        for interval in ("0", "1"):
            for (name, without), (_, with_silt) in zip(
                    plain, self.used(settings={"SILT_SAMPLE": interval})):
                most = self.MOST_IN_SNAPSHOT if name == "snapshot" else self.MOST_IN_HOOKS
                self.assertLessEqual(with_silt - without, most, f"{name}, SILT_SAMPLE={interval}")

    def test_running_into_the_end_of_the_stack_at_every_point_of_a_hook(self):
        report, lines = self.run_victim("little_room", "overflow")
        self.check_expectations(report, lines)

    def test_exceptions_cancellation_and_pthread_exit_out_of_hooks(self):
        report, lines = self.run_victim("unwound")
        self.check_expectations(report, lines)
        status, out, err = self.run_program([harness.program("unwound")],
                                            settings={"SILT_SAMPLE": "1"})
        self.assertEqual((status, out.splitlines()[-1:], err), (0, ["ready done"], ""))


if __name__ == "__main__":
    harness.main()
