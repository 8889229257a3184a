"""`sagui`: a table of commands, each imported when it is called.

So `sagui --help` costs no more than click, and a Pi without TensorFlow can run what it can.
"""

import sys
from importlib import import_module
from typing import Any, NamedTuple

import click


class _Entry(NamedTuple):
    module: str
    name: str
    extra: str
    summary: str


COMMANDS = {
    "demo": _Entry("sagui.deploy.demo.command", "demo", "demo", "Show the whole story on real photos of solar cells."),
    "train": _Entry("sagui.train.command", "train", "train", "Learn to name photos."),
    "sweep": _Entry("sagui.train.sweep.command", "sweep", "train", "Try many recipes, and keep the best."),
    "data": _Entry("sagui.train.data.command", "data", "train", "Look into photos, and write them out."),
    "compare": _Entry(
        "sagui.convert.bench.compare_command", "compare", "", "Put runs, report cards or bundles side by side."
    ),
    "convert": _Entry("sagui.convert.command", "convert", "train", "Turn a training run into a proven bundle."),
    "inspect": _Entry("sagui.convert.inspect.command", "inspect_model", "train", "Look into a model."),
    "evaluate": _Entry("sagui.convert.evaluation.command", "evaluate", "train", "Measure a model file on photos."),
    "bench": _Entry("sagui.convert.bench.command", "bench", "", "Measure how fast a model is on this machine."),
    "selftest": _Entry("sagui.device.selftest_command", "selftest", "", "Prove a bundle on this machine."),
    "doctor": _Entry(
        "sagui.device.doctor.command", "doctor", "", "Say what this machine lacks, and the command that mends it."
    ),
    "classify": _Entry("sagui.device.command", "classify", "", "Name photos with a model."),
    "run": _Entry("sagui.device.command", "run", "", "Run a model on a camera and publish what it sees."),
    "config": _Entry("sagui.device.config.command", "config", "", "Check, describe or begin a file of settings."),
    "capture": _Entry("sagui.device.capture.command", "capture", "", "Take photos for a dataset."),
    "collect": _Entry(
        "sagui.device.collect.command", "collect", "", "Say what to photograph next, from what a device collected."
    ),
    "update": _Entry("sagui.device.update.command", "update", "update", "See, take or take back this device's model."),
    "keys": _Entry(
        "sagui.deploy.registry.keyring.command", "keys", "deploy", "Make, change and list the keys of a registry."
    ),
    "publish": _Entry(
        "sagui.deploy.registry.command", "publish", "deploy", "Sign a bundle and put it into a registry."
    ),
    "registry": _Entry(
        "sagui.deploy.registry.command",
        "registry",
        "deploy",
        "Look into a registry of models, check it, prune it, serve it.",
    ),
    "rollout": _Entry(
        "sagui.deploy.rollout.command", "rollout", "deploy", "Bring a model to a group of devices in waves, and back."
    ),
    "push": _Entry("sagui.deploy.push.command", "push", "deploy", "Bring a model to devices over SSH."),
    "provision": _Entry(
        "sagui.deploy.provision.command", "provision", "deploy", "Make an SD card that boots into a running agent."
    ),
    "broker": _Entry("sagui.deploy.broker.command", "broker", "deploy", "Make a broker that lets in whom it knows."),
    "fleet": _Entry("sagui.deploy.simulate.command", "fleet", "deploy", "Simulate many devices."),
    "dashboard": _Entry("sagui.deploy.dashboard.command", "dashboard", "dashboard", "Show the fleet in a browser."),
    "monitor": _Entry("sagui.deploy.monitor.command", "monitor", "deploy", "Watch a fleet in the terminal."),
}

_NAMES = {
    "amqtt": "amqtt",
    "keras": "TensorFlow",
    "tensorflow": "TensorFlow",
    "rich": "rich",
    "jinja2": "Jinja",
    "tuf": "python-tuf",
    "nicegui": "NiceGUI",
}


class _LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (the signature is click's)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        try:
            command: click.Command = getattr(import_module(entry.module), entry.name)
        except ModuleNotFoundError as error:
            raise _explained(ctx, error, entry) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 (the signature is click's)
        from sagui.errors import SaguiError

        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:  # commands import what they need when they need it
            entry = COMMANDS.get(ctx.invoked_subcommand or "")
            raise _explained(ctx, error, entry) from error
        except BrokenPipeError:  # `sagui ... | head`: click ends quietly
            raise
        except (SaguiError, OSError) as error:
            if _debug(ctx):
                raise
            wrong_use = isinstance(error, SaguiError) and error.is_wrong_use
            raise (click.UsageError if wrong_use else click.ClickException)(_one_line(error)) from error


def _debug(ctx: click.Context) -> bool:
    return bool(ctx.find_root().params.get("debug"))


def _explained(ctx: click.Context, error: ModuleNotFoundError, entry: _Entry | None) -> Exception:
    """Says which extra brings a package that is missing; a module of our own that is missing is a fault."""
    package = (error.name or "a package").partition(".")[0]
    if package == "sagui" or _debug(ctx):
        return error
    extra = f"[{entry.extra}]" if entry and entry.extra else ""
    return click.ClickException(f"this needs {_NAMES.get(package, package)}: pip install 'sagui{extra}'")


def _one_line(error: Exception) -> str:
    # A name from outside may hold what moves the cursor.
    return " ".join("".join(one if one.isprintable() else " " for one in str(error)).split())


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sagui", prog_name="sagui")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
def cli(debug: bool) -> None:  # noqa: FBT001 (read from the context)
    """From a folder of photos to a fleet of cameras that name what they see."""


def main() -> None:
    """Runs the command line; the entry point of the package."""
    sys.exit(cli(prog_name="sagui"))


if __name__ == "__main__":
    main()
