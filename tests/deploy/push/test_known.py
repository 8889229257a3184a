import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest

from sagui.deploy.push.errors import LinkError, PushError
from sagui.deploy.push.known import KnownHosts

KEY, OTHER = (asyncssh.generate_private_key("ssh-ed25519").convert_to_public() for _ in range(2))


def line(names: str, key: asyncssh.SSHKey = KEY) -> str:
    return f"{names} {key.export_public_key('openssh').decode()}"


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., KnownHosts]:
    def write(text: str, *, accept_new: bool = False) -> KnownHosts:
        (tmp_path / "known").write_text(text)
        return KnownHosts.load(tmp_path / "known", accept_new=accept_new)

    return write


def test_a_known_key_is_taken_for_its_name_and_port_alone(load: Callable[..., KnownHosts]) -> None:
    known = load(line("porch,10.0.0.7") + line("[porch]:2222", OTHER))
    assert known.refusal("porch", None, KEY) is None
    assert known.refusal("porch", 2222, OTHER) is None
    for name, port in (("shed", None), ("porch", 2200)):
        assert "is not known" in str(known.refusal(name, port, KEY))
    assert "CHANGED" in str(known.refusal("porch", 2222, KEY))


def test_names_that_openssh_hashed_are_known(load: Callable[..., KnownHosts], tmp_path: Path) -> None:
    load(line("porch") + line("[porch]:2222", OTHER))
    subprocess.run(["ssh-keygen", "-H", "-f", tmp_path / "known"], capture_output=True, check=True)
    known = KnownHosts.load(tmp_path / "known")
    assert "porch" not in (tmp_path / "known").read_text()
    assert known.refusal("porch", None, KEY) is None
    assert known.refusal("porch", 2222, OTHER) is None


def test_a_device_with_an_authority_is_never_trusted_at_first_sight(load: Callable[..., KnownHosts]) -> None:
    known = load(line("@cert-authority porch"), accept_new=True)
    assert "not signed by the authority" in str(known.refusal("porch", None, OTHER))


def test_a_new_key_goes_to_a_line_of_its_own(load: Callable[..., KnownHosts], tmp_path: Path) -> None:
    known = load(line("shed").rstrip("\n"), accept_new=True)
    for _ in range(2):
        known.remember("porch", 2222, OTHER)
    assert (tmp_path / "known").read_text() == line("shed") + line("[porch]:2222", OTHER)
    assert KnownHosts.load(tmp_path / "known").refusal("porch", 2222, OTHER) is None


def test_a_list_that_cannot_be_used_is_refused(load: Callable[..., KnownHosts], tmp_path: Path) -> None:
    for text in ("porch\n", "@nonsense porch ssh-ed25519 AAAA\n"):
        with pytest.raises(PushError, match="is no list of host keys"):
            load(text)
    (tmp_path / "folder").mkdir()
    with pytest.raises(PushError, match="cannot be read"):
        KnownHosts.load(tmp_path / "folder")
    with pytest.raises(LinkError, match="cannot be written"):
        KnownHosts(tmp_path / "folder", accept_new=True).remember("porch", None, KEY)


def test_the_users_list_need_not_be_there() -> None:
    assert "is not known" in str(KnownHosts.load(None).refusal("nowhere.invalid", None, KEY))
