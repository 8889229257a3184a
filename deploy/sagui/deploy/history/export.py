"""Results as files for other programs: CSV and Parquet."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import IO

from sagui.deploy.history.rows import Row
from sagui.wire import timestamp

COLUMNS = ("device", "id", "at", "time", "received", "label", "score", "model", "version", "stream", "latency_ms")
"""``at`` is when a result is taken to have been, ``time`` what the device said, ``received`` when it came; UTC."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_pages(pages: Iterable[list[Row]]) -> Iterator[bytes]:
    """Writes CSV (RFC 4180), a page at a time.

    A text that a spreadsheet would take for a formula gets a ``'`` before it: devices choose their labels
    (owasp.org/www-community/attacks/CSV_Injection). Parquet has them as they are.
    """
    yield _csv([COLUMNS])
    for page in pages:
        yield _csv([_line(row) for row in page])


def write_parquet(pages: Iterable[list[Row]], to: IO[bytes]) -> None:
    """Writes Parquet with times in milliseconds, UTC; needs pyarrow."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    moment = pa.timestamp("ms", tz="UTC")
    kinds = dict.fromkeys(COLUMNS, pa.string()) | dict.fromkeys(("at", "time", "received"), moment)
    kinds |= {"score": pa.float64(), "latency_ms": pa.float64()}
    schema = pa.schema(list(kinds.items()))
    names = [field.name for field in fields(Row)]
    with pq.ParquetWriter(to, schema, compression="zstd") as writer:
        for page in pages:
            columns = [[getattr(row, name) for row in page] for name in names]
            arrays = [pa.array(values, kinds[column]) for values, column in zip(columns, COLUMNS, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _csv(lines: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def _line(row: Row) -> tuple[object, ...]:
    at, time, received = _moment(row.at_ms), _moment(row.time_ms), _moment(row.received_ms)
    label, model, version = _plain(row.label), _plain(row.model), _plain(row.version)
    return (
        row.device,
        _plain(row.id),
        at,
        time,
        received,
        label,
        row.score,
        model,
        version,
        row.stream,
        row.latency_ms,
    )


def _moment(time_ms: int | None) -> str:
    return "" if time_ms is None else timestamp(time_ms / 1000)


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
