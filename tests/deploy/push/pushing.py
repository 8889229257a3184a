"""`sagui push` as a test calls it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

INTERRUPT_S = 60


PHRASE = "by the river"


def options_for(servers: Any, client_key: Path, tmp_path: Path, registry: Path | None) -> list[str]:
    known = tmp_path / "known_hosts"
    known.write_text("".join(server.known for server in servers))
    programs = {str(one.folder / "sagui" / "sagui") for one in servers}
    trust = ["--registry", str(registry)] if registry else ["--unsigned"]
    words = ["--identity", str(client_key), "--known-hosts", str(known), "--no-sudo", *trust]
    return [*words, "--remote-sagui", min(programs)]


def _in_background(work: Callable[[], object]) -> Any:
    import threading

    thread = threading.Thread(target=work)
    thread.start()
    return thread
