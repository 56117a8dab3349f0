"""The crash campaign's short form: each kind of kill once. `script/crash-campaign` is the long one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conftest import SEED
from feesvc.campaign import Campaign
from feesvc.process import ServiceProcess

KINDS = ["service", "backend", "everything", "walwriter", "service while starting", "postmaster"]


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    with ServiceProcess() as process:
        yield Campaign(process, str(SEED), payers=3, say=print)


def test_nothing_acknowledged_is_lost_or_doubled_by_kills(campaign: Campaign):
    result = campaign.run(len(KINDS), KINDS)
    assert result["violations"] == [] and result["conserved"]
    assert result["kills"] == len(KINDS) and result["acceptedVouchers"] > 50 * len(KINDS)
    assert result["stuck"] == []
    assert result["failedStarts"] == []


def test_the_campaign_sees_another_receipt_a_fork_and_a_charge_of_nobody(campaign: Campaign):
    """What it looks for, made up on the client's side after the campaign."""
    promise = campaign.record.promises[-1]
    campaign.check_promises([promise])
    for other in (replace(promise, leaves=promise.leaves[::-1] + (b"",)), replace(promise, salts=(bytes(32),))):
        with pytest.raises(AssertionError):
            campaign.check_promises([other])
    head = next(iter(campaign.record.heads.values()))
    campaign.record.heads[b"fork"] = replace(head, root=bytes(32))
    with pytest.raises(Exception, match="contradict|grow"):
        campaign.check_heads()
    del campaign.record.heads[b"fork"]
    campaign.record.promises = [other for other in campaign.record.promises if other.leaves != promise.leaves]
    result = campaign.finish(0)
    assert not result["conserved"] and "nobody was told of" in result["violations"][0]
