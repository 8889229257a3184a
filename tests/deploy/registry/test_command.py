import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sagui.deploy.registry.command import publish, registry
from sagui.deploy.registry.errors import BehindError, ForeignError, PublishError
from sagui.deploy.registry.keyring.command import keys
from sagui.deploy.registry.keyring.passphrase import VARIABLE


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which commands are given; no variable of the user's is seen."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("SAGUI_KEYS", "SAGUI_REGISTRY", VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return folder


def call(command: click.Command, *arguments: object, status: int = 0) -> Result:
    done = CliRunner().invoke(command, [str(one) for one in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status, done.output
    return done


def test_from_keys_to_a_checked_registry(here: Path, make_bundle: Any) -> None:
    made = call(keys, "init", "--root-dir", "../stick", "--root-keys", 2).output
    assert "registry/root.json is what devices are given to trust" in made
    assert "1 of 2 root keys must sign" in made
    first = call(publish, make_bundle("1.0.0")).output
    assert "a key of its own for pets" in first
    assert "pets==1.0.0: " in first
    second = call(publish, make_bundle("1.1.0", head=b"x")).output
    assert re.search(r"patch of \d\.\d kB, in place of \d+\.\d kB", second)
    assert "the latest is 1.1.0" in second
    assert "nothing changed" in call(publish, make_bundle("1.1.0", head=b"x")).output
    assert "renewed timestamp; devices accept it until" in call(publish, "--refresh").output
    assert "0 problems" in call(registry, "verify").output


def test_what_is_listed(here: Path, make_bundle: Any) -> None:
    call(keys, "init")
    assert "no model is published yet" in call(registry, "list").output
    for version in ("1.0.0", "1.1.0"):
        call(publish, make_bundle(version, head=version.encode()))
    table = call(registry, "list").output
    assert "1.1.0 (latest)" in table
    assert re.search(r"1\.1\.0 \(latest\) .* 1 of \d\.\d kB ", table)
    assert re.search(r"1\.0\.0 .* none ", table)
    assert "expires: root 20" in table
    answer = json.loads(call(registry, "list", "--json").output)
    assert [one["version"] for one in answer["models"]["pets"]["versions"]] == ["1.0.0", "1.1.0"]
    assert answer["models"]["pets"]["latest"] == "1.1.0"
    assert answer["expires"].keys() == {"root", "targets", "snapshot", "timestamp", "pets"}


def test_a_registry_of_which_nothing_was_withdrawn_says_so(here: Path) -> None:
    call(keys, "init")
    assert "no version was withdrawn" in call(registry, "list", "--withdrawn").output


def test_a_version_that_is_worse_is_published_with_a_warning(here: Path, make_bundle: Any) -> None:
    call(keys, "init")
    assert "accuracy of pets==1.0.0: 95.0% of 1000" in call(publish, make_bundle("1.0.0", hits=950)).output
    worse = call(publish, make_bundle("1.1.0", hits=800))
    assert "accuracy of pets==1.1.0: 80.0% of 1000" in worse.stdout
    assert "the latest before it, pets==1.0.0: 95.0% of 1000" in worse.stdout
    assert "warning: pets==1.1.0 is clearly worse than pets==1.0.0" in worse.stderr
    assert "1.1.0 (latest)" in call(registry, "list").output
    assert "warning" not in call(publish, make_bundle("1.2.0", hits=810)).output


def test_keys_are_listed_and_changed(here: Path, make_bundle: Any) -> None:
    call(keys, "init")
    call(publish, make_bundle())
    rotated = call(keys, "rotate", "timestamp").output
    assert "the new key of timestamp" in rotated
    assert "is of no use any more; delete it" in rotated
    assert "root is version 2" in rotated
    modelled = call(keys, "rotate", "pets").output
    assert "the new key of pets" in modelled
    assert "targets names the new key of pets" in modelled
    assert "root did not change" in modelled
    assert "root is version" not in modelled
    assert "root is version 3" in call(keys, "renew").output
    rows = json.loads(call(keys, "list", "--json").output)
    used = {row["role"] for row in rows if row["used"]}
    assert used == {"root", "targets", "snapshot", "timestamp", "pets"}
    assert {row["role"] for row in rows if not row["used"]} == {"pets", "timestamp"}
    shutil.rmtree(here / "keys" / "root")
    assert "not here" in call(keys, "list").output
    assert "0 problems" in call(registry, "verify").output


def test_root_s_numbers_are_for_root(here: Path) -> None:
    call(keys, "init")
    assert "are for root" in call(keys, "rotate", "timestamp", "--root-keys", 2, status=2).output


def test_versions_are_withdrawn(here: Path, make_bundle: Any) -> None:
    call(keys, "init")
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        call(publish, make_bundle(version))
    assert "withdrawn: pets==1.0.0\n" in call(registry, "prune", "--keep", 2).output
    assert "withdrawn: pets==1.2.0\n" in call(registry, "prune", "pets==1.2.0").output
    with pytest.raises(PublishError, match=r"pets==1\.0\.0 was withdrawn on"):
        call(publish, make_bundle("1.0.0", head=b"other"))
    assert "withdrawn" not in call(registry, "list").output
    shown = call(registry, "list", "--withdrawn").output
    assert re.findall(r"^withdrawn: (\S+) on 20\d\d-\d\d-\d\d$", shown, re.MULTILINE) == ["pets==1.0.0", "pets==1.2.0"]
    assert json.loads(call(registry, "list", "--json").output)["withdrawn"]["pets"].keys() == {"1.0.0", "1.2.0"}
    assert "1.1.0 (latest)" in call(registry, "list").output


def test_a_broken_registry_fails(here: Path, make_bundle: Any) -> None:
    call(keys, "init")
    call(publish, make_bundle())
    next(here.glob("registry/targets/pets/*.sagui")).write_bytes(b"no")
    said = call(registry, "verify", status=1).output
    assert "wrong: pets/pets-1.0.0.sagui: " in said
    assert json.loads(call(registry, "verify", "--json", status=1).stdout)["problems"]


@pytest.mark.parametrize("command", ["list", "verify"])
def test_other_and_older_registries_are_told_apart(here: Path, make_bundle: Any, command: str) -> None:
    call(keys, "init")
    call(keys, "init", "--registry", "other", "--keys", "other-keys")
    shutil.copytree(here / "registry", here / "old")
    call(publish, make_bundle())
    for folder, why, error in (("other", "is another registry", ForeignError), ("old", "is behind", BehindError)):
        if command == "verify":
            assert why in call(registry, command, "--registry", folder, status=1).output
        else:
            with pytest.raises(error, match=why):
                call(registry, command, "--registry", folder)
    call(registry, command, "--registry", "other", "--root", "other/root.json")


def test_a_passphrase_comes_from_a_file_and_is_never_shown(
    here: Path, make_bundle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "secret").write_text("correct horse\n")
    monkeypatch.setenv(VARIABLE, str(here / "secret"))
    said = call(keys, "init", "--passphrase").output + call(publish, make_bundle()).output
    assert "horse" not in said
    pems = list((here / "keys").rglob("*.pem"))
    assert len(pems) == 5
    assert all(b"ENCRYPTED" in pem.read_bytes() for pem in pems)


@pytest.mark.parametrize("arguments", [(), ("a.sagui", "--refresh")])
def test_a_bundle_or_a_refresh(arguments: tuple[str, ...]) -> None:
    assert "give a bundle to publish, or --refresh" in call(publish, *arguments, status=2).output


def test_help_needs_nothing_but_click() -> None:
    code = (
        "import sys; from sagui.deploy.registry.command import publish, registry; "
        "from sagui.deploy.registry.keyring.command import keys; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    assert not tops & {"tuf", "cryptography", "starlette", "uvicorn", "rich", "msgspec", "zstandard", "numpy"}
