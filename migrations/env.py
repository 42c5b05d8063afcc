"""Alembic's entry for every context: the connection and the context come from
``migrations.run``.
"""

from alembic import context

_config = context.config
_name: str = _config.attributes["context"]
_metadata = _config.attributes.get("metadata")  # only `migrations.make` brings it


def _ours(name: str | None, kind: str, _: object) -> bool:
    """Only this context's tables are compared."""
    return kind != "table" or (_metadata is not None and name in _metadata.tables)


context.configure(
    connection=_config.attributes["connection"],
    target_metadata=_metadata,
    version_table=f"alembic_{_name}",
    render_as_batch=True,
    compare_type=True,
    include_name=lambda name, kind, _: (
        kind != "table" or _metadata is None or name in _metadata.tables
    ),
)
with context.begin_transaction():
    context.run_migrations()
