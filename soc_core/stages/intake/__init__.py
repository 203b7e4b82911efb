"""Intake: from files and streams to events, with every line counted."""
