"""Weights in a torch pickle are read without running what else may be in it."""

import pickle
from pathlib import Path

import pytest

from sagui.train.backbones import efficientnet_lite0
from sagui.train.backbones.torch_pickle import read_tensors
from sagui.train.errors import WeightsError


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.witness,))


def test_a_weights_file_runs_no_code(tmp_path: Path) -> None:
    witness, path = tmp_path / "witness", tmp_path / "evil.pth"
    path.write_bytes(b"".join(pickle.dumps(part) for part in (0x1950A86A20F9469CFC6C, 1001, Evil(witness))))
    with pytest.raises(WeightsError, match="which is not a tensor"):
        read_tensors(path)
    assert not witness.exists()


def test_a_truncated_weights_file_is_refused(tmp_path: Path) -> None:
    whole = efficientnet_lite0._weights_file().read_bytes()
    path = tmp_path / "cut.pth"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=r"cut.pth"):
        read_tensors(path)
