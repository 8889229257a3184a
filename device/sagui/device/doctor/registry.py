"""The registry: whether it answers, and whether its lists are signed by keys that this device trusts."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.doctor.subject import Published
from sagui.device.errors import DistrustError, SourceAwayError, SourceError
from sagui.device.update.source import Source
from sagui.device.update.trust import Registry


def check_registry(published: Published, source: Source | None = None) -> list[Finding]:
    """Asks for the newest version of the model, as an agent does that knows nothing of the registry yet.

    Args:
        published: The registry.
        source: Asked instead of it.
    """
    if published.model is None:
        mend = "name a bundle (.sagui) in model: a plain TFLite file is not exchanged by updates"
        return [warning("registry", "not asked: the settings' model is no bundle that can be read", mend)]
    with TemporaryDirectory() as folder:
        try:
            found = (source or Registry(published.url, published.root, Path(folder))).find(published.model, None)
        except DistrustError as error:
            return [failed("registry", str(error), f"see that {published.root} is this registry's root.json")]
        except SourceAwayError as error:
            return [warning("registry", str(error), "the agent works without it; look at the address and the network")]
        except SourceError as error:
            return [failed("registry", str(error), "publish the model there, or mend [update] in the settings")]
    return [ok("registry", f"the latest {found.model} is {found.version}, signed by keys that this device trusts")]
