"""Where things are in a registry: a folder of static files, and the names that signatures speak of.

::

    REGISTRY/metadata/1.root.json, timestamp.json, 3.snapshot.json, 2.targets.json, 4.pets.json
    REGISTRY/targets/pets/<sha256>.pets-1.4.0.sagui

Each model is a delegation of its own, so that who may publish one may not publish all.
"""

METADATA = "metadata"
"""The folder of what is signed (python-tuf's ``metadata_base_url``)."""

TARGETS = "targets"
"""The folder of what the signatures are about (``target_base_url``)."""

ROOT = "root.json"
"""The newest root, by a name that does not change: what a device is given to trust at first."""


def bundle_path(model: str, version: str) -> str:
    """Names a bundle among the targets.

    >>> bundle_path("pets", "1.4.0")
    'pets/pets-1.4.0.sagui'
    """
    return f"{model}/{model}-{version}.sagui"


def patch_path(model: str, old_sha256: str, new_sha256: str) -> str:
    """Names the patch that makes one bundle of another.

    >>> patch_path("pets", "a" * 64, "b" * 64)
    'pets/aaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb.zst'
    """
    return f"{model}/{old_sha256[:16]}-{new_sha256[:16]}.zst"


def index_path(model: str) -> str:
    """Names the list of a model's versions.

    >>> index_path("pets")
    'pets/index.json'
    """
    return f"{model}/index.json"


def model_of(path: str) -> str:
    """Names the model that a target belongs to: the role that must have signed it.

    >>> model_of("pets/pets-1.4.0.sagui")
    'pets'
    """
    return path.partition("/")[0]
