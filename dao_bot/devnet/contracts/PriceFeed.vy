# pragma version ~=0.4.3
# pragma evm-version cancun
# @title A price feed with Chainlink's AggregatorV3Interface, whose owner sets the answers
# @license Apache-2.0

struct Round:
    answer: int256
    started_at: uint256
    updated_at: uint256

event AnswerUpdated:
    current: indexed(int256)
    round_id: indexed(uint256)
    updated_at: uint256

owner: public(immutable(address))
decimals: public(constant(uint8)) = 8
version: public(constant(uint256)) = 4
description: public(String[64])
latest_round: uint80
rounds: HashMap[uint80, Round]


@deploy
def __init__(description_: String[64], answer: int256, owner_: address):
    owner = owner_
    self.description = description_
    self._append(answer, block.timestamp)


@external
def set(answer: int256, updated_at: uint256):
    """
    @notice Append a round; `updated_at` may lie in the past, to show a stale price
    """
    assert msg.sender == owner, "not the owner"
    self._append(answer, updated_at)


@internal
def _append(answer: int256, updated_at: uint256):
    self.latest_round += 1
    self.rounds[self.latest_round] = Round(answer=answer, started_at=updated_at, updated_at=updated_at)
    log AnswerUpdated(current=answer, round_id=convert(self.latest_round, uint256), updated_at=updated_at)


@view
@external
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    return self._round(self.latest_round)


@view
@external
def getRoundData(round_id: uint80) -> (uint80, int256, uint256, uint256, uint80):
    assert self.rounds[round_id].updated_at != 0, "No data present"
    return self._round(round_id)


@view
@internal
def _round(round_id: uint80) -> (uint80, int256, uint256, uint256, uint80):
    data: Round = self.rounds[round_id]
    return round_id, data.answer, data.started_at, data.updated_at, round_id
