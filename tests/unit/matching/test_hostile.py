"""Numbers that have crashed geometry libraries, in a process of their own: a crash is a failed test, not a dead run."""

import subprocess
import sys
from pathlib import Path

HOSTILE = """
import math, random
import numpy as np
from geooffers.matching import batches
from geooffers.matching.areas import Circle, Fence, Polygon
from geooffers.matching.index import Index

chance = random.Random(5)
tiny = [0.0, -0.0, 5e-324, -5e-324, 1e-300, 1e-160, 2.2e-308]
lats = [*tiny, 90.0, -90.0, math.nextafter(90, 0), 89.99999999999999, 45.0]
lons = [*tiny, 180.0, -180.0, 540.0, -540.0, math.nextafter(180, 0), 179.99999999999997, 90.0]

def ring(corners):
    places = [(chance.choice(lons), chance.choice(lats)) for _ in range(corners)]
    return (*places, places[0])

fences = []
for number in range(180):
    fences.append(Fence(id=number, area=Polygon(parts=((ring(chance.choice([3, 3, 4, 9, 300])),),))))
for number in range(180, 400):
    radius = chance.choice([5e-324, 1e-9, 1.0, 199_999.0, 200_001.0, 1e7, 2e7, 1e12])
    lon = max(-180.0, min(180.0, chance.choice(lons)))
    fences.append(Fence(id=number, area=Circle(lat=chance.choice(lats), lon=lon, radius_m=radius)))
spiral = [(0.001 * k * math.cos(k), 0.001 * k * math.sin(k)) for k in range(70_000)]
fences.append(Fence(id=400, area=Polygon(parts=((tuple(spiral) + (spiral[0],),),))))
fences.append(Fence(id=401, area=Polygon(parts=tuple((ring(3),) for _ in range(300)))))
index = Index.build(fences).with_changes(put=fences[:20], remove=range(10))
round_ones = Index.build(fences[180:400])
places = [(lat, lon) for lat in lats for lon in lons if abs(lon) <= 180]
for lat, lon in places:
    one = index.inside_one(lat=lat, lon=lon)
    assert one == sorted(set(one))
    round_ones.match_one(lat=lat, lon=lon, accuracy_m=chance.choice([0, 5e-324, 10, 3000]))
lat, lon = np.array(places).T
for layer, _ in index._layers:
    points, numbers = batches.inside_by_kernel(layer, lat=lat, lon=lon)
    compiled = set(zip(points.tolist(), numbers.tolist()))
    points, numbers = batches.inside_one_by_one(layer, lat=lat, lon=lon)
    assert compiled == set(zip(points.tolist(), numbers.tolist()))
print("fine")
"""


def test_hostile_numbers_end_in_answers() -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", HOSTILE], cwd=root, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "fine\n"
