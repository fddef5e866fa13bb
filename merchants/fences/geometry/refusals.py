"""The one exception of this package."""


class GeometryRefused(ValueError):
    """`code` is stable, `message` is for the person who drew it, `at` is the (lon, lat) to show on the map, if any."""

    def __init__(self, code: str, message: str, at: tuple[float, float] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at
