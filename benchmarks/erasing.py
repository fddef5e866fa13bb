"""What an erasure and a copy of a large account cost: years of somebody who is everywhere, among others' rows.

    python benchmarks/erasing.py [VISITS]

A fresh SQLite file under var/bench, or the database that DATABASE_URL names, which must be empty. The account has five
phones, VISITS visits (20,000), three decisions at each, a coupon at every fifth, a push to every phone for each. Prints
what the call that erases takes until it has answered, what the task takes for the rest, and what a copy takes.
"""

import io
import os
import shutil
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
BENCH_DIR = ROOT / "var" / "bench"
PHONES, OPEN = 5, 200
BATCH = 500
NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)

sys.path.insert(0, str(ROOT))


def prepare() -> None:
    shutil.rmtree(BENCH_DIR, ignore_errors=True)
    BENCH_DIR.mkdir(parents=True)
    os.environ["GEOOFFERS_SANDBOX"] = "1"
    os.environ["GEOOFFERS_TOMBSTONES"] = str(BENCH_DIR / "tombstones")
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{BENCH_DIR / 'erasing.sqlite3'}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "geooffers.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)


def many(model: Any, rows: Iterable[Any]) -> None:
    model.objects.bulk_create(rows, batch_size=2_000)


def live(*, visits: int, phones: int) -> Any:
    """A shopper's years; one of their phones."""
    from geooffers.coupons.models import Coupon
    from geooffers.decisions.choosing import Outcome
    from geooffers.decisions.models import Decision
    from geooffers.ledger import movements, posting
    from geooffers.visits.models import Visit
    from merchants.models import OfferBudget
    from notifications.models import Delivery, Message
    from tests.cast import make_decision, make_device, make_fence, make_offer, make_shopper, make_store

    store = make_store()
    fence, offer = make_fence(store), make_offer(store, cap=visits)
    shopper = make_shopper()
    devices = [make_device(shopper) for _ in range(phones)]
    begun = [NOON - timedelta(minutes=number) for number in range(visits)]
    stays = [Visit(shopper=shopper, fence=fence, began_at=at, ended_at=at, end_reason="left") for at in begun]
    many(Visit, stays)
    judged = [
        make_decision(
            offer,
            shopper=shopper,
            store=store,
            visit=stay,
            outcome=Outcome.REFUSED,
            reason="paused",
            now=stay.began_at,
            save=False,
        )
        for stay in stays
        for _ in range(3)
    ]
    many(Decision, judged)
    coupons = [
        Coupon(
            shopper=shopper,
            visit=stay,
            offer=offer,
            title="Bun",
            code_key_id="s1",
            code_lookup=sha256(stay.pk.bytes).digest(),
            discount_kind="percent",
            issued_at=stay.began_at,
            expires_at=NOON + timedelta(hours=3),
            state="open" if number < OPEN else "expired",
        )
        for number, stay in enumerate(stays[::5])
    ]
    many(Coupon, coupons)
    name = {"worth": None, "pseudonym": b"p" * 32, "at": NOON}
    posting.post(
        movement for one in coupons for movement in movements.issued(offer_id=offer.pk, coupon_id=one.pk, **name)
    )
    OfferBudget.objects.filter(offer=offer).update(reserved=min(OPEN, len(coupons)))
    of_message = {"shopper": shopper, "kind": "coupon_issued", "tag": "t", "expires_at": NOON, "created_at": NOON}
    messages = [Message(subject=one.pk, **of_message) for one in coupons]
    many(Message, messages)
    of_delivery = {"channel": "fcm", "shopper": shopper, "state": "sent", "not_before": NOON, "settled_at": NOON}
    many(Delivery, [Delivery(message=one, device=device, **of_delivery) for one in messages for device in devices])
    return devices[0]


def main() -> None:
    visits = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    prepare()

    from geooffers.shoppers.privacy import data_export
    from geooffers.usecases.privacy import erase_shopper, export_shopper, finish_erasures

    for number in range(20):
        live(visits=visits // 20 if number else 1, phones=2)
    device = live(visits=visits, phones=PHONES)

    began, out = time.perf_counter(), io.BytesIO()
    rows = export_shopper.write(out, of=data_export.whose(shopper=device.shopper), request_id=uuid4(), now=NOON)
    took = time.perf_counter() - began
    print(f"{'a copy':28}{sum(rows.values()):10,d} rows{took:10.2f} s   {len(out.getvalue()) / 1e6:.1f} MB", flush=True)

    began = time.perf_counter()
    hashed = bytes(device.token_hash)
    erase_shopper.erase_shopper(device_id=device.pk, shown_hash=hashed, now=NOON)
    took = time.perf_counter() - began
    print(f"{'the call, until it answers':28}{'':15}{took:10.2f} s", flush=True)

    began, done, longest = time.perf_counter(), 0, 0.0
    while True:
        batch_began = time.perf_counter()
        batch = finish_erasures.finish_erasures(now=NOON, limit=BATCH)
        longest = max(longest, time.perf_counter() - batch_began)
        done += batch
        if batch < BATCH:
            break
    took = time.perf_counter() - began
    print(f"{'the task, for the rest':28}{done:10,d} rows{took:10.2f} s   a batch {longest:.2f} s at most", flush=True)


if __name__ == "__main__":
    main()
