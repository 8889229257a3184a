"""The whole story on one machine: the one place where all stages meet."""
