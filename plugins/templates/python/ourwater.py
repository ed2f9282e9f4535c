"""What a datasource plugin in Python is written with: failures, configurations, cursors, columns
and requests. It is yours: read it, and change what does not suit you.

A failure is raised, as in `raise data("the answer has no date")`, and tells the host what to do.
Any other exception is a fault of the plugin: the call ends, and its traceback is shown.
"""

import json
import re
from array import array
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from componentize_py_types import Err
from wit_world.imports import http
from wit_world.imports import records as wit

RETRY_AFTER_MS_MAX = 24 * 60 * 60 * 1000
SHOWN_CHARACTERS_MAX = 200
NESTING_MAX = 64

STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


# Failures.


def config(field, text):
    """Stop; a person must change this field of the configuration."""
    return Err(wit.Failure_Config(wit.Remark(field, text)))


def denied(text):
    """Stop; a person must change credentials or rights."""
    return Err(wit.Failure_Denied(text))


def data(text):
    """This run fails."""
    return Err(wit.Failure_Data(text))


def unavailable(reason, after_ms=None):
    """Try again, not before the delay."""
    return Err(wit.Failure_Unavailable(wit.Delay(reason, after_ms)))


def stale_cursor(text):
    """The cursor no longer means anything: start from none. Never in answer to none."""
    return Err(wit.Failure_StaleCursor(text))


def unsupported(text):
    """The plugin cannot do that."""
    return Err(wit.Failure_Unsupported(text))


# Configurations and cursors.

TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list,
         "object": dict}


def loads(text):
    """What is JSON, and not so deep that the stack would end before it does; else a ValueError."""
    depth = 0
    for found in STRING_OR_BRACKET.findall(text):
        depth += (found in "[{") - (found in "]}")
        if depth > NESTING_MAX:
            raise ValueError("it is nested too deeply")
    return json.loads(text)


