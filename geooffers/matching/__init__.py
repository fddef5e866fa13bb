"""Which geofences does this position touch, and how surely. Numbers in, numbers out: no database, no settings.

areas.py      what a fence is: Circle, Polygon, Fence
index.py      the door: Index.build, open, save, inside, match, nearest, with_changes; answers.py: what it answers
columns.py    many fences as few arrays
base.py       the arrays that are asked, built from columns: covering.py (cells), table.py (their hash table), slabs.py
              (polygons), and kept on disk by files.py
cells.py      the grid
decisions.py  the cheap decisions: inside, outside, or too close to say
layer.py      a base asked in plain Python, outlines.py its polygons; batches.py and kernel.py: the same steps for many
              positions, compiled
touching.py   how surely, how far from the boundary; following.py the same along a phone's way
clusters.py   fences that lie close together, so that most are not looked at
nearness.py   what begins nearest, and how near the nearest boundary is
shapes.py     one fence's exact answer: circles.py, polygons.py, and edges.py, which measures to a boundary
earth.py      the ellipsoid
"""
