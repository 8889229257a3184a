"""The agent that runs beside a camera."""
