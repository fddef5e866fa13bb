"""What is kept of a shopper in this app, for the shopper to read. Each app with rows about people has such a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from geooffers.shoppers.models import ConsentReceipt, ConsentState, Device, Shopper

# A test fails when a model with a path to Shopper is in no app's list.
MODELS = frozenset({Shopper, Device, ConsentState, ConsentReceipt})

Entry = dict[str, Any]
Sections = Mapping[str, Iterator[Entry]]


@dataclass(frozen=True, kw_only=True)
class Exporting:
    """Whose data it is: the shopper, then the anonymous ones that became them."""

    shopper_ids: tuple[UUID, ...]


def whose(*, shopper: Shopper) -> Exporting:
    before = Shopper.objects.filter(merged_into=shopper).order_by("pk").values_list("pk", flat=True)
    return Exporting(shopper_ids=(shopper.pk, *before))


def sections(of: Exporting) -> Sections:
    return {
        "shoppers": (_shopper(row) for row in Shopper.objects.filter(pk__in=of.shopper_ids).order_by("-created_at")),
        "devices": (_device(row) for row in Device.objects.filter(shopper__in=of.shopper_ids).order_by("created_at")),
        "consents": (_consent(row) for row in _consents(of)),
        "receipts": (_receipt(row) for row in _receipts(of).iterator()),
    }


def count(of: Exporting) -> int:
    return int(_receipts(of).count())


def _consents(of: Exporting) -> Any:
    return ConsentState.objects.filter(shopper__in=of.shopper_ids).select_related("text").order_by("purpose", "pk")


def _receipts(of: Exporting) -> Any:
    return ConsentReceipt.objects.filter(shopper__in=of.shopper_ids).select_related("text").order_by("at", "pk")


def _shopper(row: Shopper) -> Entry:
    return {
        "id": row.pk,
        "firebase_uid": row.firebase_uid,
        "language": row.language,
        "created_at": row.created_at,
        "ended_at": row.ended_at,
        "merged_into": row.merged_into_id,
        "age": row.age,
        "jurisdiction": row.jurisdiction or None,
        "paused_from": row.paused_from,
        "paused_until": row.paused_until,
    }


def _device(row: Device) -> Entry:
    """Not its token's hash: the phone has the token itself, which is more."""
    return {
        "id": row.pk,
        "install_id": row.install_id,
        "platform": row.platform,
        "app_version": row.app_version,
        "age_signal": row.age_signal,
        "attested_at": row.attested_at,
        "integrity": row.integrity or None,
        "integrity_at": row.integrity_at,
        "hand_overs": row.hand_overs,
        "push_kind": row.push_kind or None,
        "push_address": row.push_address or None,
        "push_renewed_at": row.push_renewed_at,
        "created_at": row.created_at,
        "retired_at": row.retired_at,
    }


def _consent(row: ConsentState) -> Entry:
    return {
        "purpose": row.purpose,
        "given": row.given,
        "device_id": row.device_id,
        "language": row.text.language,
        "version": row.text.version,
        "changed_at": row.changed_at,
        "paused_until": row.paused_until,
    }


def _receipt(row: ConsentReceipt) -> Entry:
    return {
        "purpose": row.purpose,
        "given": row.given,
        "at": row.at,
        "device_id": row.device_id,
        "language": row.text.language,
        "version": row.text.version,
        "text": row.text.body,
        "source": row.source,
        "app_version": row.app_version,
        "locale": row.locale,
    }
