"""The tables. Uniqueness constraints carry the promises; code is only the way there."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A UTC instant, kept as whole microseconds since 1970: exact and ordered the same way in every database."""

    impl: type[BigInteger] = BigInteger
    cache_ok: bool | None = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Into the database."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Out of the database."""
        return None if value is None else _EPOCH + value * _MICROSECOND


# SQLite only numbers a primary key by itself when it is declared INTEGER.
_Number = BigInteger().with_variant(Integer(), "sqlite")

metadata: MetaData = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta: Table = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

counter: Table = Table(
    "counter",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# `body` is the whole incident as JSON; the columns repeat what queries ask for.
incident: Table = Table(
    "incident",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False, unique=True),
    Column("open_key", String(64), unique=True),
    Column("fingerprint", String(64), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("label", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("severity", Float, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("assignee", Text),
    Column("verdict", String(16)),
    Column("similar_to", String(32)),
    Column("count", BigInteger, nullable=False),
    Column("detected_at", Instant, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("resolved_at", Instant),
    Column("closed_at", Instant),
    Column("body", Text, nullable=False),
    Index("ix_incident_status_rank", "status", "rank"),
    Index("ix_incident_similar", "label", "source", "opened_at"),
)

incident_event: Table = Table(
    "incident_event",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("incident", String(32), nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("severity", Float, nullable=False),
    Column("message", Text, nullable=False),
    Column("event_id", Text),
)

ticket: Table = Table(
    "ticket",
    metadata,
    Column("incident", String(32), primary_key=True),
    Column("marker", String(64), nullable=False, unique=True),
    Column("tracker", Text, nullable=False),
    Column("key", Text),
    Column("url", Text),
    Column("state", String(16), nullable=False),  # intended | unsure | made | gone
    Column("made_at", Instant),
    UniqueConstraint("tracker", "key"),
)

sla_clock: Table = Table(
    "sla_clock",
    metadata,
    Column("incident", String(32), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("cycle", Integer, nullable=False),
    Column("due_at", Instant),
    Column("stopped_at", Instant),
    Index("ix_sla_clock_due", "name", "due_at"),
)

job: Table = Table(
    "job",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("dedupe", String(255), nullable=False, unique=True),
    Column("incident", String(32), index=True),
    Column("dest", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("lane", String(128), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_token", String(64)),
    Column("lease_until", Instant),
    Column("leased_at", Instant),
    Column("maybe_sent_at", Instant),
    Column("last_error", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Index("ix_job_due", "state", "dest", "not_before"),
    Index("ix_job_lane", "lane", "state", "id"),
)

job_attempt: Table = Table(
    "job_attempt",
    metadata,
    Column("job", _Number, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True),
    Column("started", Instant, nullable=False),
    Column("ended", Instant),
    Column("outcome", String(8)),  # ok | no | unsure
    Column("detail", Text),
    Column("worker", Text, nullable=False),
)

limiter: Table = Table(
    "limiter",
    metadata,
    Column("dest", String(64), primary_key=True),
    Column("paused_until", Instant),
    Column("failures", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("next_slot", Instant),
)

event_inbox: Table = Table(
    "event_inbox",
    metadata,
    Column("source", String(255), primary_key=True),
    Column("event_id", String(255), primary_key=True),
    Column("at", Instant, nullable=False),
)

window: Table = Table(
    "window",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("rule", Text, nullable=False),
    Column("times", Text, nullable=False),
    Column("latest", Instant, nullable=False, index=True),
)

note: Table = Table(
    "note",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("incident", String(32), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("origin", String(64), nullable=False),
    Column("text", Text, nullable=False),
)

storm_member: Table = Table(
    "storm_member",
    metadata,
    Column("incident", String(32), primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("summary", Text, nullable=False),
    Column("severity", Float, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("last_seen", Instant, nullable=False),
)

inbound: Table = Table(
    "inbound",
    metadata,
    Column("origin", String(64), primary_key=True),
    Column("delivery_id", String(255), primary_key=True),
    Column("at", Instant, nullable=False),
)

field_state: Table = Table(
    "field_state",
    metadata,
    Column("incident", String(32), primary_key=True),
    Column("origin", String(64), primary_key=True),
    Column("field", String(32), primary_key=True),
    Column("last_seen", Text),
    Column("last_written", Text),
)

cursor: Table = Table(
    "cursor",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

turn: Table = Table(
    "turn",
    metadata,
    Column("person", String(128), primary_key=True),
    Column("at", Instant, nullable=False),
)

hint: Table = Table(
    "hint",
    metadata,
    Column("person", String(128), primary_key=True),
    Column("origin", String(64), primary_key=True),
    Column("available", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Instant, nullable=False),
)

held: Table = Table(
    "held",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("replayed_at", Instant),
)

quarantine: Table = Table(
    "quarantine",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("input", Text, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("head", Text, nullable=False),
)

tally: Table = Table(
    "tally",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("rule", String(255), primary_key=True),
    Column("events", BigInteger, nullable=False),
)

audit: Table = Table(
    "audit",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("incident", String(32), index=True),
    Column("what", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    Column("origin", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_what", "what", "at"),
)
