"""Whether the agent does its work: systemd is told, a hang ends it, and crashes lead to safe mode."""
