"""Batches, compiled by Numba: the decisions of plain Python, in stages.

A million fences do not fit the processor's caches, so one point after another would wait for memory at every step. A
batch of points goes through each step together instead (cells, slots, lists, records, slabs, edges). Each asks for what
the next will read, so the waits overlap. Imported only where Numba is installed and a batch is worth it.
"""

import math
import zlib
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from geooffers.matching import cells, decisions, earth, slabs, table

BATCH = 256
# Candidates decided together; a batch whose points have more is decided in several goes.
CANDIDATES = 4096


def _place_for(sources: list[str]) -> str:
    """Numba keeps what it compiled until the file of the function changes. Ours is put together from several files, so
    they give the place its name: after a change of one of them the code is compiled anew.
    """
    digest = zlib.crc32(b"".join(Path(source).read_bytes() for source in sources))
    return str(Path(__file__).parent / "__pycache__" / f"kernel-{digest:08x}")


# Read by numba when a function is decorated. Where it may not write there, it takes the user's own folder.
numba.config.CACHE_DIR = _place_for([str(module.__file__) for module in (cells, decisions, earth, slabs, table)])  # type: ignore[attr-defined]  # made at run time
_compiled = numba.njit(nogil=True, cache=True, error_model="numpy")

_row_of: Any = _compiled(cells.row_of)
_column_of: Any = _compiled(cells.column_of)
_mixed_key: Any = _compiled(cells.mixed_key)
_in_circle: Any = _compiled(decisions.in_circle)
_in_slab: Any = _compiled(decisions.in_slab)


