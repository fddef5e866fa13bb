"""GeoJSON: Points with a time in their properties, or a LineString with the times of its places in `coordTimes`.

A Point's properties may say what a row of our table says: ts (or time), accuracy_m, speed_mps, trace_id.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geooffers.visits.engine.observations import Fix
from geooffers.visits.replay import traces
from geooffers.visits.replay.traces import Trace, UnreadableTrace

TIMES = ("ts", "time", "timestamp")


def read(path: Path) -> list[Trace]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise
    except RecursionError as error:
        raise UnreadableTrace(f"{path.name}: nested too deeply") from error
    except ValueError as error:
        # The parser's own words name line and column.
        raise UnreadableTrace(f"{path.name} is not JSON: {error}") from error
    return traces.gathered(_fixes(document, path))


def _fixes(document: Any, path: Path) -> Iterator[tuple[str, Fix]]:
    number = 0
    for place, feature in enumerate(_features(document, path), start=1):
        where = f"{path.name}, feature {place}"
        properties, geometry = feature.get("properties") or {}, feature.get("geometry")
        if not isinstance(properties, dict) or not isinstance(geometry, dict):
            raise UnreadableTrace(f"{where} is no Point and no LineString")
        times: Any
        kind, coordinates = geometry.get("type"), geometry.get("coordinates")
        if kind == "Point":
            times = [next((properties[key] for key in TIMES if key in properties), None)]
            places = [coordinates]
            name = str(properties.get("trace_id") or path.stem)
        elif kind == "LineString" and isinstance(coordinates, list):
            times, places = properties.get("coordTimes") or [], coordinates
            name = str(properties.get("trace_id") or properties.get("name") or f"{path.stem} {place}")
            if not isinstance(times, list) or len(times) != len(places):
                raise UnreadableTrace(
                    f"{where}: a LineString needs coordTimes, a time for each of its {len(places)} places"
                )
        else:
            raise UnreadableTrace(f"{where} is no Point and no LineString, but {kind!r:.40}")
        for along, (time, where_at) in enumerate(zip(times, places, strict=True), start=1):
            number += 1
            try:
                fix = _fix(number=number, time=time, place=where_at, properties=properties)
            except ValueError as error:
                at = f", place {along}" if kind == "LineString" else ""
                raise UnreadableTrace(f"{where}{at}: {error}") from error
            yield name, fix


def _features(document: Any, path: Path) -> list[dict[str, Any]]:
    kind = document.get("type") if isinstance(document, dict) else None
    found = document.get("features") if kind == "FeatureCollection" else [document] if kind == "Feature" else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UnreadableTrace(f"{path.name} is no FeatureCollection and no Feature")
    return found


def _fix(*, number: int, time: Any, place: Any, properties: dict[str, Any]) -> Fix:
    if not isinstance(place, list) or len(place) < 2:
        raise ValueError("no longitude and latitude")
    return traces.fix(
        number=number,
        at=traces.moment(time),
        lat=traces.number(place[1], what="latitude"),
        lon=traces.number(place[0], what="longitude"),
        accuracy_m=traces.unless_empty(properties.get("accuracy_m"), what="accuracy"),
        speed_mps=traces.unless_empty(properties.get("speed_mps"), what="speed"),
    )
