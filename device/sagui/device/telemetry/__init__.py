"""What the device measures of itself: for `telemetry` on MQTT, and for Prometheus."""
