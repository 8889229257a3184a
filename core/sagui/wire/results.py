"""What the device sees: each classification, and the present label."""

from typing import Annotated, Literal

import msgspec

from sagui.wire.fields import Count, Milliseconds, Share, StreamName, Time


class LabelScore(msgspec.Struct, frozen=True, kw_only=True):
    """A label and how sure the network is of it, calibrated."""

    label: str
    score: Share


class ModelRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which model saw it. A plain TFLite file has its file name and version ``0.0.0``."""

    name: str
    version: str


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Which frame of the camera it was.

    Attributes:
        index: Counts the camera's frames from 0.
        source: The photo's file name, where the camera is a folder.
    """

    index: Count
    source: str | None = None


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Where the time went: from the frame's arrival to the decision."""

    preprocess: Milliseconds
    infer: Milliseconds
    total: Milliseconds


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One decided classification.

    Attributes:
        id: Unique for ever: the agent's start, and a counter. A reader that drops an id it knows sees each result once.
        top: The best labels, best first.
        stream: Which part of the camera was looked at, where there are several.
    """

    v: Literal[1] = 1
    id: str
    time: Time
    label: str
    score: Share
    top: tuple[LabelScore, ...]
    model: ModelRef
    frame: Frame
    latency_ms: Latency
    stream: StreamName | None = None


Length = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a picture: shares of its width and height, from the upper left corner.

    Attributes:
        x: Left edge.
        y: Upper edge.
        width: With `x` it is at most 1. What the last digits make of a sum is for the reader to bear.
        height: With `y` it is at most 1.
    """

    x: Share
    y: Share
    width: Length
    height: Length


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The present label: what a dashboard shows after a restart.

    Attributes:
        score: How sure the network was when the label began.
        stream: Which part of the camera it is of, where there are several.
        region: Where in the snapshot that is; null where all of it is looked at, or nobody said.
    """

    v: Literal[1] = 1
    label: str
    score: Share
    since: Time
    model: ModelRef
    stream: StreamName | None = None
    region: Region | None = None
