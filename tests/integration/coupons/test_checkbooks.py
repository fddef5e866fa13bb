"""`manage.py checkbooks`, as an operator types it."""

import pytest
from django.core.management import CommandError, call_command

from merchants.models import OfferBudget
from tests.cast import make_coupon, make_offer, make_store

pytestmark = pytest.mark.both


@pytest.mark.django_db(transaction=True)
def test_books_that_add_up_are_said_to(capsys) -> None:
    make_coupon(make_offer(make_store()))
    call_command("checkbooks")
    assert capsys.readouterr().out == "the books add up\n"


@pytest.mark.django_db(transaction=True)
def test_books_that_do_not_are_named_and_fail_the_command(capsys) -> None:
    make_coupon(make_offer(make_store()))
    OfferBudget.objects.update(reserved=5)
    with pytest.raises(CommandError, match="do not add up"):
        call_command("checkbooks")
    assert "reserved places" in capsys.readouterr().err
