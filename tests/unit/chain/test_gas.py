from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.chain.gas import FeePolicy, Fees, bumped, gas_limit

FEES = st.integers(0, 10**12)


@given(FEES, FEES, FEES, FEES, FEES)
def test_a_replacement_offers_an_eighth_more_of_each_and_stays_under_the_cap(
    tip: int, base: int, new_tip: int, new_base: int, cap: int
) -> None:
    old, suggestion = Fees(base + tip, tip), Fees(new_base + new_tip, new_tip)
    fees = bumped(old, suggestion, FeePolicy(cap=cap))
    if fees is None:
        assert cap < max(old.max_fee_per_gas * 9 / 8 + 1, suggestion.max_fee_per_gas)
        return
    assert fees.max_priority_fee_per_gas is not None
    assert fees.max_priority_fee_per_gas <= fees.max_fee_per_gas <= cap
    assert fees.max_fee_per_gas * 8 >= old.max_fee_per_gas * 9
    assert fees.max_priority_fee_per_gas * 8 >= tip * 9
    assert fees.max_fee_per_gas > old.max_fee_per_gas


def test_a_legacy_price_is_replaced_by_a_legacy_price() -> None:
    assert bumped(Fees(800, None), Fees(100, None), FeePolicy(cap=1000)) == Fees(900, None)
    assert bumped(Fees(900, None), Fees(100, None), FeePolicy(cap=1000)) is None


@pytest.mark.parametrize("fees", [Fees(7, None), Fees(9, 2)])
def test_fees_come_back_from_the_record(fees: Fees) -> None:
    assert Fees.from_dict(fees.as_dict()) == fees


@given(st.integers(21_000, 30_000_000))
def test_the_limit_covers_refunds_and_the_sixty_fourth_part(gas_used: int) -> None:
    # A fifth of the gas may have been refunded at the end (EIP-3529).
    assert gas_limit(gas_used) * 4 >= gas_used * 5 * 64 // 63
