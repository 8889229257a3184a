"""What predicts, as far as it is known."""

import os
import subprocess
import sys

import pytest

from sagui.train.engine import kernels

ASK = "from sagui.train.engine.kernels import threads_change_predictions; print(threads_change_predictions())"


def test_without_onednn_threads_matter() -> None:
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": "0"}
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("error", [ImportError, AttributeError])
def test_a_tensorflow_that_does_not_say_is_not_trusted(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(_name: str) -> None:
        raise error

    monkeypatch.setattr(kernels, "import_module", fail)
    assert kernels.threads_change_predictions()
