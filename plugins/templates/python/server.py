"""Requests to the server, and what its readings are readings of."""

import ourwater
from ourwater import config


def call(settings, method, path, query=(), body=None):
    base = settings["url"].rstrip("/")
    if not base.startswith(("https://", "http://")):
        raise config("url", "an address begins with https:// or http://")
    credential = None if settings["anonymous"] else "access"
    return ourwater.request(method, f"{base}/{path}", query, body, credential)


def series(well):
    """The server keeps one series of each well: its four fields in the contract's order."""
    return (well, "level", "depth-below-ground", "m")
