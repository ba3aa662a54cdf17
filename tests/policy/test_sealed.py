"""There is no everyday way round a held record, and nothing about a decision repeats what the record holds."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import pytest

from hub.domain.records import HeldRecord
from hub.policy.decision import RecordDecision
from hub.policy.engine import Policy
from tests.policy.cases import AT, bundle, pointer, policy, request

SECRET = "Zebedee-Secret"


@dataclasses.dataclass
class Holder:
    """Somebody's value with a held record in it."""

    record: HeldRecord


@pytest.mark.parametrize(
    "way",
    [
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        json.dumps,
        orjson.dumps,
        msgspec.json.encode,
        msgspec.to_builtins,
        vars,
        dict,
        list,
        dataclasses.asdict,
        lambda record: dataclasses.asdict(Holder(record)),
        lambda record: record.values,
        lambda record: record.__dict__,
        lambda record: record.__getstate__(),
        lambda record: record.__values,
    ],
)
def test_there_is_no_everyday_way_round_a_sealed_record(way: Callable[[Any], object]) -> None:
    with pytest.raises((TypeError, AttributeError)) as error:
        way(HeldRecord(pointer("contact"), AT, {"outcome": SECRET}))
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, lambda r: repr(Holder(r)), lambda r: json.dumps(r, default=repr)]
)
def test_a_sealed_record_does_not_show_what_it_holds(show: Callable[[Any], str]) -> None:
    assert SECRET not in show(HeldRecord(pointer("contact"), AT, {"outcome": SECRET}))


def test_decisions_hold_no_custodians_record_id() -> None:
    decision: RecordDecision = policy().decide(request(), dataclasses.replace(pointer(), record_id=SECRET))
    assert SECRET not in repr(decision)
    assert SECRET not in repr(Policy(bundle()).decide(request(), dataclasses.replace(pointer(), record_id=SECRET)))
