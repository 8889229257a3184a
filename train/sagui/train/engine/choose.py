"""An engine by its name."""

from sagui.train.engine.local import LOCAL
from sagui.train.engine.port import Engine
from sagui.train.errors import EngineError

ENGINES = ("local", "ray")


def choose_engine(name: str) -> Engine:
    """Finds an engine; Ray is imported when it is asked for.

    Raises:
        EngineError: Ray is not installed, or no cluster can be reached or started.
    """
    if name == "local":
        return LOCAL
    try:
        from sagui.train.engine.ray import RayEngine
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise EngineError("--engine ray needs Ray: pip install 'sagui[ray]'") from error
    return RayEngine.connect()
