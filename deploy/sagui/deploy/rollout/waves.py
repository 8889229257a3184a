"""How a person writes a rollout's terms: waves, shares, durations, and which model in which version."""

import re
from fractions import Fraction
from itertools import pairwise

import msgspec
from semver import Version

from sagui.deploy.rollout.errors import RolloutError
from sagui.wire.updates import ModelName, ModelVersion

MOST_WAVES = 100
LONGEST_S = 30 * 86_400.0

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_SHARE = re.compile(rf"({_NUMBER})(%?)")
_DURATION = re.compile(rf"({_NUMBER})([smhd])")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_waves(text: str) -> tuple[float, ...]:
    """Reads the share of the group that each wave reaches.

    Raises:
        RolloutError: It is no such list, it does not grow, or it does not end with the whole group.

    >>> parse_waves("1,5,25,100%"), parse_waves("0.01,0.5,1")
    ((0.01, 0.05, 0.25, 1.0), (0.01, 0.5, 1.0))
    """
    numbers = [_SHARE.fullmatch(part.strip()) for part in text.split(",")]
    if not all(numbers) or len(numbers) > MOST_WAVES:
        raise RolloutError(f"waves {text!r}: write shares of the group with commas between, such as 1,5,25,100%")
    found = [(Fraction(number[1]), number[2]) for number in numbers if number]
    # The last wave is the whole group: it tells whether the numbers are per cent.
    per_cent = found[-1][0] == 100 or any(sign for _, sign in found)  # noqa: PLR2004 (per cent)
    shares = [number / 100 if per_cent else number for number, _ in found]
    if shares[-1] != 1:
        raise RolloutError(
            f"waves {text!r}: the last must be the whole group: 100%; to stop before: sagui rollout pause"
        )
    if shares[0] <= 0 or any(later <= earlier for earlier, later in pairwise(shares)):
        raise RolloutError(f"waves {text!r}: each must be greater than the one before, and the first more than 0")
    return tuple(float(share) for share in shares)


def parse_share(text: str) -> float:
    """Reads a share.

    Raises:
        RolloutError: It is none, or more than all.

    >>> parse_share("95%"), parse_share("0.95")
    (0.95, 0.95)
    """
    found = _SHARE.fullmatch(text.strip())
    share = Fraction(found[1]) / (100 if found[2] else 1) if found else None
    if share is None or share > 1:
        raise RolloutError(f"{text!r} is no share: write 95% or 0.95")
    return float(share)


def parse_duration_s(text: str) -> float:
    """Reads a duration, in seconds.

    Raises:
        RolloutError: It is none, or over 30 days.

    >>> parse_duration_s("10m"), parse_duration_s("1.5h")
    (600.0, 5400.0)
    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise RolloutError(f"{text!r} is no duration: write 30s, 10m, 2h or 1d")
    seconds = float(Fraction(found[1]) * _UNITS_S[found[2]])
    if seconds > LONGEST_S:
        raise RolloutError(f"{text!r} is too long: 30d is the most")
    return seconds


def parse_target(text: str) -> tuple[str, str]:
    """Reads which model in which version.

    Raises:
        RolloutError: It is no model and version.

    >>> parse_target("pets==1.4.0")
    ('pets', '1.4.0')
    """
    model, equal, version = text.partition("==")
    if not equal:
        raise RolloutError(f"{text!r}: write MODEL==VERSION, such as pets==1.4.0")
    try:
        msgspec.convert(model, ModelName)
    except msgspec.ValidationError as error:
        raise RolloutError(f"{model!r} is no model's name: a-z, 0-9 and -, such as pets") from error
    try:
        Version.parse(msgspec.convert(version, ModelVersion))
    except (msgspec.ValidationError, ValueError) as error:
        raise RolloutError(f"{version!r} is no version: three numbers, such as 1.4.0 (semver.org)") from error
    return model, version
