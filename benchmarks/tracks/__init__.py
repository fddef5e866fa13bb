"""Labelled tracks: what a phone reports on made-up walks, drives and flights, and which visits there truly were.

A track is made by a seed and nothing else, in three steps: a noise-free path (`journeys`), what a phone reports of it
(`phones`), and the fences around. Labels come from the noise-free path alone (`truth`), by the geodesic and by shapely,
so that nothing here depends on what is measured with it. The seeds for tuning and those for testing are disjoint, and
so is every number drawn from them (`made`).

**What is true.** Of each fence, the time for which the noise-free path is inside. Two such times less than a minute
apart are one: who steps out of the door for half a minute has not left. Each is one of three things:

* a *stay*: at walking pace or slower (2.5 m/s) for at least a minute, and shown by at least two of the phone's honest
  fixes (accuracy 200 m or better), 30 seconds or more apart, taken while truly inside. A perfect system reports one
  enter and one leave.
* a *pass*: never slower than that. A motorway through the fence, a flight over it. A perfect system reports nothing.
* *brief*: neither. A walker who clips a corner, a car that waits at the lights for half a minute, a stay that fewer
  fixes show. One enter and one leave are welcome and may be missing: they count neither as found nor as false.

Across a silence longer than the stale limit (60 minutes without a fix) nobody can know, and a stay is judged in parts:
the part after the silence needs no second enter, but may have one, and the part before may be closed at its last fix.

**What counts as found, missed, false** (`benchmarks/scoring.py`). A minute's grace, at both ends, for noise.

* An enter is right when reported during a stay or at most a minute before or after, and the first of that stay.
* A leave is right when reported at the stay's end or later, at most a minute earlier, and the first of that stay.
* Every other transition is false, unless it belongs to a brief time: a second enter or leave of one stay (flapping), a
  leave while truly inside, an enter where nobody is. Whoever flaps once has two false transitions.
* A stay without an enter of its own is missed. An enter that came too early is false, but if the visit is still open
  when the stay begins, the stay is not missed as well. One reported visit finds one stay at most.
* The delay of an enter is how many fixes came after the first fix truly inside, until the one that it was reported
  with; an early one has a delay of zero.
* A visit that the engine itself marks as suspicious when it begins counts as not reported: neither false nor found.

**What a phone reports.** A fix every 10 to 60 s while it moves and fewer while it lies still, jittered, speeds from
most phones. Errors are a Gauss-Markov process (they wander, with a memory of half a minute to some minutes), and the
claimed accuracy is their 68 % radius, honest up to a lognormal factor of 15 %. Two classes lie: `urban_canyon` and
`teleport`.

| class | what happens | what a perfect system reports |
| --- | --- | --- |
| walk_in | to a shop on foot, or from a parked car; minutes to an hour there; some come back | the stays |
| walk_by | along a street, fences 10 to 60 m aside or clipped for less than a minute | nothing, brief ones at will |
| drive_by | motorway and main road, with lights, through and past fences | nothing |
| cafe | an hour on a chair with 20 to 60 m of jitter, in one fence and next door to another | one stay |
| urban_canyon | a walk with a stop; fixes 200 to 700 m off that claim 3 to 11 m, half of them in a fence | the stays |
| tunnel | half a minute to three without a fix, fences at both portals and above; some park and shop | the stays |
| underground_gap | into a shop, 10 to 90 minutes without a fix, out again or somewhere else | the stays |
| plane | a shop at the gate, then flight over fences, or all of it without a fix | the stay at the gate |
| teleport | the phone lies at home; a spoofed position appears in a fence 10 to 8,000 km away, and moves on | nothing |
"""