def _prefetch_code(context: Any, array: Any, at: Any) -> Any:
    """Asks the processor for what stands there without waiting for it; what is not there does no harm."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, values[0])
        address = builder.bitcast(builder.gep(held.data, [values[1]]), cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], kind)
        # To be read, and kept near; data rather than instructions.
        builder.call(ask, [address, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), code


_prefetch: Any = intrinsic(_prefetch_code)


SHIFTS = np.array(cells.SHIFTS)
BEGINS = np.array(cells.BEGINS)
LEVELS = len(cells.LEVELS)
MAP_SHIFT, MAP_COLUMNS = cells.MAP_SHIFT, cells.MAP_COLUMNS
LOW, EMPTY = table.LOW, table.EMPTY
FULL, LAST, FENCE_SHIFT = table.FULL, table.LAST, table.FENCE_SHIFT
WEST, SOUTH, EAST, NORTH = slabs.WEST, slabs.SOUTH, slabs.EAST, slabs.NORTH
PER_DEGREE, FIRST_SLAB, LAST_SLAB, FIRST_VERTEX = (
    slabs.PER_DEGREE,
    slabs.FIRST_SLAB,
    slabs.LAST_SLAB,
    slabs.FIRST_VERTEX,
)
OUTSIDE, INSIDE, OPEN = decisions.OUTSIDE, decisions.INSIDE, decisions.OPEN
EQUATOR_M, E2, TURNS = earth.EQUATOR_M, earth.E2, earth.TURNS


@_compiled
def inside(
    lat: Any,
    lon: Any,
    begin: int,
    narrowing: Any,
    there: Any,
    slots: Any,
    entries: Any,
    table_shape: Any,
    circles: Any,
    polygons: Any,
    slab_begins: Any,
    slab_edges: Any,
    vertices: Any,
    out_point: Any,
    out_fence: Any,
    open_point: Any,
    open_fence: Any,
) -> tuple[int, int, int]:
    """From point `begin` on: how far it came, how many pairs it found, and how many it leaves open.

    `lat` and `lon` are in degrees, one for each point. The arrays up to `vertices` are those of `Base`; circles,
    polygons and vertices are flattened to one dimension. Results are written into the last four, int64: the first two
    have one length, the last two another.

    It stops early when the arrays for results are full; then the caller goes on from there.
    """
    homes, stride = table_shape[0], table_shape[1]
    count = len(circles) // 4
    probe_key = np.empty(BATCH * LEVELS, np.int64)
    probe_at = np.empty(BATCH * LEVELS, np.int64)
    probe_point = np.empty(BATCH * LEVELS, np.int64)
    space = np.empty((BATCH, 3), np.float64)
    placed = np.empty(BATCH, np.bool_)
    circle_point = np.empty(CANDIDATES, np.int64)
    circle_fence = np.empty(CANDIDATES, np.int64)
    polygon_point = np.empty(CANDIDATES, np.int64)
    polygon_fence = np.empty(CANDIDATES, np.int64)
    in_box_point = np.empty(CANDIDATES, np.int64)
    in_box_fence = np.empty(CANDIDATES, np.int64)
    in_box_slab = np.empty(CANDIDATES, np.int64)
    in_box_first = np.empty(CANDIDATES, np.int64)
    slab_from = np.empty(CANDIDATES, np.int64)
    slab_to = np.empty(CANDIDATES, np.int64)
    pairs, opens = 0, 0
    while begin < len(lat):
        end = min(begin + BATCH, len(lat))
        pairs_before, opens_before = pairs, opens
        # Points to the cells that exist around them.
        probes = 0
        for point in range(begin, end):
            placed[point - begin] = False
            row, column = _row_of(lat[point]), _column_of(lon[point])
            levels = there[row >> MAP_SHIFT, column >> MAP_SHIFT]
            for number in range(LEVELS):
                if levels >> number & 1:
                    shift = SHIFTS[number]
                    narrow = shift + narrowing[BEGINS[number] + (row >> shift)]
                    key = _mixed_key(number, row >> shift, column >> narrow)
                    at = (key >> 32) * stride + ((key & LOW) * homes >> 32)
                    probe_key[probes], probe_at[probes], probe_point[probes] = key, at, point
                    probes += 1
                    _prefetch(slots, at)
        # Cells to slots.
        found = 0
        for probe in range(probes):
            low, at = probe_key[probe] & LOW, probe_at[probe]
            slot = slots[at]
            while slot != EMPTY and (slot >> 32 & LOW) < low:
                at += 1
                slot = slots[at]
            if slot != EMPTY and (slot >> 32 & LOW) == low:
                probe_at[found] = slot & LOW
                probe_point[found] = probe_point[probe]
                _prefetch(entries, probe_at[found])
                found += 1
        # Slots to fences. A full cell decides at once.
        round_ones, cornered, probe = 0, 0, 0
        at, entry, whose = 0, np.uint32(LAST), begin
        listed = False
        while True:
            while round_ones < CANDIDATES and cornered < CANDIDATES:
                if not listed:
                    if probe == found:
                        break
                    at, whose = probe_at[probe], probe_point[probe]
                    entry = entries[at]
                    probe += 1
                fence = np.int64(entry >> FENCE_SHIFT)
                if entry & FULL:
                    if pairs == len(out_point):
                        return begin, pairs_before, opens_before
                    out_point[pairs], out_fence[pairs] = whose, fence
                    pairs += 1
                elif fence < count:
                    circle_point[round_ones], circle_fence[round_ones] = whose, fence
                    _prefetch(circles, 4 * fence)
                    round_ones += 1
                else:
                    polygon_point[cornered], polygon_fence[cornered] = whose, fence
                    _prefetch(polygons, 8 * (fence - count))
                    cornered += 1
                listed = not entry & LAST
                if listed:
                    at += 1
                    entry = entries[at]
            if pairs + round_ones + 3 * cornered > len(out_point) or opens + round_ones + 3 * cornered > len(
                open_point
            ):
                return begin, pairs_before, opens_before
            # Circles.
            for each in range(round_ones):
                point = circle_point[each] - begin
                if not placed[point]:
                    phi, lam = math.radians(lat[begin + point]), math.radians(lon[begin + point])
                    sin_phi, cos_phi = math.sin(phi), math.cos(phi)
                    across = EQUATOR_M / math.sqrt(1 - E2 * sin_phi * sin_phi)
                    space[point, 0] = across * cos_phi * math.cos(lam)
                    space[point, 1] = across * cos_phi * math.sin(lam)
                    space[point, 2] = across * (1 - E2) * sin_phi
                    placed[point] = True
            for each in range(round_ones):
                point, fence = circle_point[each], circle_fence[each]
                here = point - begin
                side = _in_circle(circles, 4 * fence, space[here, 0], space[here, 1], space[here, 2])
                # Written in any case and kept by counting on: a branch here would be guessed wrong half the time.
                out_point[pairs], out_fence[pairs] = point, fence
                pairs += side == INSIDE
                if side == OPEN:
                    open_point[opens], open_fence[opens] = point, fence
                    opens += 1
            # Polygons: boxes, then slabs, then edges.
            boxed = 0
            for each in range(cornered):
                point, fence = polygon_point[each], polygon_fence[each]
                at_record = 8 * (fence - count)
                y, x = lat[point], lon[point]
                west, east = polygons[at_record + WEST], polygons[at_record + EAST]
                if not polygons[at_record + SOUTH] <= y <= polygons[at_record + NORTH]:
                    continue
                slab = np.int64((y - polygons[at_record + SOUTH]) * polygons[at_record + PER_DEGREE])
                last = np.int64(polygons[at_record + LAST_SLAB])
                if west <= -180 or east >= 180:
                    # Rare: the same place under several longitudes.
                    side = OUTSIDE
                    for turn in TURNS:
                        there_x = x + turn
                        if west <= there_x <= east and side != INSIDE:
                            which = np.int64(polygons[at_record + FIRST_SLAB]) + min(slab, last)
                            says = _in_slab(
                                vertices,
                                slab_edges,
                                np.int64(polygons[at_record + FIRST_VERTEX]),
                                np.int64(slab_begins[which]),
                                np.int64(slab_begins[which + 1]),
                                there_x,
                                y,
                            )
                            if says != OUTSIDE:
                                side = says
                    if side == INSIDE:
                        out_point[pairs], out_fence[pairs] = point, fence
                        pairs += 1
                    elif side == OPEN:
                        open_point[opens], open_fence[opens] = point, fence
                        opens += 1
                elif west <= x <= east:
                    in_box_point[boxed], in_box_fence[boxed] = point, fence
                    in_box_slab[boxed] = np.int64(polygons[at_record + FIRST_SLAB]) + min(slab, last)
                    _prefetch(slab_begins, in_box_slab[boxed])
                    in_box_first[boxed] = np.int64(polygons[at_record + FIRST_VERTEX])
                    boxed += 1
            for each in range(boxed):
                slab_from[each] = slab_begins[in_box_slab[each]]
                slab_to[each] = slab_begins[in_box_slab[each] + 1]
                _prefetch(slab_edges, slab_from[each])
            for each in range(boxed):
                for edge in range(slab_from[each], slab_to[each]):
                    _prefetch(vertices, 2 * (in_box_first[each] + slab_edges[edge]))
            for each in range(boxed):
                point, fence = in_box_point[each], in_box_fence[each]
                side = _in_slab(
                    vertices, slab_edges, in_box_first[each], slab_from[each], slab_to[each], lon[point], lat[point]
                )
                out_point[pairs], out_fence[pairs] = point, fence
                pairs += side == INSIDE
                if side == OPEN:
                    open_point[opens], open_fence[opens] = point, fence
                    opens += 1
            round_ones, cornered = 0, 0
            if probe == found and not listed:
                break
        begin = end
    return begin, pairs, opens
