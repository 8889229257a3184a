"""Many devices in one process, to try a broker, a dashboard or a rollout with before real ones do."""