def parse(text, schema):
    """The configuration as a dict, its own fields held against the schema, its defaults filled in."""
    try:
        found = loads(text)
    except ValueError as error:
        raise config("", f"the configuration is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise config("", "the configuration must be a JSON object")
    properties = schema["properties"]
    for field in schema.get("required", []):
        if field not in found:
            raise config(field, f"the field {field} is missing")
    for field, value in found.items():
        if field not in properties:
            raise config(field, f"there is no field {field}")
        kind = properties[field]["type"]
        is_flag = isinstance(value, bool) and kind != "boolean"
        if is_flag or not isinstance(value, TYPES[kind]):
            raise config(field, f"the field {field} must be of type {kind}")
    defaults = {name: it["default"] for name, it in properties.items() if "default" in it}
    return defaults | found


def read_cursor(text, beginning):
    """What `write_cursor` wrote, or the beginning; it must have the beginning's types."""
    if text is None:
        return beginning
    try:
        cursor = loads(text)
    except ValueError as error:
        raise stale_cursor(f"the cursor is not JSON: {error}") from None
    if not isinstance(cursor, list) or [type(it) for it in cursor] != [type(it) for it in beginning]:
        raise stale_cursor("the cursor is not one of this plugin")
    return cursor


def write_cursor(cursor):
    return json.dumps(cursor)


def page(items, cursor, more, **others):
    """A page; without `others` it has no rejections, empty cells or removals."""
    fields = {"gone": [], "rejected": [], "empty": 0, "total": None} | others
    return wit.Page(items=items, cursor=write_cursor(cursor), more=more, **fields)


# Columns.


class Columns:
    """Points of many series, gathered in typed columns. A value of a wrong type raises here, at the
    line that gave it, and not where everything crosses to the host."""

    def __init__(self):
        self._series = {}

    def add(self, series, time, value, updated):
        """A point; `time` and `updated` in ms since 1970."""
        if isinstance(value, bool):
            raise TypeError("a value is a number")
        # All are looked at before one is kept, so that the columns stay of one length.
        times, values = array("q", [time, updated]), array("d", [value])
        column = self._of(series)
        column["times"].append(times[0])
        column["values"].extend(values)
        column["updated"].append(times[1])

    def remove(self, series, time):
        """The reading at this time no longer exists."""
        self._of(series)["removed"].append(time)

    def items(self):
        """As the contract has them. Only lists cross, so columns become lists here, once."""
        return wit.Items_Readings([
            wit.Readings(
                series=wit.Series(*series),
                times=column["times"].tolist(),
                values=column["values"].tolist(),
                qualities=b"",
                notes=[],
                removed=column["removed"].tolist(),
                rows=[],
                updated=column["updated"].tolist(),
            )
            for series, column in self._series.items()
        ])

    def _of(self, series):
        if series not in self._series:
            kinds = {"times": "q", "values": "d", "removed": "q", "updated": "q"}
            self._series[series] = {name: array(kind) for name, kind in kinds.items()}
        return self._series[series]


# Requests.


class Lost(Exception):
    """A write that may or may not have taken effect; `failure` says why nobody knows."""

    def __init__(self, failure):
        super().__init__(str(failure))
        self.failure = failure


def request(method, url, query=(), body=None, credential=None):
    """A request for JSON. The host adds the credential, by name; its value never comes in here."""
    pairs = [f"{quote(name)}={quote(str(value))}" for name, value in query]
    headers = [("accept", "application/json")]
    if body is not None:
        headers.append(("content-type", "application/json"))
        body = json.dumps(body, allow_nan=False).encode()
    url = "?".join([url, "&".join(pairs)]) if pairs else url
    return http.Request(method, url, headers, body, credential)


def read(asked, field):
    """Asks for something, and may be repeated. `field` of the configuration is to blame when the
    server finds the question wrong."""
    try:
        answer = http.send(asked)
    except Err as error:
        match error.value:
            case http.Broken_Denied(text):
                raise denied(text) from None
            case http.Broken_Unsent(delay) | http.Broken_Lost(delay):
                raise Err(wit.Failure_Unavailable(delay)) from None
            case http.Broken_TooLarge(text):
                raise data(text) from None
    if failure := judged(answer, lambda text: config(field, text)):
        raise failure
    return parsed(answer)


def write(asked):
    """Changes something. A failure says that nothing took effect; Lost, that it may have."""
    try:
        answer = http.send(asked)
    except Err as error:
        match error.value:
            case http.Broken_Denied(text):
                raise denied(text) from None
            case http.Broken_Unsent(delay):
                raise Err(wit.Failure_Unavailable(delay)) from None
            case http.Broken_Lost(delay):
                raise Lost(wit.Failure_Unavailable(delay)) from None
            case http.Broken_TooLarge(text):
                raise Lost(wit.Failure_Data(text)) from None
    if failure := judged(answer, data):
        # 429 and 425 are said before anything is done; a timeout or 5xx may come half-way.
        if answer.status == 408 or answer.status >= 500:
            raise Lost(failure.value)
        raise failure
    try:
        return parsed(answer)
    except Err as error:
        raise Lost(error.value) from None


def judged(answer, blame):
    """What an answer that is no success tells the host to do; None for a success."""
    status = answer.status
    if 200 <= status < 300:
        return None
    said = f"the server answered {status}: {excerpt(answer.body)}".rstrip(": ")
    if 300 <= status < 400:
        return blame(f"{said} and points to {header(answer, 'location') or 'nowhere'}")
    if status in (401, 403, 407):
        return denied(said)
    if status in (408, 425, 429) or status >= 500:
        return unavailable(said, retry_after(answer))
    return blame(said)


def parsed(answer):
    """The body of a success. What is no JSON was cut off, or is a page for people from somewhere on
    the way (a proxy, a login, maintenance): `unavailable`."""
    try:
        return loads(answer.body.decode())
    except ValueError as error:
        text = f"the answer is not understood ({error}): {excerpt(answer.body)}"
        raise unavailable(text, retry_after(answer)) from None


def retry_after(answer):
    """Seconds, or a date: then as far ahead as it is of the server's own clock."""
    text = header(answer, "retry-after")
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return min(int(text[:12]) * 1000, RETRY_AFTER_MS_MAX)
    try:
        ahead = instant(text) - instant(header(answer, "date"))
    except (TypeError, ValueError):
        return None
    return max(0, min(ahead, RETRY_AFTER_MS_MAX))


def instant(text):
    return int(parsedate_to_datetime(text).timestamp() * 1000)


def header(answer, name):
    found = (value.strip() for it, value in answer.headers if it.lower() == name)
    return next(found, None)


def excerpt(body):
    """The beginning of a text as a person may see it, on one line."""
    text = body[: SHOWN_CHARACTERS_MAX * 4].decode(errors="replace")
    plain = "".join(it if it.isprintable() else " " for it in text)
    return " ".join(plain.split())[:SHOWN_CHARACTERS_MAX]
