"""JIRA for soc-core: one ticket per incident, kept in step both ways."""
