"""alembic's way in: runs within the transaction of `edge.hub.schema.create`."""

from alembic import context

from edge.hub.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
