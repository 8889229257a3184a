"""What a source of models may cost a device: every limit has a name and a unit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on time, bytes and memory; a registry that exceeds one is left alone.

    The smallest rate is what the slowest mobile network gives, GPRS with one slot: slower than that is no network.

    Attributes:
        connect_s: Until there is a connection.
        silence_s: Until the first line of an answer is whole, and between any two pieces of it.
        refresh_s: For all signed lists together.
        download_s: For one file of a model; what is there by then is kept for the next attempt.
        window_s: Over which the rate of a download is taken.
        least_bytes_per_s: The rate below which a download is given up.
        chunk_bytes: Read at once.
        redirects: Followed one after another.
        bundle_bytes: The largest bundle that is fetched, however it is signed.
        patch_bytes: The largest sum of the old and the new bundle that a patch is applied to: the old one is in memory
            twice then, and the new one once.
    """

    connect_s: float = 20.0
    silence_s: float = 30.0
    refresh_s: float = 300.0
    download_s: float = 6 * 3600.0
    window_s: float = 60.0
    least_bytes_per_s: int = 500
    chunk_bytes: int = 1 << 16
    redirects: int = 5
    bundle_bytes: int = 1 << 30
    patch_bytes: int = 64 << 20


LIMITS = Limits()
"""What a device in the field uses."""
