"""`sagui inspect`."""

from pathlib import Path

import click

# Of what goes into a file or a pipe: rich would break names at 80 columns, and grep could not find them.
_PLAIN_WIDTH = 200


@click.command("inspect", short_help="Look into a model.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--tensors", is_flag=True, help="List every tensor with its quantization.")
@click.option("--edgetpu", is_flag=True, help="Say what an Edge TPU would run, and what would be left to the CPU.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def inspect_model(model: Path, tensors: bool, edgetpu: bool, as_json: bool) -> None:
    """Look into MODEL, a bundle (.sagui) or any TFLite file, without running it.

    Shows its inputs and outputs, its ops with their versions, multiply-accumulates, parameters and sizes, how its
    numbers were quantized, what it says about itself, and what it needs to run.
    """
    import msgspec

    from sagui.convert.inspect.look import inspect_file

    facts = inspect_file(model, tensors=tensors, edgetpu=edgetpu)
    if as_json:
        click.echo(msgspec.json.encode(facts).decode())
        return
    from rich.console import Console

    from sagui.convert.inspect.show import write_terminal

    console = Console()
    write_terminal(console if console.is_terminal else Console(width=_PLAIN_WIDTH), facts)
