from django.apps import AppConfig


class BreakGlassConfig(AppConfig):
    name = "geooffers.operators.break_glass"
    label = "break_glass"
    default_auto_field = "django.db.models.BigAutoField"
