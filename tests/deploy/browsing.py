"""The demo's last act alone: `-m tests.deploy.browsing BUNDLE PHOTOS BROKER PORT`; `own` is a broker of its own."""

import signal
import sys
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from sagui.deploy.demo.broker import local_broker
from sagui.deploy.demo.browse import Scene, browse
from sagui.deploy.demo.ending import end_well
from sagui.deploy.demo.watching import Photo
from sagui.errors import SaguiError


def main(bundle: str, photos: str, broker: str, port: str) -> int:
    """Runs it as `sagui demo` does."""
    end_well()
    seen = [Photo(path, "") for path in sorted(Path(photos).iterdir())]
    with local_broker() if broker == "own" else nullcontext(broker) as url:
        protocol = "3.1.1" if broker == "own" else "5"
        scene = Scene(url, protocol, Path(bundle), seen, ("line-1", "line-2"), int(port))
        try:
            browse(scene, Console(width=200))
        except SaguiError as error:
            sys.stdout.write(f"failed: {error}\n")
            return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(*sys.argv[1:]))
