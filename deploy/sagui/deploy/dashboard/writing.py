"""Writes HTML in which everything that a device or a person said is text."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

NONE = "\N{EN DASH}"
"""What the machine cannot tell."""


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("sagui.deploy.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def page(name: str, **values: object) -> str:
    """Writes a page that needs no NiceGUI."""
    return _template(name).render(**values)
