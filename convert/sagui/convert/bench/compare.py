"""Cards or bundles side by side. Pure rules, no I/O."""

from collections.abc import Callable, Iterator, Sequence

from sagui.bundle.manifest import Manifest
from sagui.convert.bench.card import Card, Measured, accuracy_of, shared_threads
from sagui.convert.bench.show import NOT_TOLD, megabytes, milliseconds
from sagui.convert.bench.table import Sheet, Table

_SAME = 0.03
"""Medians that are so near are not told apart: from one measurement to the next they move as much."""

Row = tuple[str, ...]


def compare_cards(cards: Sequence[Card], names: Sequence[str]) -> Sheet:
    """Puts report cards side by side.

    Args:
        cards: Two or more; the first is what the others are compared with.
        names: What each is called.
    """
    tables = [Table(("card", *names), _card_facts(cards))]
    counts = sorted({one.threads for card in cards for one in card.measured})
    tables += [Table((_threads(count), *names), _measured_rows(cards, count)) for count in counts]
    return Sheet(
        title="In brackets: as a multiple of the first.",
        tables=tuple(tables),
        notes=tuple(_verdicts(cards, names)),
        warnings=tuple(_card_warnings(cards, names)),
    )


def compare_bundles(manifests: Sequence[Manifest], names: Sequence[str]) -> Sheet:
    """Puts bundles side by side, by what their manifests say.

    Args:
        manifests: Of two bundles or more.
        names: What each is called.
    """
    sizes = [float(manifest.files["model.tflite"].bytes) for manifest in manifests]
    rows = (
        ("model", *(f"{manifest.name} {manifest.version}" for manifest in manifests)),
        ("backbone", *(manifest.training.backbone for manifest in manifests)),
        (
            "input",
            *(f"{manifest.input.width} x {manifest.input.height} {manifest.input.dtype}" for manifest in manifests),
        ),
        ("labels", *(f"{len(manifest.labels):,}" for manifest in manifests)),
        ("quantization", *(manifest.quantization.mode for manifest in manifests)),
        ("model.tflite", *_against_first(sizes, lambda size: megabytes(int(size)))),
        *_accuracy_rows(manifests),
        (
            "photos",
            *(f"{manifest.training.dataset} {manifest.training.dataset_fingerprint[:8]}" for manifest in manifests),
        ),
    )
    return Sheet(
        title="In brackets: as a multiple of the first.",
        tables=(Table(("bundle", *names), rows),),
        warnings=tuple(_bundle_warnings(manifests, names)),
    )


def _bundle_warnings(manifests: Sequence[Manifest], names: Sequence[str]) -> Iterator[str]:
    if len({manifest.training.dataset_fingerprint for manifest in manifests}) > 1:
        yield "the bundles were made of different photos, so their accuracies are not of the same test"
    for name, manifest in zip(names, manifests, strict=True):
        if manifest.quantization.forced:
            yield f"{name}: shipped although the gate refused it: {'; '.join(manifest.quantization.forced)}"


def _accuracy_rows(manifests: Sequence[Manifest]) -> Iterator[Row]:
    pairs = [accuracy_of(one.metrics.exported.accuracy, one.metrics.float.accuracy) for one in manifests]
    yield ("test photos", *(f"{pair.exported.n:,}" for pair in pairs))
    yield ("top-1", *(f"{pair.exported.value:.1%}" for pair in pairs))
    yield ("95 % interval", *(f"{pair.exported.low:.1%} to {pair.exported.high:.1%}" for pair in pairs))
    yield ("float top-1", *(f"{pair.float.value:.1%}" for pair in pairs))
    yield ("change against float", *(f"{pair.change_points:+.1f} points" for pair in pairs))
    yield ("macro F1", *(f"{manifest.metrics.exported.macro_f1:.3f}" for manifest in manifests))


def _card_facts(cards: Sequence[Card]) -> tuple[Row, ...]:
    sizes = [float(card.model.bytes) for card in cards]
    return (
        ("model", *(f"{card.model.name} {card.model.version or ''}".strip() for card in cards)),
        ("quantization", *(card.model.quantization or NOT_TOLD for card in cards)),
        ("model.tflite", *_against_first(sizes, lambda size: megabytes(int(size)))),
        ("top-1", *(f"{card.accuracy.exported.value:.1%}" if card.accuracy else NOT_TOLD for card in cards)),
        ("change against float", *(_change(card) for card in cards)),
        ("board", *(card.board.name or NOT_TOLD for card in cards)),
        ("CPU", *(card.board.cpu or NOT_TOLD for card in cards)),
        ("governor", *(card.board.before.governor or NOT_TOLD for card in cards)),
        ("runtime", *(card.measured[0].runtime for card in cards)),
        ("frame", *(f"{card.frame.source}, {card.frame.width} x {card.frame.height}" for card in cards)),
        ("measured", *(card.created for card in cards)),
    )


