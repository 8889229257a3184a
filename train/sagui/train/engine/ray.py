"""Tasks on the machines of a Ray cluster, or on all cores of this one."""

import itertools
import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

# Read when Ray is imported: it calls nobody, and what it says of its workers does not get in between our own lines.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")

import ray
from ray import cloudpickle
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
    WorkerCrashedError,
)

from sagui.train.engine.kernels import threads_change_predictions
from sagui.train.engine.port import Item, Result
from sagui.train.errors import EngineError

MAX_RETRIES = 3
"""How often a task is run again whose worker died."""
_QUEUED = 2  # tasks per processor: one runs, and the next is there when it ends
_TRAININGS = 20
"""After so many a worker is replaced: TensorFlow keeps the graphs of networks that are gone, some 30 MB for each."""
_REACH_S = 5.0


class RayEngine:
    """An `Engine` on the cluster that Ray is connected to.

    A task gets one processor, or one GPU where the cluster has some. Its worker computes with as many threads as this
    process would, since what is learned depends on their number; one, if what the task computes does not.
    """

    name = "ray"
    remote = True

    @classmethod
    def connect(cls) -> "RayEngine":
        """Joins the cluster this process is in or ``RAY_ADDRESS`` names, or starts one on this machine.

        Raises:
            EngineError: It cannot be reached or started.
        """
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        if ray.is_initialized():
            return cls()
        address = os.environ.get("RAY_ADDRESS")
        # Started by us, it lives as long as this process and has no web page.
        options = {} if address else {"address": "local", "include_dashboard": False}
        try:
            _check_reachable(address or "")
            ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
        except (RayError, RuntimeError, ValueError, OSError) as error:
            what = f"RAY_ADDRESS={address}: no Ray cluster can be joined there" if address else "Ray cannot be started"
            raise EngineError(
                f"{what}: {_first_line(error)}; start one with `ray start --head`, leave RAY_ADDRESS out, or work with "
                "--engine local"
            ) from error
        return cls()

    def map(self, task: Callable[[Any, Item], Result], shared: object, items: Iterable[Item]) -> Iterator[Result]:
        """See `Engine.map`."""
        send, room = _sender(task, shared), _room()
        waiting: deque[Any] = deque()
        with _cancelled(waiting):
            for item in items:
                waiting.append(send(item))
                if len(waiting) >= room:
                    yield _result(waiting.popleft())
            while waiting:
                yield _result(waiting.popleft())

    def as_done(
        self, task: Callable[[Any, Item], Result], shared: object, items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | EngineError]]:
        """See `Engine.as_done`."""
        send, room, source = _sender(task, shared), _room(), iter(items)
        running: dict[Any, Item] = {}
        with _cancelled(running):
            while True:
                running.update((send(item), item) for item in itertools.islice(source, room - len(running)))
                if not running:
                    return
                (done,), _ = ray.wait(list(running), num_returns=1)
                yield running.pop(done), _result_or_loss(done)


def _room() -> int:
    """How many tasks may be under way."""
    return _QUEUED * max(1, int(ray.cluster_resources().get("GPU" if _gpus() else "CPU", 1)))


def _gpus() -> int:
    """How many GPUs a task gets."""
    return 1 if ray.cluster_resources().get("GPU") else 0


def _sender(task: Callable[[Any, Any], Any], shared: object) -> Callable[[Any], Any]:
    """What gives an item to a worker."""
    work = ray.put(cloudpickle.dumps((task, shared)))
    learns = not getattr(task, "single_threaded", False)
    one_will_do = not (learns or _gpus() or threads_change_predictions())
    remote = ray.remote(
        num_cpus=1,
        num_gpus=_gpus(),
        max_retries=MAX_RETRIES,
        max_calls=_TRAININGS if learns else 0,
        runtime_env={"env_vars": _environment(1 if one_will_do else _threads())},
    )(_work)
    # In a list, it is not fetched anew for each task.
    return lambda item: remote.remote([work], item)


def _threads() -> int:
    """How many threads TensorFlow computes with in this process."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS") or len(os.sched_getaffinity(0)))


def _environment(threads: int) -> dict[str, str]:
    return {
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        # Several processes use a GPU in turn; TensorFlow would take all of its memory for the first.
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }


_opened: dict[str, Any] = {}


def _work(work: list[Any], item: Any) -> Any:  # noqa: ANN401 (whatever a task takes and gives)
    """Runs in a worker, which opens a task and what it shares once."""
    (reference,) = work
    name = reference.hex()
    if name not in _opened:
        _opened.clear()
        _opened[name] = cloudpickle.loads(ray.get(reference))
    task, shared = _opened[name]
    return task(shared, item)


@contextmanager
def _cancelled(pending: Iterable[Any]) -> Iterator[None]:
    """Takes back what nobody waits for any more when the block is left."""
    try:
        yield
    finally:
        # Where Ray is gone already, asking would start it again.
        for reference in pending if ray.is_initialized() else ():
            ray.cancel(reference)


def _result_or_loss(reference: Any) -> Any:  # noqa: ANN401 (whatever a task gives)
    try:
        return _result(reference)
    except EngineError as error:
        return error


def _result(reference: Any) -> Any:  # noqa: ANN401 (whatever a task gives)
    try:
        return ray.get(reference)
    except RayTaskError as error:
        if isinstance(error.cause, RayError) or error.cause is None:
            raise EngineError(f"Ray could not run a task: {_first_line(error.cause or error)}") from error
        # What the task raised, as if it had been raised here.
        raise error.cause from error
    except OutOfMemoryError as error:
        raise EngineError(
            "a task was ended again and again because its machine ran out of memory; let fewer run at a time (`ray "
            "start --num-cpus`), or choose smaller photos or batches"
        ) from error
    except (WorkerCrashedError, NodeDiedError, LocalRayletDiedError) as error:
        raise EngineError(
            f"the worker of a task died {MAX_RETRIES + 1} times, most likely for want of memory; let fewer run at a "
            "time (`ray start --num-cpus`), or work with --engine local to see what ends it"
        ) from error
    except RayError as error:
        raise EngineError(f"Ray could not run a task: {_first_line(error)}; --engine local works without it") from error


def _check_reachable(address: str) -> None:
    """Asks whether anybody is there, since Ray itself takes minutes to find out.

    Raises:
        OSError: Nobody listens at ``HOST:PORT``.
    """
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _REACH_S).close()


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
