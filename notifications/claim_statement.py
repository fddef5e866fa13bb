"""The one SQL statement that claims rows of a class; Django has no way to lock two tables differently."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from geooffers.shoppers.consents import consents
from geooffers.shoppers.models import ConsentState, Device, Purpose
from notifications.models import Push, PushState


def build(*, wanted: QuerySet[Push], consent: bool, limit: int, lease_s: float, now: datetime) -> tuple[str, list[Any]]:
    """One statement: pick, lock, take. `wanted` is compiled by Django, the joins and the locks are ours."""
    push, device, state = (_table(model) for model in (Push, Device, ConsentState))
    conditions, parameters = _compiled(wanted)
    # A phone that changed hands or lost its address since must not get what was meant for somebody else.
    joins = f"""JOIN {device} device ON device.id = {push}.device_id AND device.shopper_id = {push}.shopper_id
        AND device.push_address <> '' AND device.retired_at IS NULL"""
    locks = f"FOR UPDATE OF {push} SKIP LOCKED"
    before: tuple[Any, ...] = ()
    if consent:
        # Every condition is on the row that is locked: who waited for a pause or a withdrawal judges it again.
        counting, before = _compiled(
            ConsentState.objects.filter(consents.counts(now=now), device=None, purpose=Purpose.MARKETING_PUSH)
        )
        joins += f" JOIN {state} ON {state}.shopper_id = {push}.shopper_id AND {counting}"
        locks += f" FOR SHARE OF {state} SKIP LOCKED"
    if connection.vendor == "sqlite":
        locks = ""  # one writer at a time, and transactions begin IMMEDIATE
    lease_until, seconds = _database_clock_in(lease_s)
    # MATERIALIZED: joined directly, the planner may run the picking twice and take more than the limit.
    statement = f"""
        WITH picked AS MATERIALIZED (
            SELECT {push}.id AS picked_id FROM {push} {joins}
            WHERE {conditions} ORDER BY {push}.not_before, {push}.id LIMIT %s {locks}
        )
        UPDATE {push} SET state = %s, lease = {push}.lease + 1, attempts = {push}.attempts + 1,
            lease_until = {lease_until}
        FROM picked WHERE {push}.id = picked.picked_id RETURNING id, lease
    """  # noqa: S608  # names of our own tables; every value is a parameter
    return statement, [*before, *parameters, limit, PushState.CLAIMED.value, seconds]


def _compiled(rows: "QuerySet[Push] | QuerySet[ConsentState]") -> tuple[str, tuple[Any, ...]]:
    query = rows.order_by().query
    compiler = query.get_compiler(connection=connection)
    compiler.pre_sql_setup()
    if sum(1 for count in query.alias_refcount.values() if count) != 1:
        raise ValueError("a guard may use Exists subqueries and columns of the push, no joins")
    conditions, parameters = compiler.compile(query.where)
    return conditions, tuple(parameters)


def _table(model: type[Push] | type[Device] | type[ConsentState]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _database_clock_in(seconds: float) -> tuple[str, Any]:
    """Leases are measured by the one clock that all workers share."""
    if connection.vendor == "sqlite":
        return "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s)", f"{seconds:+.3f} seconds"
    return "clock_timestamp() + make_interval(secs => %s)", seconds
