"""Which labels can be the folder of a class. Pure rules, no I/O."""

import hashlib
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from sagui.device.capture.errors import CaptureError

MAX_LABEL_CHARACTERS = 200
"""As many as training and a bundle's manifest take."""

MAX_NAME_BYTES = 255
"""As many as file systems take in one name."""

_KEPT_CHARACTERS = 40


def check_label(written: str) -> str:
    """Gives the folder's name for a label: without space around it, in Unicode's composed form, as training reads it.

    Raises:
        CaptureError: It is empty, hidden, a path, too long, or cannot be shown.
    """
    label = unicodedata.normalize("NFC", written.strip())
    reason = _wrong(label)
    if reason:
        raise CaptureError(f"label {_shown(written)} {reason}")
    return label


def check_twins(label: str, folders: Iterable[str]) -> None:
    """Makes sure that no other folder differs from a label only in what nobody sees.

    Args:
        label: From `check_label`.
        folders: The folders that are there.

    Raises:
        CaptureError: There is one; training would refuse the two.
    """
    for folder in folders:
        if folder != label and _folded(folder) == _folded(label):
            raise CaptureError(
                f"label {label!r} differs from the folder {folder!r} only by case or space; use {folder!r}"
            )


def folder_of(label: str) -> str:
    """Makes a folder's name of any label, for those that a model brings; most stay as they are.

    Others are percent-encoded, as in a URL: ``T-shirt/top`` becomes ``T-shirt%2Ftop``. What is too long is cut, and
    ends with a part of its SHA-256.
    """
    try:
        return check_label(label)
    except CaptureError:
        pass
    name = quote(label, safe=" ", errors="surrogatepass").replace(".", "%2E")
    if len(name) > MAX_LABEL_CHARACTERS:
        digest = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()
        name = f"{name[:_KEPT_CHARACTERS]}-{digest[:16]}"
    return name.strip() or "%20"


def _wrong(label: str) -> str:
    if not label:
        return "is empty; write what the photos show"
    if "/" in label or "\\" in label:
        return "has a slash; a label is one folder's name, not a path"
    if label.startswith("."):
        return "begins with a dot; that would be a hidden folder, or another place"
    if not label.isprintable():
        return "holds characters that cannot be shown; write it anew"
    if len(label) > MAX_LABEL_CHARACTERS or len(label.encode()) > MAX_NAME_BYTES:
        return f"is too long; {MAX_LABEL_CHARACTERS} characters and {MAX_NAME_BYTES} bytes at most"
    return ""


def _shown(label: str) -> str:
    return repr(label) if len(label) <= _KEPT_CHARACTERS else f"{label[:_KEPT_CHARACTERS]!r}..."


def _folded(label: str) -> str:
    return " ".join(unicodedata.normalize("NFC", label).lower().split())
