"""Pages, in the order in which the server's records changed: what is new, late or corrected since
the last run all comes after its cursor.
"""

import json

from wit_world.imports import records as wit

import ourwater
from ourwater import data, unsupported
from server import call, series

# Records that the server gives at once.
RECORDS_A_QUESTION = 1000

# Ids that fit into an address. Of more, everything is read and the rest left out here.
IDS_A_QUESTION = 50

# The last record read. Two may have changed in the same millisecond, so the time alone would lose or
# repeat one where a page ends between them.
BEGINNING = [0, ""]


def page(settings, request):
    """The page after the request's cursor."""
    cursor = ourwater.read_cursor(request.cursor, BEGINNING)
    limit = max(1, min(request.limit, RECORDS_A_QUESTION))
    records = ask(settings, request, cursor, limit)
    found, moved = Found(request), False
    for record in records:
        # Without these nobody can go on after it, but after the one before.
        match record:
            case {"id": str(id), "updated": int(updated)}:
                cursor, moved = [updated, id], True
                found.take(record)
            case _:
                found.reject(f"after {cursor[1]}", "it has no id and time of change", record)
    # A full page may be the last one; the next is then empty and ends where this one does.
    more = len(records) == limit
    if more and not moved:
        raise data("no record of a page has an id and a time of change")
    return found.page(cursor, more)


def ask(settings, request, cursor, limit):
    if request.datatype == wit.Datatype.GROUP:
        raise unsupported("the server has no groups")
    path = "wells" if request.datatype == wit.Datatype.RESOURCE else "readings"
    query = [("limit", limit)]
    if cursor != BEGINNING:
        query += [("updated", cursor[0]), ("after", cursor[1])]
    if 1 <= len(request.only) <= IDS_A_QUESTION:
        query.append(("wells", ",".join(request.only)))
    if request.since is not None:
        query.append(("since", request.since))
    records = ourwater.read(call(settings, "GET", path, query), "url")
    if not isinstance(records, list) or len(records) > limit:
        raise data(f"{path}: a list of at most {limit} records was asked for")
    return records


class Found:
    """What a page is made of."""

    def __init__(self, request):
        self.request = request
        self.wells, self.gone, self.rejected, self.empty = [], [], [], 0
        self.columns = ourwater.Columns()

    def take(self, record):
        """Takes a record; one that cannot be understood is rejected alone."""
        is_well = self.request.datatype == wit.Datatype.RESOURCE
        try:
            self.well(record) if is_well else self.reading(record)
        except (KeyError, TypeError, OverflowError) as error:
            self.reject(record["id"], f"{type(error).__name__}: {error}", record)

    def reject(self, place, reason, record):
        name = "well" if self.request.datatype == wit.Datatype.RESOURCE else "reading"
        self.rejected.append(wit.Rejection(f"{name} {place}", reason, json.dumps(record)))

    def well(self, record):
        if record.get("gone") is True:
            self.gone.append(record["id"])
        elif self.wants(record["id"]):
            self.wells.append(resource(record))

    def reading(self, record):
        well, time = record["well"], record["time"]
        if not isinstance(well, str) or not isinstance(time, int):
            raise TypeError("a reading has the id of a well, and a time in ms")
        since = self.request.since
        if not self.wants(well) or (since is not None and time < since):
            return
        if record.get("removed") is True:
            self.columns.remove(series(well), time)
        elif record["value"] is None:
            self.empty += 1
        else:
            self.columns.add(series(well), time, record["value"], record["updated"])

    def wants(self, well):
        return not self.request.only or well in self.request.only

    def page(self, cursor, more):
        is_well = self.request.datatype == wit.Datatype.RESOURCE
        items = wit.Items_Resources(self.wells) if is_well else self.columns.items()
        return ourwater.page(items, cursor, more, gone=self.gone, rejected=self.rejected,
                             empty=self.empty)


def resource(record):
    place = [number(record, it) for it in ("longitude", "latitude", "elevation")]
    if not isinstance(record["name"], str):
        raise TypeError("a well has a name")
    return wit.Resource(
        id=record["id"],
        name=record["name"],
        kind="well",
        position=None if None in place[:2] else wit.Position(*place[:2]),
        elevation=place[2],
        owner=None,
        groups=[],
        updated=record["updated"],
        extra="",
    )


def number(record, field):
    value = record.get(field)
    if value is not None and type(value) not in (int, float):
        raise TypeError(f"{field} is a number")
    return value
