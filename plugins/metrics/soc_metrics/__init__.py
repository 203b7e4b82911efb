"""The figures of soc-core for Prometheus, with a Grafana dashboard and alert rules."""
