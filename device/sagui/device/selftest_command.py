"""`sagui selftest`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from sagui.device.selftest import SelfTest, run_selftest
from sagui.errors import SaguiError
from sagui.infer.runtimes.device import parse_device


@click.command("selftest", short_help="Prove a bundle on this machine.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="cpu, edgetpu, edgetpu:N, the path of a delegate library, or auto: an Edge TPU if the bundle is for one.",
)
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Told to the delegate; may be repeated.")
@click.option(
    "--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="CPU threads for the network."
)
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
@click.pass_context
def selftest(
    ctx: click.Context, model: Path, device: str, options: tuple[str, ...], threads: int, *, as_json: bool
) -> None:
    """Reproduce the golden frames of MODEL, a bundle (.sagui), with this machine's runtime and delegate.

    Exits with 0 if all are met, else with 1 and the reason. A runtime or a delegate that crashes or hangs on the model
    does so in a process of its own.
    """
    told = dict(_pair(option) for option in options)
    try:
        passed = run_selftest(model, threads, parse_device(device, told))
    except SaguiError as error:
        if not as_json:
            raise
        click.echo(json.dumps({"ok": False, "error": " ".join(str(error).split())}))
        ctx.exit(1)
    click.echo(json.dumps({"ok": True, **asdict(passed)}) if as_json else _shown(passed))


def _pair(option: str) -> tuple[str, str]:
    name, equals, value = option.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{option!r} is no NAME=VALUE", param_hint="--option")
    return name, value


def _shown(passed: SelfTest) -> str:
    threads = f"{passed.threads} thread{'s' * (passed.threads > 1)}"
    rows = {
        "runtime": f"{passed.runtime}, {threads}",
        "device": passed.device,
        "frames": f"{passed.frames} golden frames reproduced",
        "difference": f"{passed.difference:g} {passed.unit} at most; {passed.tolerance:g} allowed",
        "time": f"{passed.load_ms:.0f} ms to load, {passed.frame_ms:.2f} ms a frame",
    }
    lines = [f"{passed.model} {passed.version}: proven on this machine"]
    lines += [f"  {name:<11} {value}" for name, value in rows.items()]
    return "\n".join(lines + [f"note: {note}" for note in passed.notes])
