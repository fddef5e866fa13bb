"""The one SQL statement that claims rows of a class; Django has no way to lock two tables differently."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from geooffers.shoppers.consents import consents
from geooffers.shoppers.models import ConsentState, Purpose
from notifications.models import Delivery, DeliveryState


def build(
    *, wanted: QuerySet[Delivery], consent: bool, limit: int, lease_s: float, now: datetime
) -> tuple[str, list[Any]]:
    """One statement: pick, lock, take. `wanted` is compiled by Django, the join and the locks are ours."""
    delivery, state = _table(Delivery), _table(ConsentState)
    conditions, parameters = _compiled(wanted)
    joins, locks = "", f"FOR UPDATE OF {delivery} SKIP LOCKED"
    before: tuple[Any, ...] = ()
    if consent:
        # Every condition is on the row that is locked: who waited for a pause or a withdrawal judges it again.
        counting, before = _compiled(
            ConsentState.objects.filter(consents.counts(now=now), device=None, purpose=Purpose.MARKETING_PUSH)
        )
        joins = f"JOIN {state} ON {state}.shopper_id = {delivery}.shopper_id AND {counting}"
        locks += f" FOR SHARE OF {state} SKIP LOCKED"
    if connection.vendor == "sqlite":
        locks = ""  # one writer at a time, and transactions begin IMMEDIATE
    lease_until, seconds = _database_clock_in(lease_s)
    # MATERIALIZED: joined directly, the planner may run the picking twice and take more than the limit.
    statement = f"""
        WITH picked AS MATERIALIZED (
            SELECT {delivery}.id AS picked_id FROM {delivery} {joins}
            WHERE {conditions} ORDER BY {delivery}.not_before, {delivery}.id LIMIT %s {locks}
        )
        UPDATE {delivery} SET state = %s, lease = {delivery}.lease + 1, attempts = {delivery}.attempts + 1,
            lease_until = {lease_until}
        FROM picked WHERE {delivery}.id = picked.picked_id RETURNING id
    """  # noqa: S608  # names of our own tables; every value is a parameter
    return statement, [*before, *parameters, limit, DeliveryState.CLAIMED.value, seconds]


def _compiled(rows: "QuerySet[Delivery] | QuerySet[ConsentState]") -> tuple[str, tuple[Any, ...]]:
    query = rows.order_by().query
    compiler = query.get_compiler(connection=connection)
    compiler.pre_sql_setup()
    if sum(1 for count in query.alias_refcount.values() if count) != 1:
        raise ValueError("a guard may use Exists subqueries and columns of the message, no joins")
    conditions, parameters = compiler.compile(query.where)
    return conditions, tuple(parameters)


def _table(model: type[Delivery] | type[ConsentState]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _database_clock_in(seconds: float) -> tuple[str, Any]:
    """Leases are measured by the one clock that all workers share."""
    if connection.vendor == "sqlite":
        return "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s)", f"{seconds:+.3f} seconds"
    return "clock_timestamp() + make_interval(secs => %s)", seconds
