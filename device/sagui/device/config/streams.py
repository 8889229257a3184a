"""The streams that settings ask for, with what each takes over from the whole. Pure rules, no I/O."""

from dataclasses import dataclass

from sagui.device.cameras.geometry import Region
from sagui.device.config.rules import parse_agree, parse_region
from sagui.device.config.settings import Settings, Stream
from sagui.device.decide import Steadiness


@dataclass(frozen=True)
class StreamPlan:
    """One region of the camera, and the model that looks at it.

    Attributes:
        name: None for the only stream, if it has none.
        region: None is all of the picture.
        model: A path; None where nobody named one yet.
        labels: A path. Those of the whole belong to the model of the whole.
        rules: How steady the state is to be.
    """

    name: str | None
    region: Region | None
    model: str | None
    labels: str | None
    rules: Steadiness


def plan_streams(settings: Settings) -> tuple[StreamPlan, ...]:
    """Gives each stream what it does not set itself; without any, there is one of the whole picture.

    Args:
        settings: Checked ones, as `sagui.device.config.merge` gives them.
    """
    return tuple(_plan(stream, settings) for stream in settings.stream or (Stream(),))


def _plan(stream: Stream, settings: Settings) -> StreamPlan:
    whole = settings.decide
    agree, window = parse_agree(whole.agree if stream.agree is None else stream.agree)
    return StreamPlan(
        name=stream.name,
        region=None if stream.region is None else parse_region(stream.region),
        model=stream.model or settings.model,
        labels=stream.labels or (None if stream.model else settings.labels),
        rules=Steadiness(
            agree,
            window,
            dwell_s=whole.dwell_s if stream.dwell_s is None else stream.dwell_s,
            hysteresis=whole.hysteresis if stream.hysteresis is None else stream.hysteresis,
            every_s=whole.every_s if stream.every_s is None else stream.every_s,
        ),
    )
