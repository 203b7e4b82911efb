"""Slack for soc-core: one live message per incident, and buttons that always answer."""
