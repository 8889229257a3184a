"""Settings of the agent: a TOML file, the environment and the command line. Described in ``docs/configuration.md``."""
