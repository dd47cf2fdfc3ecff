"""Documents with their lines."""

import sqlalchemy as sa
from alembic import op

from edge.hub.tables import NUMBER

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables; what is there stays as it is."""
    op.create_table(
        "document",
        sa.Column("ident", sa.Text(), nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("imported", sa.Text(), nullable=False),
        sa.Column("closed", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ident"),
    )
    op.create_table(
        "document_line",
        sa.Column("ident", sa.Text(), nullable=False),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("di", sa.Text(), nullable=True),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("lot", sa.Text(), nullable=True),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("in_scope", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("ident", "number"),
    )
    op.create_index("document_line_di", "document_line", ["di"], unique=False)
