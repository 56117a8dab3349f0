"""The crash campaign's short form: each kind of kill once. `script/crash-campaign` is the long one."""

from __future__ import annotations

from conftest import SEED
from feesvc.campaign import Campaign
from feesvc.process import ServiceProcess

KINDS = ["service", "backend", "everything", "walwriter", "service while starting", "postmaster"]


def test_nothing_acknowledged_is_lost_or_doubled_by_kills():
    with ServiceProcess() as process:
        result = Campaign(process, str(SEED), payers=3, say=print).run(len(KINDS), KINDS)
    assert result["violations"] == [] and result["conserved"]
    assert result["kills"] == len(KINDS) and result["acceptedVouchers"] > 50 * len(KINDS)
    assert result["stuck"] == []
    assert result["failedStarts"] == []
