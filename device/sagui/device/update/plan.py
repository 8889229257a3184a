"""From settings to what an updater takes."""

from pathlib import Path

from sagui.device.config.rules import parse_window
from sagui.device.config.settings import Settings
from sagui.device.errors import SourceError
from sagui.device.update.policy import Policy
from sagui.device.update.rules import Window
from sagui.device.update.trust import Registry, check_root


def policy(settings: Settings) -> Policy:
    """Gives what a person chose."""
    update = settings.update
    return Policy(
        groups=tuple(dict.fromkeys(update.groups)),
        follow=update.follow,
        every_s=update.every_s,
        pinned=update.pin,
        window=Window(*parse_window(update.window)) if update.window else None,
        shadow_frames=update.shadow_frames,
        dwell_s=update.dwell_s,
    )


def registry(settings: Settings, state: Path) -> Registry | None:
    """Gives where new models come from; None where the settings name nothing."""
    update = settings.update
    if update.registry is None or update.root is None:
        return None
    return Registry(update.registry, Path(update.root), state)


def trouble(settings: Settings, source: Registry | None) -> str | None:
    """Says why no update could be had from the registry, whatever it answers; None if nothing is wrong. Asks nobody.

    Args:
        settings: The device's.
        source: What `registry` made of them.
    """
    try:
        if source is not None:
            source.check()
        elif settings.update.root is not None:
            check_root(Path(settings.update.root))
    except SourceError as error:
        return str(error)
    return None
