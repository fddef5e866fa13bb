from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "geooffers.ledger"
    label = "ledger"
