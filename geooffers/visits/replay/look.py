"""Colours and marks that map, timeline and legend share."""

from geooffers.visits.engine.transition_events import Change

INK, FAINT, GROUND, QUIET = "#1f2933", "#9aa5b1", "#ffffff", "#e4e7eb"
ENTERED, LEFT, DROPPED = "#15803d", "#b42318", "#c2410c"
# Of the fences that something happened at, told apart in lightness too.
STAYED = ("#2456d6", "#0f766e", "#9333ea", "#b45309", "#be185d", "#4d7c0f", "#0369a1", "#7c2d12")
MARKS = {"entered": "^", "settled": "P", "dwelled": "o", "left": "s", "other": "*"}
KINDS = {
    Change.ENTERED: ("entered", ENTERED),
    Change.APPEARED_INSIDE: ("entered", ENTERED),
    Change.SETTLED: ("settled", ENTERED),
    Change.DWELLED: ("dwelled", INK),
    Change.LEFT: ("left", LEFT),
    Change.CORRECTED: ("other", DROPPED),
    Change.CROSSED: ("other", ENTERED),
}
