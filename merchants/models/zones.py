"""Exclusion zones, drawn by operators or imported, and the imports: versions of a source, all of them kept."""

from django.db import models
from django.db.models import F, Q

from geooffers.jurisdictions.column import JurisdictionField
from geooffers.jurisdictions.rules import PlaceKind
from merchants.models.people import User
from merchants.models.places import Area, has_one_shape

PLACES = {
    PlaceKind.HEALTH.value: "health care",
    PlaceKind.SCHOOL.value: "school",
    PlaceKind.WORSHIP.value: "worship",
    PlaceKind.SHELTER.value: "shelter",
    PlaceKind.OTHER.value: "another",
}


class ZoneImport(models.Model):
    """A version of the zones of one source. The zones that it added or removed point at it."""

    source = models.SlugField(
        max_length=60, db_index=False, help_text="What the file is a version of, as us-wa-hospitals."
    )
    version = models.PositiveIntegerField(editable=False)
    place_kind = models.CharField(max_length=8, choices=list(PLACES.items()))
    jurisdiction = JurisdictionField()
    file_name = models.CharField(max_length=200, editable=False)
    file_sha256 = models.CharField(max_length=64, editable=False)
    zones = models.PositiveIntegerField(editable=False)
    added = models.PositiveIntegerField(editable=False)
    removed = models.PositiveIntegerField(editable=False)
    fences_to_review = models.PositiveIntegerField(editable=False)
    imported_by = models.ForeignKey(User, null=True, editable=False, on_delete=models.PROTECT, related_name="+")
    imported_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-imported_at", "-version"]
        constraints = [models.UniqueConstraint(fields=["source", "version"], name="zone_import_is_unique")]

    def __str__(self) -> str:
        return f"{self.source} v{self.version}"


class ExclusionZone(Area):
    """A place where nobody is tracked. It beats every fence; only operators draw or import it.

    In the matching index its id is minus the primary key, and its area is the drawn one with the buffer that the law of
    its jurisdiction asks for around such a place: a wider circle, or the polygon in `buffered`.
    """

    name = models.CharField(max_length=100)
    place_kind = models.CharField("place of", max_length=8, choices=list(PLACES.items()), default=PlaceKind.OTHER.value)
    jurisdiction = JurisdictionField(blank=True, default="")
    rule = models.CharField(
        max_length=200,
        blank=True,
        help_text="Why nobody is tracked here, in words a merchant may read. Empty: the law's, where there is one.",
    )
    buffer_m = models.FloatField("buffer (metres)", default=0, editable=False)
    buffered = models.JSONField(null=True, editable=False)
    active = models.BooleanField(default=True)
    added_by = models.ForeignKey(
        ZoneImport, null=True, editable=False, on_delete=models.PROTECT, related_name="zones_added"
    )
    removed_by = models.ForeignKey(
        ZoneImport, null=True, editable=False, on_delete=models.PROTECT, related_name="zones_removed"
    )
    # Of an imported zone: tells whether the next version has the same one.
    digest = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=has_one_shape(), name="exclusionzone_has_one_shape"),
            models.CheckConstraint(
                condition=Q(removed_by__isnull=True)
                | Q(active=False, added_by__isnull=False, removed_by__gt=F("added_by")),
                name="exclusionzone_is_removed_by_a_later_import",
            ),
            models.CheckConstraint(condition=Q(buffer_m__gte=0), name="exclusionzone_buffer_is_no_hole"),
        ]

    def __str__(self) -> str:
        return self.name