def _change(card: Card) -> str:
    return f"{card.accuracy.change_points:+.1f} points" if card.accuracy else NOT_TOLD


_MEASURES: tuple[tuple[str, Callable[[Measured], float | None], Callable[[float], str]], ...] = (
    ("end to end, p50", lambda one: one.end_to_end.p50_ms, milliseconds),
    ("end to end, p90", lambda one: one.end_to_end.p90_ms, milliseconds),
    ("end to end, p99", lambda one: one.end_to_end.p99_ms, milliseconds),
    ("invoke only, p50", lambda one: one.invoke.p50_ms, milliseconds),
    ("invoke only, p90", lambda one: one.invoke.p90_ms, milliseconds),
    ("invoke only, p99", lambda one: one.invoke.p99_ms, milliseconds),
    ("frames per second", lambda one: one.frames_per_second, lambda value: f"{value:,.1f}"),
    ("first inference", lambda one: one.first_ms, milliseconds),
    ("load", lambda one: one.load_ms, milliseconds),
    ("peak memory", lambda one: one.memory.peak_bytes, lambda value: megabytes(int(value))),
    ("resident, model loaded", lambda one: one.memory.resident_bytes, lambda value: megabytes(int(value))),
    ("energy per frame", lambda one: one.energy.millijoules if one.energy else None, lambda value: f"{value:,.1f} mJ"),
)


def _measured_rows(cards: Sequence[Card], threads: int) -> tuple[Row, ...]:
    columns = [_at(card, threads) for card in cards]
    rows = []
    for what, number, words in _MEASURES:
        cells = _against_first([number(one) if one else None for one in columns], words)
        rows.append((what, *(cell if one else "not measured" for cell, one in zip(cells, columns, strict=True))))
    return tuple(rows)


def _against_first(values: Sequence[float | None], words: Callable[[float], str]) -> Row:
    """Words for each value, and for all but the first what multiple of the first it is."""
    first, cells = values[0], []
    for number, value in enumerate(values):
        multiple = f" ({value / first:.2f})" if number and first and value is not None else ""
        cells.append(NOT_TOLD if value is None else f"{words(value)}{multiple}")
    return tuple(cells)


def _at(card: Card, threads: int) -> Measured | None:
    return next((one for one in card.measured if one.threads == threads), None)


def _verdicts(cards: Sequence[Card], names: Sequence[str]) -> Iterator[str]:
    for threads in shared_threads(cards):
        first, *others = [one.end_to_end.p50_ms for card in cards if (one := _at(card, threads))]
        for name, other in zip(names[1:], others, strict=True):
            yield (
                verdict(names[0], name, first, other)
                + f" at {_threads(threads)} ({milliseconds(other)} against {milliseconds(first)})"
            )


def verdict(first: str, other: str, first_ms: float, other_ms: float) -> str:
    """Says which of two is faster.

    Args:
        first: Its name.
        other: The other's.
        first_ms: Its median time, end to end.
        other_ms: The other's.

    >>> verdict("a", "b", 12.0, 10.0), verdict("a", "b", 10.0, 10.1)
    ('b is 1.20 times as fast as a', 'b is as fast as a, within 3 %')
    """
    if max(first_ms, other_ms) <= (1 + _SAME) * min(first_ms, other_ms):
        return f"{other} is as fast as {first}, within {_SAME:.0%}".replace("%", " %")
    if other_ms < first_ms:
        return f"{other} is {first_ms / other_ms:.2f} times as fast as {first}"
    return f"{first} is {other_ms / first_ms:.2f} times as fast as {other}"


def _card_warnings(cards: Sequence[Card], names: Sequence[str]) -> Iterator[str]:
    if len({(card.board.name, card.board.cpu, card.board.cores) for card in cards}) > 1:
        yield "the cards are of different boards"
    if len({card.measured[0].runtime for card in cards}) > 1:
        yield "the cards are of different runtimes"
    if len({(card.frame.height, card.frame.width) for card in cards}) > 1:
        yield "the frames had different sizes, so end to end differs by more than the model; compare invoke only"
    for name, card in zip(names, cards, strict=True):
        for warning in card.warnings:
            yield f"{name}: {warning}"


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"
