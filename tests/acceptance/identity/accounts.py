"""Phones that sign in and out, as their apps do it; what the tests of identity share."""

from datetime import UTC, datetime

from django.http import HttpResponse

from geooffers.shoppers.models import Device, Shopper
from notifications.sandbox.keys import mint_id_token
from tests.phone import Phone, make_token
from tests.running_sandbox import RunningSandbox


class TokenChange:
    """One call that changes the phone's token, repeatable as it was."""

    def __init__(self, phone: Phone, path: str, **body: str) -> None:
        self.phone, self.path, self.old_token, self.new_token = phone, path, phone.token, make_token()
        self.body = {**body, "new_token": self.new_token}

    def send(self) -> HttpResponse:
        self.phone.token = self.old_token
        answer = self.phone.call("POST", self.path, self.body)
        if answer.status_code == 200:
            self.phone.token = self.new_token
        return answer


class SignIn(TokenChange):
    def __init__(self, sandbox: RunningSandbox, phone: Phone, uid: str) -> None:
        id_token = mint_id_token(uid, keys=sandbox.keys, now=datetime.now(UTC))
        super().__init__(phone, "/sign-in", id_token=id_token)


def signed_in(sandbox: RunningSandbox, phone: Phone, uid: str = "aino") -> Shopper:
    answer = SignIn(sandbox, phone, uid).send()
    assert answer.status_code == 200, answer.content
    return Shopper.objects.get(pk=answer.json()["shopper_id"])


def device_of(phone: Phone) -> Device:
    return Device.objects.select_related("shopper").get(install_id=phone.install_id)
