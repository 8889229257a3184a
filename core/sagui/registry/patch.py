"""What makes one bundle of another: a zstd frame whose dictionary is the whole old bundle, as ``zstd --patch-from``.

The frame says how long its content is, and carries a checksum. A patch is nothing but a shorter way: what it gives is
checked against the hash that was signed for the whole bundle.
"""

from typing import TYPE_CHECKING

from sagui.registry.errors import RegistryError

if TYPE_CHECKING:
    import zstandard

LEVEL = 19
_SMALLEST_WINDOW = 10
_LARGEST_WINDOW = 31


def make_patch(old: bytes, new: bytes) -> bytes:
    """Gives what `apply_patch` makes ``new`` of, with ``old`` at hand; the same two give the same bytes.

    Args:
        old: The bundle that is there already.
        new: The bundle that is wanted; not empty.

    Raises:
        RegistryError: A bundle is too large for a patch, or there is nothing to make.
    """
    import zstandard

    if not new:
        raise RegistryError("a patch to an empty file cannot be made")
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL,
        source_size=len(new),
        dict_size=len(old),
        window_log=_window_log(len(old), len(new)),
        enable_ldm=True,
        write_content_size=True,
        write_checksum=True,
        write_dict_id=False,
    )
    compressor = zstandard.ZstdCompressor(dict_data=_dictionary(old), compression_params=parameters)
    return compressor.compress(new)


def apply_patch(old: bytes, patch: bytes, size: int) -> bytes:
    """Makes the new bundle.

    Args:
        old: The bundle that the patch was made for.
        patch: What `make_patch` gave, or anything else.
        size: How many bytes were signed for; no more is ever written, whatever the patch says.

    Raises:
        RegistryError: It is no patch, not for this bundle, or not to this size.
    """
    import zstandard

    try:
        says = zstandard.get_frame_parameters(patch)
        # The decompressor takes the room that the frame asks for before it reads on.
        if says.content_size != size or not size:
            raise RegistryError(f"the patch makes {says.content_size} bytes; {size} were signed")
        window_bytes = 1 << _window_log(len(old), size)
        if says.window_size > max(window_bytes, size):
            raise RegistryError(f"the patch asks for a window of {says.window_size} bytes; {window_bytes} are enough")
        decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(old), max_window_size=window_bytes)
        return decompressor.decompress(patch, max_output_size=size, allow_extra_data=False)
    except (zstandard.ZstdError, MemoryError) as error:
        raise RegistryError(f"the patch cannot be applied: {error}") from error


def _dictionary(old: bytes) -> "zstandard.ZstdCompressionDict | None":
    import zstandard

    # A bundle that happens to begin like a trained dictionary is content all the same.
    return zstandard.ZstdCompressionDict(old, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if old else None


def _window_log(old_bytes: int, new_bytes: int) -> int:
    """Gives the window in which all of both bundles can be pointed at, as a power of two."""
    log = max((old_bytes + new_bytes).bit_length(), _SMALLEST_WINDOW)
    if log > _LARGEST_WINDOW:
        raise RegistryError(f"bundles of {old_bytes} and {new_bytes} bytes are too large for a patch")
    return log
