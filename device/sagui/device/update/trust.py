"""The registry that the settings name, and the keys that a person chose to trust."""

from pathlib import Path

from sagui.device.errors import SourceError
from sagui.device.update.source import Candidate, Progress, Source

FOLDER = "registry"
"""In the state folder: what was seen of registries so far."""

EXTRA = "pip install 'sagui[update]'"

_LARGEST_ROOT_BYTES = 512_000


def read_root(path: Path) -> bytes:
    """Reads the trusted root.

    Raises:
        SourceError: It is not there, or too large to be one.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_ROOT_BYTES + 1)
    except OSError as error:
        raise SourceError(
            f"{path}: the trusted root cannot be read: {error.strerror}; copy the registry's root.json there"
        ) from error
    if not content or len(content) > _LARGEST_ROOT_BYTES:
        raise SourceError(f"{path}: no root.json, it has {'no content' if not content else 'too much in it'}")
    return content


def check_root(path: Path) -> bytes:
    """Reads the trusted root, and sees whether it is one; gives it.

    Raises:
        SourceError: It is none, or the packages are missing that could tell.
    """
    content = read_root(path)
    try:
        from sagui.device.update.diagnosis import is_root
    except ModuleNotFoundError as error:
        raise SourceError(f"updates need {error.name}: {EXTRA}") from error
    if not is_root(content):
        raise SourceError(f"{path}: no root.json of a registry; copy the registry's root.json there")
    return content


class Registry:
    """A `Source` that is opened when it is asked for the first time: until then, TUF's packages are not loaded."""

    def __init__(self, url: str, root: Path, state: Path) -> None:
        """Asks nobody, and reads nothing.

        Args:
            url: http, https or file.
            root: The file whose keys are trusted.
            state: The device's state folder.
        """
        self._url, self._root, self._folder = url, root, state / FOLDER
        self._opened: Source | None = None

    def find(self, model: str, version: str | None) -> Candidate:
        """See `Source.find`."""
        return self._open().find(model, version)

    def fetch(self, candidate: Candidate, to: Path, have: Path | None, progress: Progress) -> None:
        """See `Source.fetch`."""
        self._open().fetch(candidate, to, have, progress)

    def check(self) -> None:
        """Looks at what is needed on this device: the address, and the root. Asks nobody.

        Raises:
            SourceError: It cannot be used.
        """
        self._open()

    def _open(self) -> Source:
        if self._opened is None:
            root = check_root(self._root)
            try:
                from sagui.device.update.tuf_source import TufSource
            except ModuleNotFoundError as error:
                raise SourceError(f"updates need {error.name}: {EXTRA}") from error
            self._opened = TufSource(self._url, root, self._folder)
        return self._opened
