"""What is done where a person asks for nothing else; free of imports, so that help is instant."""

PATCHES = 3
"""From so many earlier versions patches are made."""

LISTEN = "127.0.0.1:8090"
"""Where a registry is served from a desk."""
