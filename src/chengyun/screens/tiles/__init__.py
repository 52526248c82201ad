"""Vector tiles: the map's way of reading. What a tile holds is decided by the reader's scope, like any list; here it is only written down.

`encode` turns columns of points, and polygons, into Mapbox Vector Tiles (specification 2.1). No database, no clock, no request.
"""
