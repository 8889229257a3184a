"""From settings to streams: models loaded, and proven on this machine."""

from collections.abc import Sequence
from pathlib import Path

from sagui.device.config.streams import StreamPlan
from sagui.device.decide import Decider
from sagui.device.errors import DeviceError
from sagui.device.events import Events
from sagui.device.streams import Stream
from sagui.infer.load import LoadedModel, load_model
from sagui.infer.runtimes.device import Device


def open_streams(plans: Sequence[StreamPlan], threads: int, device: Device, events: Events) -> tuple[Stream, ...]:
    """Loads each model once, whatever the number of streams that use it, and has it reproduce its golden frames.

    Args:
        plans: What is looked at, and by which model.
        threads: CPU threads of each network; they run one after another.
        device: Where networks run.
        events: Told ``ready`` of each model, and what a person should know about it.

    Raises:
        BundleError: A bundle is damaged or not readable.
        InferError: A model does not run here, or does not reproduce its golden frames.
        DeviceError: A stream has no model.
    """
    loaded: dict[tuple[str, str | None], LoadedModel] = {}
    streams = []
    for plan in plans:
        if plan.model is None:
            raise DeviceError(f"stream {plan.name or 1} has no model; name one for it, or one for all")
        which = (plan.model, plan.labels)
        if which not in loaded:
            model = load_model(Path(plan.model), Path(plan.labels) if plan.labels else None, threads, device)
            _prove(model, events)
            loaded[which] = model
        classifier = loaded[which].classifier
        decider = Decider(classifier.labels, classifier.decision, plan.rules)
        streams.append(Stream(plan.name, loaded[which], decider, plan.region))
    return tuple(streams)


def _prove(model: LoadedModel, events: Events) -> None:
    runtime = model.classifier.runtime.name
    for note in model.notes:
        events.say("warning", note)
    proof = model.prove()
    if proof is None:
        events.say("ready", f"{model.name} on {runtime}; a plain TFLite file, so nothing proves it", golden=None)
        return
    events.say(
        "ready",
        f"{model.name} {model.version} on {runtime}: {proof.count} golden frames reproduced "
        f"(largest difference {proof.difference:g} {proof.unit})",
        golden={"count": proof.count, "difference": proof.difference, "unit": proof.unit},
    )
