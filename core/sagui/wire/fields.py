"""The kinds of numbers and texts that payloads are made of, with what is allowed of each."""

from typing import Annotated, Literal

import msgspec

VERSION: Literal[1] = 1

# `$` alone lets a line feed through in Python, and `\d` the digits of every script.
Time = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$(?!\n)",
        description="RFC 3339, UTC, with milliseconds.",
    ),
]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, description="Milliseconds.")]
Seconds = Annotated[float, msgspec.Meta(ge=0, description="Seconds.")]
Bytes = Annotated[int, msgspec.Meta(ge=0, description="Bytes.")]
StreamName = Annotated[
    str,
    msgspec.Meta(pattern=r"^[a-z0-9-]{1,63}$(?!\n)", description="Which part of the camera; null where it has one."),
]
