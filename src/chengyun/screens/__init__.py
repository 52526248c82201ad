"""EDGE OUT. What the world sees: api, realtime, tiles, exports, admin, and the application's pages."""
