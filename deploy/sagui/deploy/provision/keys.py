"""Public SSH keys, and the private one that must never reach a card."""

import base64
import binascii
import struct

from sagui.deploy.provision.errors import ProvisionError

_KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
_LONGEST_LINE = 16_384


def public_keys(text: str, source: str) -> tuple[str, ...]:
    """Reads the keys of a ``.pub`` file or of ``authorized_keys`` without options.

    Args:
        text: The file's text; empty lines and comments are left out.
        source: What the file is called, for messages.

    Raises:
        ProvisionError: There is none; one is damaged; or a private key is in it.
    """
    if "PRIVATE KEY" in text:
        raise ProvisionError(f"{source}: a private key; it must stay where it is: name its public half, {source}.pub")
    lines = [line.strip() for line in text.splitlines()]
    keys = tuple(_checked(line, source) for line in lines if line and not line.startswith("#"))
    if not keys:
        raise ProvisionError(f"{source}: no public key in it; ssh-keygen -t ed25519 makes one")
    return keys


def _checked(line: str, source: str) -> str:
    kind, _, rest = line.partition(" ")
    body = rest.strip().partition(" ")[0]
    if kind not in _KINDS or len(line) > _LONGEST_LINE or not line.isprintable():
        raise ProvisionError(f"{source}: {line[:20]!r}... is no public SSH key; it begins as 'ssh-ed25519 AAAA...'")
    try:
        blob = base64.b64decode(body, validate=True)
        (length,) = struct.unpack_from(">I", blob)
    except (binascii.Error, struct.error) as error:
        raise ProvisionError(f"{source}: the {kind} key is damaged; copy it again") from error
    # RFC 4253, 6.6: a key's first field is its kind again.
    if blob[4 : 4 + length] != kind.encode() or len(blob) <= 4 + length:
        raise ProvisionError(f"{source}: the {kind} key is damaged; copy it again")
    return line
