"""The solar cells, as their authors published them."""

from collections import Counter
from pathlib import Path

import pytest

from sagui.train.datasets import elpv
from sagui.train.datasets.elpv import read_elpv
from sagui.train.errors import DatasetError


def test_it_is_the_dataset_of_the_paper() -> None:
    dataset = read_elpv()
    assert dataset.labels == ("functional", "defective")
    # Deitsch et al. 2019, table 1: 1508 functional, 295 doubtful, 106 likely, 715 surely defective.
    assert Counter(photo.label for photo in dataset.photos) == {0: 1508 + 295, 1: 106 + 715}
    assert len({photo.stratum for photo in dataset.photos}) == 8
    assert all(dataset.path(photo).is_file() for photo in dataset.photos)


def test_photos_the_experts_were_unsure_of_weigh_half() -> None:
    weights = Counter((photo.label, photo.weight) for photo in read_elpv().photos)
    assert weights == {(0, 1.0): 1508, (0, 0.5): 295, (1, 0.5): 106, (1, 1.0): 715}


def test_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> object:
        raise ModuleNotFoundError(package)

    monkeypatch.setattr(elpv, "files", missing)
    with pytest.raises(DatasetError, match="pip install elpv-dataset"):
        read_elpv()


@pytest.mark.parametrize("table", ["images/1.png 0.0\n", "images/1.png often mono\n", "\xff"])
def test_a_table_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "labels.csv").write_text(table, "latin-1")
    monkeypatch.setattr(elpv, "files", {"elpv_dataset": tmp_path}.__getitem__)
    with pytest.raises(DatasetError, match=r"labels.csv cannot be read.*pip install --force-reinstall"):
        read_elpv()
