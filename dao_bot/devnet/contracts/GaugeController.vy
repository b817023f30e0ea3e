# pragma version ~=0.4.3
# pragma evm-version cancun
# @title Votes on gauge weights, with the checks and the error texts of Curve's GaugeController
# @license Apache-2.0
# @notice Source of the rules: curve-dao-contracts, GaugeController.vy, vote_for_gauge_weights. What the votes do to
#         emissions is left out. The voting escrow's answers stand here too, and anybody may set them.

WEEK: constant(uint256) = 7 * 86400
WEIGHT_VOTE_DELAY: constant(uint256) = 10 * 86400

struct VotedSlope:
    slope: uint256
    power: uint256
    end: uint256

event VoteForGauge:
    time: uint256
    user: address
    gauge_addr: address
    weight: uint256

is_gauge: public(HashMap[address, bool])
lock_end: public(HashMap[address, uint256])
lock_slope: public(HashMap[address, uint256])
vote_user_slopes: public(HashMap[address, HashMap[address, VotedSlope]])
vote_user_power: public(HashMap[address, uint256])
last_user_vote: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(gauges: DynArray[address, 10]):
    for gauge: address in gauges:
        self.is_gauge[gauge] = True


@external
def lock(user: address, slope: uint256, end: uint256):
    """
    @notice What the voting escrow says of `user`
    """
    self.lock_slope[user] = slope
    self.lock_end[user] = end


@external
def vote_for_gauge_weights(gauge_addr: address, user_weight: uint256):
    """
    @param user_weight In basis points of the voting power; all weights of a user are at most 10,000 together
    """
    next_time: uint256 = (block.timestamp + WEEK) // WEEK * WEEK
    assert self.lock_end[msg.sender] > next_time, "Your token lock expires too soon"
    assert user_weight <= 10000, "You used all your voting power"
    assert block.timestamp >= self.last_user_vote[msg.sender][gauge_addr] + WEIGHT_VOTE_DELAY, "Cannot vote so often"
    assert self.is_gauge[gauge_addr], "Gauge not added"

    power_used: uint256 = self.vote_user_power[msg.sender]
    power_used = power_used + user_weight - self.vote_user_slopes[msg.sender][gauge_addr].power
    assert power_used <= 10000, "Used too much power"
    self.vote_user_power[msg.sender] = power_used
    self.vote_user_slopes[msg.sender][gauge_addr] = VotedSlope(
        slope=self.lock_slope[msg.sender] * user_weight // 10000, power=user_weight, end=self.lock_end[msg.sender]
    )
    self.last_user_vote[msg.sender][gauge_addr] = block.timestamp
    log VoteForGauge(time=block.timestamp, user=msg.sender, gauge_addr=gauge_addr, weight=user_weight)
