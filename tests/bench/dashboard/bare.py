"""NiceGUI with one word on its page: the least that a page of it costs. ``bare.py PORT`` serves it."""

import sys

import uvicorn
from fastapi import FastAPI
from nicegui import ui

WORD = "nothing"


def serve(port: int) -> None:
    """Serves the page until it is stopped."""
    app = FastAPI(openapi_url=None)

    @ui.page("/")
    def page() -> None:
        ui.label(WORD)

    ui.run_with(app, tailwind=False, show_welcome_message=False)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
