"""How tests ask for the registry's versions and reports."""

import hashlib
from collections.abc import Callable

from fastapi import FastAPI
from starlette.testclient import TestClient

from sagui.deploy.dashboard.door.access import Door
from sagui.deploy.dashboard.door.gate import Gate
from sagui.deploy.dashboard.models.contents import Contents
from sagui.deploy.dashboard.models.reports import add_reports
from sagui.deploy.dashboard.models.shelf import Shelf
from sagui.registry import Index, Published

Eventually = Callable[..., bool]


EVIL = "<script>alert(1)</script><form action=/login method=post></form>"


def client(shelf: Shelf | None, door: Door | None = None) -> TestClient:
    app = FastAPI(openapi_url=None)
    add_reports(app, shelf)
    return TestClient(Gate(app, door), base_url="http://localhost:8080", follow_redirects=False)


def versions(contents: Contents) -> dict[str, list[str]]:
    assert contents.listed
    return {name: [one.version for one in index.versions] for name, index in contents.listed.models.items()}


def index(model: str, *versions: str) -> Index:
    def published(version: str) -> Published:
        sha256 = hashlib.sha256(f"{model} {version}".encode()).hexdigest()
        return Published(
            version=version, path=f"{model}/{version}", sha256=sha256, bytes=1, published="2026-11-21T10:00:00Z"
        )

    return Index(model=model, latest=versions[-1], versions=tuple(map(published, versions)))
