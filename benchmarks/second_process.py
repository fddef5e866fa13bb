"""What a second process adds that opens the same base: the first holds it, this one asks every position one by one."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from geooffers.matching.columns import Floats

ROOT = Path(__file__).resolve().parent.parent

SECOND = """
import sys
from pathlib import Path
import numpy as np
from geooffers.matching.index import Index

def kilobytes(name):
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))

folder = Path(sys.argv[1])
lat, lon = np.load(folder / "places.npy").tolist()
before = kilobytes("Anonymous:")
index = Index.open(folder / "base")
for one_lat, one_lon in zip(lat, lon):
    index.inside_one(lat=one_lat, lon=one_lon)
    index.match_one(lat=one_lat, lon=one_lon, accuracy_m=20.0)
print((kilobytes("Anonymous:") - before) / 1024, kilobytes("Rss:") / 1024, kilobytes("Pss:") / 1024)
"""


def told(base: Path, *, lat: Floats, lon: Floats) -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        print(f"  {'a second process':32s}    not run: the system does not tell its memory")
        return
    np.save(base.parent / "places.npy", np.array([lat[:50_000], lon[:50_000]]))
    said = subprocess.run(
        [sys.executable, "-c", SECOND, str(base.parent)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    own, resident, fair = (float(word) for word in said.split())
    print(
        f"  {'a second process adds':32s} {own:10.1f} MB of its own"
        f" ({resident:,.0f} MB mapped and resident, its share of all {fair:,.0f} MB)"
    )


@contextlib.contextmanager
def without_numba() -> Iterator[None]:
    """As if it were not installed."""
    names = [name for name in sys.modules if name.partition(".")[0] == "numba" or name == "geooffers.matching.kernel"]
    kept = {name: sys.modules.pop(name) for name in names}
    sys.modules["numba"] = None  # type: ignore[assignment]  # which Python knows as: cannot be imported
    try:
        yield
    finally:
        del sys.modules["numba"]
        sys.modules.update(kept)
