"""The reports of bundles: somebody's HTML, which must not get the dashboard's rights."""

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

from sagui.deploy.dashboard.models.shelf import Shelf
from sagui.errors import SaguiError

# In a sandbox it is of no origin: it runs no script, sends no form, opens nothing and reads nothing of ours.
_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def add_reports(app: FastAPI, shelf: Shelf | None) -> None:
    """Adds ``/report/MODEL/VERSION``.

    Args:
        app: To this.
        shelf: Has the bundles; None where no registry was given.
    """

    @app.get("/report/{model}/{version}")
    def report(model: str, version: str) -> Response:
        if shelf is None:
            return PlainTextResponse("no registry was given; start the dashboard with --registry DIR", 404)
        try:
            html = shelf.report(model, version)
        except SaguiError as error:
            return PlainTextResponse(f"{' '.join(str(error).split())}\n", 404)
        return Response(html, media_type="text/html", headers=_HEADERS)
