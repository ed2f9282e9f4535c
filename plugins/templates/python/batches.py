"""Batches of readings. The server sets a value only where it still has the one we knew, so a batch
that may have taken effect already can be sent again, and nothing changed there is lost.
"""

import json

from wit_world.imports import records as wit

import ourwater
from ourwater import unsupported
from server import call, series


def send(settings, batch):
    """Sends the batch, and accounts for each point of it."""
    if not isinstance(batch.items, wit.Items_Readings):
        raise unsupported("the server takes readings only")
    receipt = wit.Receipt(0, 0, 0, [], [], [], [], [], None)
    sent, body = [], []
    for at, (known, point) in enumerate(points(batch)):
        if known:
            sent.append(at)
            body.append(point)
        else:
            reason = "only the depth below ground, in m, is kept"
            receipt.refused.append(wit.Refused(at, reason))
    if not sent:
        return receipt
    try:
        outcomes = ourwater.write(call(settings, "POST", "readings", body=body))
    except ourwater.Lost as lost:
        receipt.unknown, receipt.stopped = sent, lost.failure
        return receipt
    if not isinstance(outcomes, list) or len(outcomes) != len(sent):
        short = "the server does not answer for each reading"
        receipt.unknown, receipt.stopped = sent, wit.Failure_Data(short)
        return receipt
    for at, outcome in zip(sent, outcomes):
        account(receipt, at, outcome)
    return receipt


def points(batch):
    """Each point in the receipt's order: of each series what is there, then what was removed."""
    bases = iter(batch.bases)
    for readings in batch.items.value:
        it = readings.series
        well = it.resource
        known = (well, it.name, it.property, it.unit) == series(well)
        there = [{"value": value} for value in readings.values]
        removed = [{"removed": True} for _ in readings.removed]
        for time, point in zip([*readings.times, *readings.removed], [*there, *removed]):
            match next(bases, wit.Base_Unknown()):
                case wit.Base_Nothing():
                    point["was"] = None
                case wit.Base_Value(value):
                    point["was"] = value
            yield known, {"well": well, "time": time, **point}


def account(receipt, at, outcome):
    match outcome:
        case {"outcome": "created"}:
            receipt.created += 1
        case {"outcome": "updated"}:
            receipt.updated += 1
        case {"outcome": "unchanged"}:
            receipt.unchanged += 1
        case {"outcome": "conflict"}:
            receipt.conflicting.append(at)
        case {"outcome": "refused", "reason": str(reason)}:
            receipt.refused.append(wit.Refused(at, reason))
        case _:
            receipt.unknown.append(at)
            receipt.stopped = wit.Failure_Data(f"the server answers {json.dumps(outcome)[:200]}")
