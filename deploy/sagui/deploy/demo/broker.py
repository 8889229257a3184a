"""An MQTT broker inside this process, for a desk: amqtt, on a free port of the loopback.

It speaks MQTT 3.1.1 alone. For anything that lasts, use mosquitto.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amqtt.broker import Broker
from amqtt.errors import AMQTTError

from sagui.deploy.demo.errors import DemoError

_HOST = "127.0.0.1"
_START_SECONDS = 10.0


@contextmanager
def local_broker() -> Iterator[str]:
    """Runs a broker as long as the block.

    Yields:
        Its address, ``mqtt://127.0.0.1:PORT``.

    Raises:
        DemoError: It does not start.
    """
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(pass_over_timeouts)
    thread = threading.Thread(target=loop.run_forever, name="broker", daemon=True)
    thread.start()
    port = _free_port()
    try:
        broker = asyncio.run_coroutine_threadsafe(_start(port), loop).result(_START_SECONDS)
    except (AMQTTError, OSError, TimeoutError) as error:
        raise DemoError(f"the broker does not start on {_HOST}:{port}: {error}; use --broker") from error
    try:
        yield f"mqtt://{_HOST}:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(broker.shutdown(), loop).result(_START_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_SECONDS)


def pass_over_timeouts(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tells of what went wrong in the broker, but not of acknowledgements that it missed.

    amqtt looks for one only after it has sent the message: on a busy machine the answer is quicker, and amqtt waits 5
    seconds for what has come already. The message has arrived.
    """
    if not isinstance(context.get("exception"), TimeoutError):
        loop.default_exception_handler(context)


async def _start(port: int) -> Broker:
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{_HOST}:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    return broker


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
