"""Kills a publisher before and after each time it renames or deletes a file; run as a program.

``python killing.py WHAT WORK``: WORK holds ``registry``, ``keys`` and ``next.sagui``. Prints one JSON object a line for
each point: what a device saw after the kill, and after the publisher was run again.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tuf.ngclient import Updater

from sagui.deploy.registry.fetcher import BASE, FolderFetcher
from sagui.deploy.registry.prune import prune
from sagui.deploy.registry.publish import publish
from sagui.deploy.registry.refresh import refresh
from sagui.deploy.registry.rotate import Rotator
from sagui.deploy.registry.verify import verify
from sagui.registry import decode_index, index_path

NOW = datetime.now(UTC)


def do(what: str, work: Path) -> None:
    folder, keys = work / "registry", work / "keys"
    if what == "publish":
        publish(work / "next.sagui", folder, keys, now=NOW)
    elif what == "prune":
        prune(folder, keys, now=NOW, keep=1)
    elif what == "refresh":
        refresh(folder, keys, now=NOW)
    else:
        Rotator(folder, keys, now=NOW).rotate(what)


def die_at(point: int) -> None:
    """Has a rename or a deletion be the last thing this process does: odd points before one, even points after."""
    count = 0

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == point:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*arguments, **named)
            count += 1
            if count == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapped

    os.replace, os.unlink = deadly(os.replace), deadly(os.unlink)


def survives(what: str, work: Path, point: int) -> bool:
    """Runs it in a child that dies at a point; whether it came to its end."""
    child = os.fork()
    if child == 0:
        die_at(point)
        try:
            do(what, work)
        except BaseException as error:  # noqa: BLE001 (the parent is told by the status)
            print(error, file=sys.stderr)  # noqa: T201
            os._exit(3)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return False
    assert os.WEXITSTATUS(status) == 0, "the publisher failed where it should have been killed"
    return True


def look(work: Path, device: Path) -> list[str]:
    """What a device sees that has looked before, in the same folder."""
    folder = work / "registry"
    device.mkdir(exist_ok=True)
    root = (folder / "metadata" / "1.root.json").read_bytes()
    base, files = str(device), FolderFetcher(folder)
    updater = Updater(base, f"{BASE}/metadata/", base, f"{BASE}/targets/", files, bootstrap=root)
    target = updater.get_targetinfo(index_path("pets"))
    if target is None:
        return []
    index = decode_index(Path(updater.download_target(target)).read_bytes())
    return [one.version for one in index.versions]


def no_wait(fd: object) -> None:
    """The machine stays up: the disk need not be waited for, hundreds of times."""


def main(what: str, template: Path) -> None:
    os.fsync = no_wait
    for point in range(1, 400):
        work = template.with_name(f"{template.name}-{point}")
        shutil.copytree(template, work)
        device = work / "device"
        before = look(work, device)
        done = survives(what, work, point)
        killed = look(work, device)
        problems = verify(work / "registry").problems
        do(what, work)
        after = look(work, device)
        seen = {"before": before, "killed": killed, "after": after, "problems": problems, "done": done}
        print(json.dumps(seen), flush=True)  # noqa: T201 (what it is run for)
        shutil.rmtree(work)
        if done:
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
