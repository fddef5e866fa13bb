"""What a channel allows itself. Each channel's file says its own."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Limits:
    # Deliveries claimed at a time, and calls to the vendor at a time.
    batch: int
    connections: int
    # How long a claimed delivery is ours, in seconds of the database's clock.
    lease_s: float
    # Seconds until the next try after a failure: the first pause, doubled by each further one up to the longest.
    first_pause_s: float
    longest_pause_s: float
    # Counted by the claim, so that a delivery which kills its worker is given up too.
    max_attempts: int
    # How much of a pause is added at random, at most: a whole batch coming back at once would be refused again.
    jitter: float = field(default=0.25)

    def pause_s(self, *, attempts: int) -> float:
        doublings = min(attempts - 1, 30)
        return float(min(self.first_pause_s * 2**doublings, self.longest_pause_s))
