"""Who is told, and what is done, when an incident takes too long."""
