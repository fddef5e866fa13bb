"""docs/privacy.md lists every column that holds something about a person, and says so of every table that does not."""

from django.apps import apps

from geooffers.worker.tasks import forget
from tests import privacy_page
from tests.integration.shoppers.test_erasing_is_complete import ERASED, leads_to_a_person

READ = privacy_page.catalogue()
LISTED = {table["model"]: table for table in privacy_page.tables(READ)}


def test_every_model_is_listed_once() -> None:
    """A new one is about people, and then its columns are told, or about nobody, and then why."""
    models = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert LISTED.keys() & READ["nobody"].keys() == set()
    missing = models - LISTED.keys() - READ["nobody"].keys()
    assert missing == set(), "tell docs/privacy.toml what they hold, then run `python -m tests.privacy_page`"
    assert LISTED.keys() | READ["nobody"].keys() == models, "docs/privacy.toml lists what is not there any more"


def test_every_column_that_holds_people_is_told() -> None:
    told = {f"{label}.{name}" for label, table in LISTED.items() for name in table["columns"]}
    there = {f"{label}.{field.name}" for label in LISTED for field in apps.get_model(label)._meta.concrete_fields}
    assert there - told == set(), "tell docs/privacy.toml what they hold, then run `python -m tests.privacy_page`"
    assert told - there == set(), "docs/privacy.toml tells of columns that are not there any more"


def test_whatever_leads_to_a_shopper_is_about_people() -> None:
    assert {model._meta.label for model in leads_to_a_person() | ERASED} <= LISTED.keys()


def test_of_every_table_it_is_said_what_an_erasure_does() -> None:
    untouched = "not by a shopper's erasure"
    for label, table in LISTED.items():
        assert all(table[name] for name in ("what", "kept", "erased", "seen_by")), label
        says_so = table["erased"].startswith(("stays", untouched))
        if apps.get_model(label) not in ERASED:
            assert says_so, label
        else:
            assert untouched not in table["erased"], label


def test_the_page_is_as_new_as_the_models() -> None:
    made = privacy_page.with_tables(privacy_page.page(), privacy_page.written(READ))
    assert privacy_page.page() == made, "run `python -m tests.privacy_page`"


def test_the_page_names_every_step_of_the_forgetting() -> None:
    text = privacy_page.page()
    for step in forget.STEPS:
        assert f"| {step.name} |" in text, step.name
