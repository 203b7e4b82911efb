"""Alembic's way in: it runs on the connection that the store hands over."""

from alembic import context

from soc_core.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
