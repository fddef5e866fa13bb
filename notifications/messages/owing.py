"""Owe a message: it commits with the decision that it tells of, and no vendor is called.

Owing again is harmless. One message for each subject and kind, one delivery for each phone; and a pass, of which only
the last word counts, has one delivery that becomes ready again.
"""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Case, CharField, F, IntegerField, Value, When
from django.db.models.functions import Greatest
from uuid_utils.compat import uuid7

from geooffers.shoppers.models import Device, Shopper
from notifications.models import SETTLED, Channel, Delivery, DeliveryState, Kind, Message

_MESSAGE = ("id", "kind", "shopper", "subject", "title", "body", "tag", "link", "expires_at", "created_at")
_REACHABLE = "phone.shopper_id = %s AND phone.push_address <> '' AND phone.retired_at IS NULL"


def owe(
    *,
    kind: Kind,
    shopper: Shopper,
    subject: UUID,
    expires_at: datetime,
    now: datetime,
    title: str = "",
    body: str = "",
) -> None:
    """Owe a message about a coupon (`subject`) to every reachable phone of the shopper. Without a title it is silent.

    One statement on PostgreSQL, two on SQLite, however many phones there are. Where there are none, nothing is owed.
    """
    message = Message(
        kind=kind,
        shopper=shopper,
        subject=subject,
        title=title,
        body=body,
        tag=f"coupon-{subject}",
        link=f"/coupons/{subject}",
        expires_at=expires_at,
        created_at=now,
    )
    whose = _prepared(Device, "shopper", shopper.pk)
    values = [_prepared(Message, name, getattr(message, _field(Message, name).attname)) for name in _MESSAGE]
    values.append(whose)
    # The first 15 signs of a UUIDv7: the milliseconds and the version. The rest is drawn for each phone.
    to_phones = [str(uuid7())[:15], _prepared(Delivery, "not_before", now), whose]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"WITH message AS ({_write()}) {_deliver('message')}", [*values, *to_phones])
            return
        # SQLite writes one table a statement, and has no new row before the statement is over.
        cursor.execute(_write(), values)
        written = cursor.fetchone()
        if written is None:
            return
        prefix, *rest = to_phones
        cursor.execute(_deliver("(SELECT %s AS id) message"), [prefix.replace("-", ""), *written, *rest])


@lru_cache(maxsize=1)
def _write() -> str:
    """A message that is there already stays as it is; its id is returned in either case."""
    columns = ", ".join(str(_field(Message, name).column) for name in _MESSAGE)
    return f"""INSERT INTO {_table(Message)} ({columns}) SELECT {", ".join(["%s"] * len(_MESSAGE))}
        WHERE EXISTS (SELECT 1 FROM {_table(Device)} phone WHERE {_REACHABLE})
        ON CONFLICT (subject, kind) DO UPDATE SET kind = excluded.kind RETURNING id"""  # noqa: S608  # our own names


@lru_cache(maxsize=1)
def _deliver(message: str) -> str:
    if connection.vendor == "postgresql":
        new_id = "overlay(gen_random_uuid()::text placing %s from 1 for 15)::uuid"
    else:  # 32 hexadecimal digits, the 17th of which is the variant
        new_id = "%s || substr(hex(randomblob(2)), 1, 3) || '8' || substr(hex(randomblob(8)), 1, 15)"
        new_id = f"lower({new_id})"
    # On SQLite the parameters of `message` come after the one of `new_id`, as they stand here.
    return f"""INSERT INTO {_table(Delivery)} (id, message_id, channel, device_id, address, shopper_id,
            not_before, state, reason, lease, attempts, renewals, provider_id)
        SELECT {new_id}, message.id, '{Channel.FCM.value}', phone.id, '', phone.shopper_id,
            due.at, '{DeliveryState.READY.value}', '', 0, 0, 0, ''
        FROM {message} CROSS JOIN (SELECT %s AS at) due CROSS JOIN {_table(Device)} phone
        WHERE {_REACHABLE}
        ON CONFLICT DO NOTHING"""  # noqa: S608  # our own names and words; every value is a parameter


def owe_passes(
    *,
    subject: UUID,
    serials: Collection[UUID],
    shopper_id: UUID | None,
    expires_at: datetime,
    not_before: datetime,
    now: datetime,
) -> list[Delivery]:
    """Owe Google Wallet the news that these passes of a coupon (`subject`) changed.

    What they say is asked when it is sent. A delivery that waits keeps its place; one that is claimed is told once more
    when the worker is done with it; a settled one is ready again. `not_before` may postpone and never hastens: the
    vendor may have asked for a pause.
    """
    if not serials:
        return []
    with transaction.atomic():
        # Its lock makes two transactions that owe the same pass follow each other.
        message, _ = Message.objects.update_or_create(
            kind=Kind.PASS_CHANGED,
            subject=subject,
            defaults={"shopper_id": shopper_id, "expires_at": expires_at},
            create_defaults={"shopper_id": shopper_id, "expires_at": expires_at, "created_at": now},
        )
        owed = [
            Delivery(message=message, channel=Channel.GOOGLE_WALLET, address=str(serial), not_before=not_before)
            for serial in serials
        ]
        Delivery.objects.bulk_create(owed, ignore_conflicts=True)
        again = Delivery.objects.filter(message=message, address__in=[each.address for each in owed])
        later = Greatest(F("not_before"), Value(not_before))
        again.update(shopper_id=shopper_id, not_before=later, **RENEWED)
        return list(again)


# What makes a delivery ready again, whatever state it is in.
RENEWED: dict[str, Any] = {
    "renewals": F("renewals") + 1,
    "attempts": Case(When(state__in=SETTLED, then=0), default=F("attempts"), output_field=IntegerField()),
    "state": Case(
        When(state__in=SETTLED, then=Value(DeliveryState.READY)), default=F("state"), output_field=CharField()
    ),
    "settled_at": None,
}


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _prepared(model: type[models.Model], name: str, value: object) -> Any:
    return _field(model, name).get_db_prep_save(value, connection)


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)  # noqa: S101  # for the type checker
    return field
