"""The Google bodies are valid against Google's own document, and the link is short enough to be followed."""

import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from notifications.passes import google
from notifications.passes.content import PassStore
from tests.passes import MARKUP, NOON, make_content, schema_faults

ISSUER = "3388000000000000000"
TEN = tuple(PassStore(name=f"Store {number}", lat=60.0 + number, lon=25.0) for number in range(10))


@pytest.fixture(scope="module")
def document(shared_data):
    return json.loads((shared_data / "wallet_push" / "walletobjects.v1.json").read_text())


@pytest.fixture(scope="module")
def keys():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return google.GoogleKeys(issuer=ISSUER, email="push@geooffers-sandbox.iam.gserviceaccount.com", key=key)


def bodies(**changed):
    content = make_content(**changed)
    class_id = google.class_id(content=content, issuer=ISSUER)
    return (
        google.offer_class(content=content, id=class_id),
        google.offer_object(content=content, issuer=ISSUER, class_id=class_id),
    )


def faults(body, name, document):
    return schema_faults(body, schema={"$ref": name}, schemas=document["schemas"], place=name)


LOGO_URL = (
    "https://offers.example/logos/019e7f5b-9c10-7a21-8b32-d4e5f6a7b8c9/3f1c0a9be27d4c58a6f0e1d2c3b4a596/1f6f5c.png"
)


@pytest.mark.parametrize(
    "changed", [{}, {"logo_url": LOGO_URL}, {"stores": TEN}, {"stores": (), "terms": ""}, {"voided": True}]
)
def test_the_bodies_are_valid_against_googles_document(document, changed):
    offer_class, offer_object = bodies(**changed)
    assert faults(offer_class, "OfferClass", document) == []
    assert faults(offer_object, "OfferObject", document) == []
    required = [
        (offer_class, "OfferClass", document["schemas"]["OfferClass"]["properties"]),
        (offer_object, "OfferObject", document["schemas"]["OfferObject"]["properties"]),
    ]
    for body, name, properties in required:
        wanted = {key for key, each in properties.items() if each.get("description", "").startswith("Required")}
        assert wanted <= body.keys(), name


def test_the_checker_does_find_faults(document):
    offer_class, offer_object = bodies()
    offer_class["redemptionChannel"] = "SHOP"
    offer_object["merchantLocations"] = [{"latitude": "60", "lon": 25}]
    offer_object["locations"] = {}
    assert faults(offer_class, "OfferClass", document) == [
        "OfferClass.redemptionChannel: 'SHOP' is not one of its values"
    ]
    assert faults(offer_object, "OfferObject", document) == [
        "OfferObject.merchantLocations[0].latitude: not number",
        "OfferObject.merchantLocations[0].lon: no such member",
        "OfferObject.locations: not array",
    ]


def test_the_link_is_short_enough_and_signed_over_ids_only(keys):
    offer_class, offer_object = bodies(terms="x" * 2000, stores=TEN)
    link = google.save_link(object_id=offer_object["id"], class_id=offer_class["id"], keys=keys, now=NOON)
    assert len(link) < 1_800
    address, _, token = link.rpartition("/")
    assert address == "https://pay.google.com/gp/v/save"
    claims = jwt.decode(
        token, keys.key.public_key(), algorithms=["RS256"], audience="google", options={"verify_iat": False}
    )
    assert claims["payload"] == {"offerObjects": [{"id": offer_object["id"], "classId": offer_class["id"]}]}
    assert (claims["typ"], claims["iss"]) == ("savetowallet", keys.email)


def test_a_link_that_browsers_would_cut_is_refused(keys):
    with pytest.raises(google.LinkTooLong):
        google.save_link(object_id=f"{ISSUER}.{'x' * 1500}", class_id=f"{ISSUER}.y", keys=keys, now=NOON)


def test_coupons_of_one_promise_share_a_class_and_a_changed_promise_has_its_own():
    one = google.class_id(content=make_content(), issuer=ISSUER)
    later = google.class_id(content=make_content(expires_at=NOON + timedelta(days=9), code="X"), issuer=ISSUER)
    other = google.class_id(content=make_content(terms="Two for each guest."), issuer=ISSUER)
    assert one == later != other


def test_a_logo_is_named_by_its_address_and_makes_another_class(keys):
    plain, (offer_class, offer_object) = bodies()[0], bodies(logo_url=LOGO_URL)
    assert "titleImage" not in plain
    assert offer_class["titleImage"]["sourceUri"] == {"uri": LOGO_URL}
    assert offer_class["titleImage"]["contentDescription"]["defaultValue"]["value"] == "Café Aino"
    assert offer_class["id"] != plain["id"]
    link = google.save_link(object_id=offer_object["id"], class_id=offer_class["id"], keys=keys, now=NOON)
    assert len(link) < 1_800
    assert LOGO_URL not in str(jwt.decode(link.rpartition("/")[2], options={"verify_signature": False}))


def test_markup_in_every_text_is_carried_as_text():
    texts = ("merchant", "title", "text", "terms", "discount")
    offer_class, offer_object = bodies(
        **dict.fromkeys(texts, MARKUP), stores=(PassStore(name=MARKUP, lat=60.0, lon=25.0),)
    )
    shown = ("issuerName", "provider", "title", "shortTitle", "details", "finePrint")
    assert {offer_class[name] for name in shown} == {MARKUP}
    assert offer_object["textModulesData"][0]["body"] == MARKUP


def test_a_used_coupon_is_completed_and_an_open_one_ends_by_itself():
    assert bodies(voided=True)[1]["state"] == "COMPLETED"
    _, offer_object = bodies()
    assert offer_object["state"] == "ACTIVE"
    assert offer_object["validTimeInterval"] == {"end": {"date": "2026-06-02T13:00:00+00:00"}}
