"""The plugin, tested against a server that is written down here: no sandbox, no network."""

import json
import sys
import unittest
from email.utils import formatdate
from pathlib import Path
from unittest import mock

# Written by: componentize-py -d wit -w plugin bindings bindings
sys.path.append(str(Path(__file__).with_name("bindings")))

from componentize_py_types import Err
from wit_world.imports import http
from wit_world.imports import records as wit

import ourwater
from app import Datasource

CONFIG = json.dumps({"url": "https://wells.example/"})
plugin = Datasource()


def answer(body, status=200, headers=()):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http.Response(status, list(headers), body)


def server(*answers):
    """Gives its answers in turn, and keeps what it was asked."""
    return mock.patch.object(http, "send", side_effect=answers)


def request(datatype, limit, cursor=None):
    return wit.GetRequest(datatype, cursor, limit, None, [])


def batch(*values):
    series = wit.Series("W1", "level", "depth-below-ground", "m")
    times = list(range(len(values)))
    readings = wit.Readings(series, times, list(values), b"", [], [], [], [])
    return wit.Batch(wit.Items_Readings([readings]), [], [wit.Base_Value(1.0)], False)


class Pages(unittest.TestCase):
    def test_a_page_holds_the_columns_of_each_well_and_the_next_goes_on_after_it(self):
        first = [
            {"id": "1", "well": "W1", "time": 10, "value": 3.5, "updated": 70},
            {"id": "2", "well": "W1", "time": 20, "removed": True, "updated": 70},
        ]
        with server(answer(first), answer([])) as send:
            page = plugin.get(CONFIG, request(wit.Datatype.READING, 2))
            last = plugin.get(CONFIG, request(wit.Datatype.READING, 2, page.cursor))
        [column] = page.items.value
        self.assertEqual((column.times, column.values, column.removed), ([10], [3.5], [20]))
        self.assertEqual((page.more, last.more, last.cursor), (True, False, page.cursor))
        asked = send.call_args.args[0]
        self.assertEqual(asked.url, "https://wells.example/readings?limit=2&updated=70&after=2")
        self.assertEqual(asked.credential, "access")

    def test_a_record_that_is_not_understood_is_rejected_alone(self):
        wells = [
            {"id": "W1", "name": 7, "updated": 1},
            {"id": "W2", "name": "School", "longitude": 74.1, "latitude": 25.1, "updated": 2},
            {"id": "W3", "gone": True, "updated": 3},
        ]
        with server(answer(wells)):
            page = plugin.get(CONFIG, request(wit.Datatype.RESOURCE, 10))
        self.assertEqual([it.name for it in page.items.value], ["School"])
        self.assertEqual([it.place for it in page.rejected], ["well W1"])
        self.assertEqual(page.gone, ["W3"])

    def test_a_cursor_of_another_plugin_is_stale(self):
        for cursor in ["gibberish", "[7]", '{"page": 7}']:
            with self.assertRaises(Err) as failed:
                plugin.get(CONFIG, request(wit.Datatype.READING, 2, cursor))
            self.assertIsInstance(failed.exception.value, wit.Failure_StaleCursor)

    def test_a_configuration_that_does_not_fit_names_the_field(self):
        for text, field in [("{}", "url"), ('{"url": 5}', "url"), ('{"url": "", "x": 1}', "x")]:
            with self.assertRaises(Err) as failed:
                plugin.check(text)
            self.assertEqual(failed.exception.value.value.field, field)


class Batches(unittest.TestCase):
    def test_each_point_of_a_batch_is_accounted_for(self):
        outcomes = [
            {"outcome": "updated"},
            {"outcome": "conflict"},
            {"outcome": "refused", "reason": "no"},
        ]
        with server(answer(outcomes)) as send:
            receipt = plugin.push(CONFIG, batch(2.0, 3.0, 4.0))
        self.assertEqual((receipt.updated, receipt.conflicting), (1, [1]))
        self.assertEqual(receipt.refused, [wit.Refused(2, "no")])
        body = json.loads(send.call_args.args[0].body)
        self.assertEqual(body[0], {"well": "W1", "time": 0, "value": 2.0, "was": 1.0})
        self.assertNotIn("was", body[1])

    def test_a_lost_answer_leaves_the_points_unknown_and_a_refusal_of_all_none(self):
        delay = wit.Delay("cut", None)
        with server(Err(http.Broken_Lost(delay)), Err(http.Broken_Unsent(delay))):
            receipt = plugin.push(CONFIG, batch(2.0))
            self.assertEqual(receipt.unknown, [0])
            self.assertEqual(receipt.stopped, wit.Failure_Unavailable(delay))
            with self.assertRaises(Err) as failed:
                plugin.push(CONFIG, batch(2.0))
        self.assertEqual(failed.exception.value, wit.Failure_Unavailable(delay))


class Answers(unittest.TestCase):
    def judged(self, *scripted):
        with server(*scripted), self.assertRaises(Err) as failed:
            ourwater.read(ourwater.request("GET", "https://wells.example"), "url")
        return failed.exception.value

    def test_each_status_says_what_to_do(self):
        kinds = {
            wit.Failure_Denied: (401, 403),
            wit.Failure_Config: (302, 400, 404, 422),
            wit.Failure_Unavailable: (408, 425, 429, 500, 503),
        }
        for kind, statuses in kinds.items():
            for status in statuses:
                self.assertIsInstance(self.judged(answer({}, status)), kind, status)

    def test_a_server_says_when_to_come_back_in_seconds_or_as_a_date(self):
        def after(*headers):
            return self.judged(answer({}, 429, headers)).value.after_ms

        date = ("date", formatdate(1000, usegmt=True))
        self.assertEqual(after(("Retry-After", "7")), 7_000)
        self.assertEqual(after(("retry-after", formatdate(1060, usegmt=True)), date), 60_000)
        self.assertEqual(after(("retry-after", formatdate(900, usegmt=True)), date), 0)
        self.assertEqual(after(("retry-after", "9" * 40)), ourwater.RETRY_AFTER_MS_MAX)
        self.assertIsNone(after(("retry-after", "soon"), date))
        self.assertIsNone(after())

    def test_a_page_for_people_and_a_cut_answer_are_tried_again(self):
        for body in [b"<html>Maintenance</html>", b"[1,", b"\xff", b"\xef\xbb\xbf[]", b"[" * 99]:
            self.assertIsInstance(self.judged(answer(body)), wit.Failure_Unavailable)

    def test_a_write_is_judged_by_who_answered(self):
        asked = ourwater.request("POST", "https://wells.example", body=[])
        for status in (408, 500, 502, 504):
            with server(answer({}, status)), self.assertRaises(ourwater.Lost):
                ourwater.write(asked)
        for status in (301, 400, 401, 413, 429):
            with server(answer({}, status)), self.assertRaises(Err):
                ourwater.write(asked)


class Gathered(unittest.TestCase):
    def test_a_value_of_a_wrong_type_raises_where_it_is_given(self):
        columns = ourwater.Columns()
        for time, value in [(1, "3.5"), (1, None), (1, True), (1.5, 3.5), ("1", 3.5)]:
            with self.assertRaises(TypeError):
                columns.add(("W1", "", "", ""), time, value, 1)
        with self.assertRaises(OverflowError):
            columns.add(("W1", "", "", ""), 1 << 70, 1.0, 1)


if __name__ == "__main__":
    unittest.main()
