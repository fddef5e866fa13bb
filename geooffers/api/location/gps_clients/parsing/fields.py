"""One position as the fields of a query or a form: OsmAnd, older Traccar clients, GPSLogger, Overland's template."""

from collections.abc import Iterable
from datetime import datetime

from django.http import QueryDict

from geooffers.api.location.gps_clients.parsing import fixes, values
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason


def first(fields: QueryDict, names: Iterable[str]) -> str | None:
    """The first of the names that has something in it."""
    return next((value for name in names if (value := fields.get(name))), None)


def read(
    fields: QueryDict,
    *,
    now: datetime,
    times: Iterable[str],
    accuracies: Iterable[str],
    speed_mps: float | None = None,
    mock: bool = False,
) -> ClientFix | DropReason:
    """`times` and `accuracies` are names, the best first. A record that does not say when is of now."""
    lat, lon = fields.get("lat"), fields.get("lon")
    if not lat or not lon:
        both = fields.get("location", "").split(",")
        if len(both) != 2:
            return DropReason.NO_POSITION
        lat, lon = both
    shown = first(fields, times)
    return fixes.judge(
        recorded_at=now if shown is None else values.moment(shown),
        lat=values.number(lat),
        lon=values.number(lon),
        accuracy_m=_best(fields, accuracies),
        speed_mps=speed_mps,
        mock=mock,
    )


def _best(fields: QueryDict, names: Iterable[str]) -> float | None:
    """The first that is more than 0; senders fill in 0 for what they do not know."""
    found = (values.number(fields.get(name)) for name in names)
    return next((number for number in found if number is not None and number > 0), None)
