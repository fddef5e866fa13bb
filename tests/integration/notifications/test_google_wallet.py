"""Classes and objects reach Google Wallet, or the caller is told why not in a few seconds."""

import json
import time
from uuid import uuid4

import pytest
import requests

from notifications.channels.google_wallet import SCOPES, GoogleWallet, WalletRefused, WalletUnavailable
from notifications.passes import google
from notifications.sandbox import schema, wallet_schema
from notifications.sandbox.credentials import sandbox_credentials
from notifications.sandbox.keys import load_keys
from tests.passes import NOON, make_content
from tests.running_sandbox import RunningSandbox

ISSUER = "3388000000000000000"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    running = RunningSandbox(load_keys(folder=tmp_path_factory.mktemp("sandbox")))
    yield running
    running.close()


@pytest.fixture
def wallet(sandbox):
    sandbox.order()
    credentials = sandbox_credentials(keys=sandbox.keys, address=sandbox.url, scopes=SCOPES)
    return GoogleWallet(credentials=credentials, address=sandbox.url)


def bodies(**changed):
    content = make_content(**{"serial": uuid4(), **changed})
    class_id = google.class_id(content=content, issuer=ISSUER)
    return {
        "offer_class": google.offer_class(content=content, id=class_id),
        "offer_object": google.offer_object(content=content, issuer=ISSUER, class_id=class_id),
    }


def link_of(sandbox, said):
    keys = google.GoogleKeys(issuer=ISSUER, email=sandbox.keys.client_email, key=sandbox.keys.service_account)
    ids = {"object_id": said["offer_object"]["id"], "class_id": said["offer_class"]["id"]}
    return google.save_link(**ids, keys=keys, now=NOON, address=f"{sandbox.url}/gp/v/save")


def follow(link):
    return requests.get(link, timeout=10)


def test_what_was_put_is_behind_the_link(sandbox, wallet):
    said = bodies(title="First of all")
    assert follow(link_of(sandbox, said)).status_code == 404  # before it is put
    wallet.put(**said)
    found = follow(link_of(sandbox, said)).json()["passes"]
    assert found == [{"object": said["offer_object"], "class": said["offer_class"]}]


def test_a_second_save_changes_the_object_and_makes_no_other(sandbox, wallet):
    serial = uuid4()
    wallet.put(**bodies(serial=serial))
    used = bodies(serial=serial, voided=True)
    wallet.put(**used)
    assert follow(link_of(sandbox, used)).json()["passes"][0]["object"]["state"] == "COMPLETED"


def test_a_link_signed_by_somebody_else_leads_nowhere(sandbox, wallet, tmp_path):
    said = bodies(title="Forged")
    wallet.put(**said)
    stranger = google.GoogleKeys(
        issuer=ISSUER, email=sandbox.keys.client_email, key=load_keys(folder=tmp_path).service_account
    )
    ids = {"object_id": said["offer_object"]["id"], "class_id": said["offer_class"]["id"]}
    forged = google.save_link(**ids, keys=stranger, now=NOON, address=f"{sandbox.url}/gp/v/save")
    assert follow(forged).status_code == 400


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        ({"kind": "unavailable"}, WalletUnavailable),
        ({"kind": "quota"}, WalletUnavailable),
        ({"kind": "reset"}, WalletUnavailable),
        ({"kind": "html"}, WalletUnavailable),
        ({"kind": "strange"}, WalletUnavailable),
        ({"kind": "gateway"}, WalletUnavailable),
        ({"kind": "hang"}, WalletUnavailable),
        ({"kind": "mismatch"}, WalletRefused),
        ({"kind": "hang", "endpoint": "token"}, WalletUnavailable),
        ({"kind": "mismatch", "endpoint": "token"}, WalletRefused),
    ],
)
def test_a_bad_day_at_google_is_told_within_seconds(sandbox, wallet, fault, refusal):
    sandbox.order({"endpoint": "wallet", "times": 9, **fault})
    began = time.monotonic()
    with pytest.raises(refusal):
        wallet.put(**bodies(title=f"{fault}"))
    assert time.monotonic() - began < 7
    sandbox.order()
    wallet.put(**bodies(title=f"{fault}"))  # and nothing stays broken


def test_google_that_is_not_there_is_told_at_once(sandbox):
    credentials = sandbox_credentials(keys=sandbox.keys, address=sandbox.url, scopes=SCOPES)
    nobody = GoogleWallet(credentials=credentials, address="http://127.0.0.1:9")
    with pytest.raises(WalletUnavailable):
        nobody.put(**bodies())


def test_a_token_that_was_revoked_is_renewed(sandbox, wallet):
    wallet.put(**bodies(title="Before"))
    sandbox.order({"endpoint": "wallet", "kind": "apnsauth"})  # any 401
    wallet.put(**bodies(title="After"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"offer_object": {"locations": []}},
        {"offer_object": {"state": "NEW"}},
        {"offer_object": {"merchantLocations": [{"latitude": 60.0, "longitude": 25.0}] * 11}},
        {"offer_class": {"title": ""}},
        {"offer_class": {"reviewStatus": "APPROVED"}},
    ],
)
def test_the_sandbox_refuses_what_google_refuses(wallet, wrong):
    said = bodies(title=json.dumps(wrong)[:60])
    for part, members in wrong.items():
        said[part] = {**said[part], **members}
    with pytest.raises(WalletRefused):
        wallet.put(**said)


def test_the_declared_members_are_among_those_that_google_publishes(shared_data):
    document = json.loads((shared_data / "wallet_push" / "walletobjects.v1.json").read_text())

    def missing(spec, published, place):
        if isinstance(spec, dict):
            for name, inner in spec.items():
                assert name in published["properties"], f"{place}.{name}"
                missing(inner, resolved(published["properties"][name]), f"{place}.{name}")
        elif isinstance(spec, schema.ListOf):
            assert published["type"] == "array", place
            missing(spec.item, resolved(published["items"]), f"{place}[]")
        elif isinstance(spec, schema.OneOf):
            assert spec.values <= set(published["enum"]), place
        else:
            wanted = "string" if spec is schema.Plain.TIMESTAMP else spec.value
            assert published["type"] == wanted, place

    def resolved(member):
        return document["schemas"][member["$ref"]] if "$ref" in member else member

    missing(wallet_schema.OFFER_CLASS, document["schemas"]["OfferClass"], "OfferClass")
    missing(wallet_schema.OFFER_OBJECT, document["schemas"]["OfferObject"], "OfferObject")
    for method, path in (("insert", "offerClass"), ("patch", "offerClass/{resourceId}")):
        assert document["resources"]["offerclass"]["methods"][method]["flatPath"] == f"walletobjects/v1/{path}"
