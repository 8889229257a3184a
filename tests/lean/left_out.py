"""Tests of the device that cannot run without what the workstation has, each with its reason.

`plugin.py` leaves these out and no others, and refuses a run in which one is skipped; `test_left_out.py` counts them.
"""

from enum import Enum


class Reason(Enum):
    """Why a test is left out. There are no other reasons."""

    LITERT = "it asks for LiteRT by name"
    TENSORFLOW = "it runs TensorFlow"
    WORKSTATION = "it holds the device against the workstation's code"
    SURVIVES = "it is about a file that ends LiteRT's process; tflite-runtime lives, and its outputs are refused"
    CRASH = "tflite-runtime ends the process over a file that LiteRT refuses"
    ITSELF = "it starts this environment itself"


_DELEGATES, _LOAD, _SELFTEST = (
    "tests/core/infer/test_delegates.py",
    "tests/core/infer/test_load.py",
    "tests/device/test_selftest.py",
)

_BY_REASON = {
    Reason.LITERT: (
        f"{_DELEGATES}::test_a_delegate_that_works_is_used",
        f"{_DELEGATES}::test_a_delegate_that_does_not_work_is_told_in_one_line",
        f"{_DELEGATES}::test_a_delegate_that_hangs_costs_the_time_limit_alone",
        f"{_DELEGATES}::test_a_library_that_is_not_there_is_looked_for_once",
        f"{_DELEGATES}::test_what_is_no_delegate_library_is_told",
        f"{_DELEGATES}::test_the_next_runtime_is_tried_where_the_first_crashes",
        f"{_DELEGATES}::test_a_device_that_is_gone_after_the_trial_is_told",
        f"{_DELEGATES}::test_a_model_that_survived_is_not_tried_again",
        f"{_DELEGATES}::test_a_model_that_failed_is_tried_again",
        f"{_DELEGATES}::test_one_step_must_not_change_a_name",
        f"{_DELEGATES}::test_a_crash_while_it_runs_is_met_in_the_trial",
        f"{_DELEGATES}::test_auto_takes_the_cpu_where_no_edge_tpu_works_and_says_why",
        f"{_LOAD}::test_each_runtime_gives_the_same",
        f"{_LOAD}::test_a_runtime_that_only_imports_is_passed_over",
        f"{_SELFTEST}::test_a_bundle_is_proven",
        f"{_SELFTEST}::test_a_delegate_is_tested_with_its_options",
    ),
    Reason.TENSORFLOW: (
        f"{_LOAD}::test_a_network_without_an_input_is_refused",
        f"{_DELEGATES}::test_tensorflows_interpreter_takes_delegates_too",
    ),
    Reason.WORKSTATION: ("tests/device/capture/test_bursts.py", "tests/device/update/test_published.py"),
    Reason.SURVIVES: (
        f"{_DELEGATES}::test_a_model_that_ends_the_process_is_an_error",
        f"{_DELEGATES}::test_loading_with_a_probe_survives_such_a_model",
        f"{_SELFTEST}::test_a_model_that_crashes_the_runtime_is_told",
        "tests/device/update/test_at_work.py::test_a_model_that_ends_the_process_ends_another_one",
    ),
    # What says TFL3 and goes on with garbage.
    Reason.CRASH: (f"{_LOAD}::test_what_is_no_tflite_file_is_refused[\\x1c",),
    Reason.ITSELF: ("tests/core/infer/test_lean.py",),
}

LEFT_OUT: dict[str, Reason] = {name: reason for reason, names in _BY_REASON.items() for name in names}
"""A file, a function, or a function with the beginning of its parameters."""


def matches(nodeid: str, name: str) -> bool:
    """Whether a test, by pytest's name for it, is one of those that ``name`` names."""
    return nodeid == name or nodeid.startswith(name if "[" in name else (f"{name}::", f"{name}["))
