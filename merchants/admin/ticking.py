"""Boxes to tick. The theme's own keep a long name on one line, and a phone's page grows as wide as the name."""

from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget


class TickBoxes(UnfoldAdminCheckboxSelectMultipleWidget):  # type: ignore[misc]  # unfold ships no types
    option_template_name = "merchants/tick.html"
