"""What the tasks that end things cost: 100,000 coupons that expire, 100,000 rows of each table that are forgotten.

    python benchmarks/forgetting.py [ROWS]

A fresh SQLite file under var/bench, or the database that DATABASE_URL names, which must be empty. Prints seconds for
each task, in batches of 500 as the worker runs them: by the clock, and of this process, which others do not disturb.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BENCH_DIR = ROOT / "var" / "bench"
BATCH = 500
OFFERS = 20
NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)

sys.path.insert(0, str(ROOT))


def prepare() -> None:
    shutil.rmtree(BENCH_DIR, ignore_errors=True)
    BENCH_DIR.mkdir(parents=True)
    os.environ["GEOOFFERS_SANDBOX"] = "1"
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{BENCH_DIR / 'forgetting.sqlite3'}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "geooffers.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)


def many(model: Any, rows: Any) -> None:
    model.objects.bulk_create(rows, batch_size=2_000)


def fill(count: int) -> None:
    """`count` shoppers, each with a visit that ended, a decision, a sent push, an open coupon in its third hour, and
    four counts of calls."""
    from geooffers.callers.models import RateCount
    from geooffers.coupons.models import Coupon, ShopperOfferCount
    from geooffers.decisions.models import Decision
    from geooffers.ledger import movements, posting
    from geooffers.shoppers.models import Device, Shopper
    from geooffers.visits.models import Visit
    from merchants.models import OfferBudget
    from notifications.models import Delivery, Message
    from tests.cast import make_decision, make_fence, make_offer, make_store

    store = make_store()
    fence = make_fence(store)
    offers = [make_offer(store, cap=count, title=f"Bun {number}") for number in range(OFFERS)]
    shoppers = [Shopper(created_at=NOON) for _ in range(count)]
    many(Shopper, shoppers)
    devices = [
        Device(
            shopper=shopper,
            install_id=shopper.pk,
            token_hash=sha256(shopper.pk.bytes).digest(),
            platform="web",
            created_at=NOON,
        )
        for shopper in shoppers
    ]
    many(Device, devices)
    over = NOON + timedelta(hours=1)
    visits = [Visit(shopper=one, fence=fence, began_at=NOON, ended_at=over, end_reason="left") for one in shoppers]
    many(Visit, visits)
    coupons = [
        Coupon(
            shopper=shopper,
            visit=visit,
            offer=offers[number % OFFERS],
            title="Bun",
            code_key_id="s1",
            code_lookup=sha256(visit.pk.bytes).digest(),
            discount_kind="percent",
            issued_at=NOON,
            expires_at=NOON + timedelta(hours=3, milliseconds=number),
        )
        for number, (shopper, visit) in enumerate(zip(shoppers, visits, strict=True))
    ]
    many(Coupon, coupons)
    for first in range(0, count, 2_000):
        posting.post(
            movement
            for one in coupons[first : first + 2_000]
            for movement in movements.issued(
                offer_id=one.offer_id, coupon_id=one.pk, worth=None, pseudonym=b"p" * 32, at=NOON
            )
        )
    many(ShopperOfferCount, [ShopperOfferCount(shopper=one.shopper, offer=one.offer, issued=1) for one in coupons])
    many(
        Decision,
        [
            make_decision(one.offer, shopper=one.shopper, store=store, visit=one.visit, coupon=one, save=False)
            for one in coupons
        ],
    )
    messages = [
        Message(shopper=one.shopper, kind="coupon_issued", subject=one.pk, tag="t", expires_at=over, created_at=NOON)
        for one in coupons
    ]
    many(Message, messages)
    many(
        Delivery,
        [
            Delivery(
                message=message,
                channel="fcm",
                device=device,
                shopper=device.shopper,
                not_before=NOON,
                state="sent",
                settled_at=NOON,
            )
            for device, message in zip(devices, messages, strict=True)
        ],
    )
    many(RateCount, (RateCount(caller=f"device:{number}", window_start=NOON, count=1) for number in range(4 * count)))
    for offer in offers:
        OfferBudget.objects.filter(offer=offer).update(reserved=sum(one.offer_id == offer.pk for one in coupons))


def seconds(name: str, work: Callable[[], int], rows: int) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    done = 0
    while batch := work():
        done += batch
        if batch < BATCH:
            break
    taken, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{name:24}{done:10,d}{taken:10.1f} s{cpu:10.1f} s of CPU{1e6 * cpu / max(done, 1):8.0f} µs a row", flush=True
    )
    if done < rows:
        raise SystemExit(f"{name}: {done} of {rows}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    prepare()
    from geooffers.coupons import issuing
    from geooffers.redemptions import books
    from geooffers.worker.tasks import forget

    began = time.perf_counter()
    fill(count)
    print(f"{'filled':24}{count:10,d}{time.perf_counter() - began:10.1f} s", flush=True)
    evening = NOON + timedelta(hours=6)
    seconds("coupons expire", lambda: issuing.expire_due(now=evening, limit=BATCH), count)
    found = books.check_books()
    if found:
        raise SystemExit(f"the books do not add up: {found[0]}")
    far = NOON + timedelta(days=8 * 365)
    for step in forget.STEPS:
        if step.due().exists():
            seconds(f"forget {step.name}", lambda step=step: one_batch(step, far), 0)


def one_batch(step: Any, before: datetime) -> int:
    from django.db import transaction

    with transaction.atomic():
        rows: int = step.forget(before, BATCH)
    return rows


if __name__ == "__main__":
    main()
