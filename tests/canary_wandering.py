"""Where else Kanari comes by: apps that are not ours, regions, cities, new words, a pause, a place where nobody is
tracked, a borrowed phone; and the shop's owner walks somebody made up into the fence that Kanari is in.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.test import Client

from geooffers.api.edge import clock
from geooffers.shoppers.consents import texts
from geooffers.shoppers.models import ConsentText, Purpose
from merchants.fences import editing
from merchants.live_fences import live_fences
from merchants.models import AreaKind, ExclusionZone, FenceState, Geofence, Role, User
from tests.cast import make_staff
from tests.phone import Phone, make_token
from tests.walker import fix

if TYPE_CHECKING:
    from tests.canary_person import CanaryPerson

MINUTE = timedelta(minutes=1)
CLINIC = (61.52345678, 23.79876543)
WLAN = "kanarin-oma-wlan"


def wander(kanari: "CanaryPerson", *, farther: tuple[float, float], since: datetime) -> None:
    """Everything within two minutes of `since`; no visit comes of it."""
    _by_other_apps(kanari, farther, at=since)
    _asks_for_a_city(kanari)
    _agrees_to_new_words(kanari, at=since)
    _pauses(kanari, at=since)
    _passes_a_clinic(kanari, at=since + MINUTE)
    _says_more(kanari, at=since + MINUTE)
    _borrows_a_phone(kanari, at=since + MINUTE)


def is_told_by_the_system(kanari: "CanaryPerson", *, lat: float, lon: float, at: datetime) -> None:
    """Kanari is there already; the phone's own monitoring says so as well."""
    watched = kanari.call("POST", "/regions", {"lat": lat, "lon": lon, "background": True}, now=at).json()
    (region,) = watched["regions"]
    event = {
        "uuid": fix(at)["uuid"],
        "recorded_at": at.isoformat(),
        "region_id": region["fence_id"],
        "change": "enter",
        "background": True,
        "place": {"lat": lat, "lon": lon, "accuracy_m": 12.0},
    }
    answer = kanari.call("POST", "/region-events", {"events": [event]}, now=at).json()
    assert [result["status"] for result in answer["results"]] == ["accepted"]


def _by_other_apps(kanari: "CanaryPerson", place: tuple[float, float], *, at: datetime) -> None:
    key = kanari.call("GET", "/ingest/key", now=at).json()["reporting_key"]
    lat, lon = place
    told = {"_type": "location", "tst": int(at.timestamp()), "lat": lat, "lon": lon, "acc": 9, "SSID": WLAN}
    client, shown = kanari.phone.client, {"Authorization": f"Bearer {key}"}
    with clock.set_to(at):
        answer = client.post("/api/v1/ingest/owntracks", told, content_type="application/json", headers=shown)
    assert answer["X-Geooffers-Counts"].startswith("accepted=1"), answer["X-Geooffers-Counts"]
    later = at + timedelta(seconds=10)
    asked = {"id": key, "lat": lat, "lon": lon, "timestamp": int(later.timestamp()), "wifi": WLAN}
    with clock.set_to(later):
        assert client.get("/api/v1/ingest/osmand", asked).status_code == 200


def _asks_for_a_city(kanari: "CanaryPerson") -> None:
    (city,) = kanari.call("GET", "/cities").json()["cities"]
    assert kanari.call("GET", f"/offers?city={city['city']}").json()["offers"]


def _agrees_to_new_words(kanari: "CanaryPerson", *, at: datetime) -> None:
    draft = ConsentText.objects.create(
        purpose=Purpose.MARKETING_PUSH, language="en", body="Send me messages, and more of them.", renews=True
    )
    (new,) = texts.publish(drafts=[draft], now=at)
    shown = kanari.call("GET", f"/consents?locale={kanari.language}", now=at).json()["items"]
    assert [one["purpose"] for one in shown if one["outdated"]] == ["marketing_push"]
    body = {"purpose": new.purpose, "language": new.language, "version": new.version}
    kanari.call("POST", "/consents", body, now=at, **{"Idempotency-Key": "kanari-agrees-again"})


def _pauses(kanari: "CanaryPerson", *, at: datetime) -> None:
    assert kanari.call("POST", "/consents/pause", {"pause": "hour"}, now=at).json()["paused"]
    kanari.call("POST", "/consents/resume", now=at + timedelta(seconds=1), **{"Idempotency-Key": "kanari-goes-on"})


def _passes_a_clinic(kanari: "CanaryPerson", *, at: datetime) -> None:
    lat, lon = CLINIC
    zone = ExclusionZone(
        name="Clinic", rule="health", kind=AreaKind.CIRCLE, center_lat=lat, center_lon=lon, radius_m=90
    )
    operator = User.objects.create_superuser("operator-of-zones", password="a-long-password-1")
    editing.put_zone(zone=zone, by=operator)
    live_fences.matcher().refresh()
    answer = kanari.call("POST", "/positions", {"fixes": [fix(at, (lat + 0.0001, lon))]}, now=at).json()
    assert answer["results"][0]["code"] == "not_used"


def _says_more(kanari: "CanaryPerson", *, at: datetime) -> None:
    kanari.call("PUT", "/consents/age-signal", {"age": "18_plus"}, now=at)
    kanari.call("PUT", "/consents/jurisdiction", {"jurisdiction": "FI-01"}, now=at)


def _borrows_a_phone(kanari: "CanaryPerson", *, at: datetime) -> None:
    """Signs in on it, and out again: the phone stays somebody's, and leads nowhere."""
    borrowed = Phone(address="203.0.113.78")
    with clock.set_to(at):
        assert borrowed.register().status_code == 201
        for path, proof in (("/sign-in", {"id_token": kanari.id_token()}), ("/sign-out", {})):
            answer = borrowed.call("POST", path, {**proof, "new_token": (token := make_token())})
            assert answer.status_code == 200, answer.content
            borrowed.token = token


def owner_walks_somebody_in(kanari: "CanaryPerson", *, at: datetime) -> bytes:
    """While Kanari is in the fence. What the owner is shown."""
    fence = Geofence.objects.get(store=kanari.store, state=FenceState.LIVE)
    owner = Client()
    owner.force_login(make_staff(kanari.store, role=Role.OWNER, username=f"owner-{at:%H%M}").user)
    with clock.set_to(at):
        page = owner.post("/admin/simulated-visit/", {"fence": fence.pk, "manner": "on_foot"})
    assert "walk-summary" in page.content.decode()
    return page.content
