"""Wells and their readings, from and to a server that server.md describes.

Here is what the plugin says of itself; `pages` gives pages, `batches` takes batches, `server` writes
requests. Nothing is remembered between calls: each may run in a fresh instance.
"""

import json
from pathlib import Path

from wit_world import exports
from wit_world.imports import records as wit

import batches
import ourwater
import pages
from server import call

# Read while the component is made: a plugin has no files of its own later.
SCHEMA = Path(__file__).with_name("schema.json").read_text()

# What the administrator is asked to allow, and why.
ASKS = {
    "http": "reads and writes the wells of the server at the url",
    "credentials": {"access": {"why": "to write readings", "bearer": True, "basic": True}},
}


class Datasource(exports.Datasource):
    def describe(self):
        return wit.Description(
            name="rest-wells",
            version="0.1.0",
            kind=wit.Kind.API,
            gets=[wit.Datatype.RESOURCE, wit.Datatype.READING],
            pushes=[wit.Datatype.READING],
            paging=wit.Paging.WHOLE,
            duplicates=wit.Duplicates.OVERWRITES,
            decimals=None,
            step=1,
            schema=SCHEMA,
            asks=json.dumps(ASKS),
            extra="",
        )

    def propose(self, config):
        return wit.Proposal(config, [], [])

    def check(self, config):
        settings = parse(config)
        ourwater.read(call(settings, "GET", "readings", [("limit", 1)]), "url")
        return [wit.Remark("url", "the server answers, and gives readings")]

    def get(self, config, request):
        return pages.page(parse(config), request)

    def push(self, config, batch):
        return batches.send(parse(config), batch)


def parse(text):
    return ourwater.parse(text, json.loads(SCHEMA))
