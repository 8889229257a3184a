"""The race with MediaPipe in short: it runs, and reports what it promises. No time is judged."""

from pathlib import Path

from tests.bench.mediapipe import classifier_vs_mediapipe


def test_both_are_timed_on_the_same_file(mediapipe: Path) -> None:
    row = classifier_vs_mediapipe(photos=2, rounds=2)
    assert (row.name, row.unit, row.against) == (
        "classifier_vs_mediapipe",
        "ms",
        "MediaPipe 1.2.2 ImageClassifier, one thread",
    )
    assert row.value > 0
    assert row.against_value > 0
