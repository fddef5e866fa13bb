"""What `against.py` asks two servers about: a database with fences, an offer and phones, as a folder.

    python benchmarks/report_world.py <folder>             makes it, and writes world.json into the folder
    python benchmarks/report_world.py <folder> --writes    says how often packed states were written so far

It runs in the checkout that it makes a world for (`PYTHONPATH`, and the current folder), which may be an older one: so
it asks that checkout for no more than `benchmarks.places` and `benchmarks.report.register_phone`.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

# What reports are timed: of phones that lie on a table, in so many open visits, and of those that walk in and out.
PHONES = 300
OPEN_VISITS, THERE = (0, 1, 5, 20), 60
WALKERS = 20
CAFE, MALL = {"lat": 60.1695, "lon": 24.9525}, {"lat": 60.4, "lon": 25.1}
MALL_FENCES = 20


def main(folder: Path, *asked: str) -> None:
    import django

    django.setup()
    if "--writes" in asked:
        from django.db.models import Sum

        from geooffers.visits.models import DeviceState

        print(int(DeviceState.objects.aggregate(Sum("version"))["version__sum"] or 0))
        return
    (folder / "world.json").write_text(json.dumps(made(rounds=int(asked[0]))))


def made(*, rounds: int) -> dict[str, object]:
    """Tokens of phones, by what they are for; walkers are others in each round."""
    from django.core.management import call_command

    from benchmarks import places
    from benchmarks.report import register_phone

    call_command("migrate", interactive=False, verbosity=0)
    for where, fences in ((CAFE, 1), (MALL, MALL_FENCES)):
        shop = places.store(**where)
        places.fences_around(shop, count=fences)
        places.offer(shop, cap=100_000, now=datetime.now(UTC))
    for number, count in enumerate(OPEN_VISITS):
        places.fences_around(places.store(lat=62.0 + number, lon=26.0), count=count)
    return {
        "tables": [register_phone() for _ in range(PHONES)],
        "inside": [[register_phone() for _ in range(THERE)] for _ in OPEN_VISITS],
        "walkers": [[[register_phone() for _ in range(WALKERS)] for _ in range(rounds)] for _ in (CAFE, MALL)],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
