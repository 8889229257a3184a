"""A bundle to a fleet; dashboards."""
