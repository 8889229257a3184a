"""A Ray cluster of two machines, on one."""

import logging
import os
from collections.abc import Iterator

import pytest

MIB = 2**20


@pytest.fixture(scope="session")
def installed_ray() -> None:
    """Ray; without it, a skip on a user's machine and a failure in CI."""
    try:
        import ray  # noqa: F401
    except ModuleNotFoundError:
        reason = "Ray is not installed: pip install 'sagui[ray]'"
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def two_machines(installed_ray: None) -> Iterator[None]:
    """Joins a cluster of two nodes with one processor each."""
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 100 * MIB}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        cluster.add_node(**node)
        ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()
