"""A model as C source, for microcontrollers that have no files. Pure, no I/O."""

import re
from collections.abc import Sequence

_PER_LINE = 12
_BYTES = [f"0x{byte:02x}" for byte in range(256)]

_HEADER = """\
#ifndef {guard}
#define {guard}

#ifdef __cplusplus
extern "C" {{
#endif

{declarations}

#ifdef __cplusplus
}}
#endif

#endif /* {guard} */
"""


def write_c_array(model: bytes, name: str, labels: Sequence[str] = ()) -> dict[str, str]:
    """Writes a model as a C array, which C++ can use as well.

    TensorFlow Lite for Microcontrollers reads a model where it lies, and wants it on a border of 16 bytes.

    Args:
        model: The TFLite file's content.
        name: What to call it; what C does not allow in a name becomes ``_``.
        labels: One for each output, to be written as an array of strings in UTF-8; none, no array.

    Returns:
        The text of the header and of the source, by file name: ``NAME_model.h`` and ``NAME_model.c``.
    """
    identifier = c_identifier(name)
    stem = f"{identifier}_model"
    declarations = [
        f"extern const unsigned char {stem}[] __attribute__((aligned(16)));",
        f"extern const unsigned int {stem}_len;",
    ]
    definitions = [
        f"const unsigned char {stem}[] __attribute__((aligned(16))) = {{\n{_rows(model)}\n}};",
        f"const unsigned int {stem}_len = {len(model)};",
    ]
    if labels:
        strings = ",\n".join(f"    {c_string(label)}" for label in labels)
        declarations += [
            f"extern const char* const {identifier}_labels[];",
            f"extern const unsigned int {identifier}_labels_len;",
        ]
        definitions += [
            f"const char* const {identifier}_labels[] = {{\n{strings}\n}};",
            f"const unsigned int {identifier}_labels_len = {len(labels)};",
        ]
    header = _HEADER.format(guard=f"{stem.upper()}_H", declarations="\n".join(declarations))
    source = "\n\n".join([f'#include "{stem}.h"', *definitions])
    return {f"{stem}.h": header, f"{stem}.c": f"{source}\n"}


def c_identifier(name: str) -> str:
    """Makes a name that C and C++ allow, and keep for no purpose of their own.

    >>> [c_identifier(name) for name in ("solar-cells", "3d", "Größe", "--")]
    ['solar_cells', 'sagui_3d', 'Gr_e', 'sagui']
    """
    # No two underscores in a row and none in front: C++ keeps such names for itself.
    safe = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_")
    if not safe or safe[0].isdigit():
        return f"sagui_{safe}".rstrip("_")
    return safe


def c_string(text: str) -> str:
    r"""Writes a string literal of the text in UTF-8.

    >>> print(c_string('a "wet" leaf'))
    "a \042wet\042 leaf"
    """
    # Octal escapes end after three digits; hexadecimal ones would swallow what follows. ?? would begin a trigraph.
    plain = set(range(32, 127)) - set(b'"\\?')
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()) + '"'


def _rows(content: bytes) -> str:
    starts = range(0, len(content), _PER_LINE)
    return ",\n".join("    " + ", ".join(_BYTES[b] for b in content[at : at + _PER_LINE]) for at in starts)
