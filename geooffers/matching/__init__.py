"""Which geofences does this position touch, and how surely. Plain Python: it knows numbers only.

areas.py    what a fence is: Circle, Polygon, Fence
index.py    the door: Index.build, match, match_one, nearest, with_changes
shapes.py   a fence made ready to be asked (circles.py, polygons.py; edges.py measures to a boundary)
layer.py    boxes in a tree: the few fences worth asking
earth.py    the ellipsoid
"""
