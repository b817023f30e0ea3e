# pragma version ~=0.4.3
# pragma evm-version cancun
# @title Stakes of one token on works of art, each of which belongs to its creator
# @license Apache-2.0

interface Token:
    def transfer(receiver: address, amount: uint256) -> bool: nonpayable
    def transferFrom(sender: address, receiver: address, amount: uint256) -> bool: nonpayable

event Registered:
    work: indexed(uint256)
    creator: indexed(address)

event Staked:
    staker: indexed(address)
    work: indexed(uint256)
    amount: uint256

event Unstaked:
    staker: indexed(address)
    work: indexed(uint256)
    amount: uint256

token: public(immutable(address))
creator_of: public(HashMap[uint256, address])
stake_of: public(HashMap[address, HashMap[uint256, uint256]])
total_of: public(HashMap[uint256, uint256])


@deploy
def __init__(token_: address):
    token = token_


@external
def register(work: uint256):
    """
    @notice Claim a work as one's own; the first claim counts
    """
    assert self.creator_of[work] == empty(address), "already registered"
    self.creator_of[work] = msg.sender
    log Registered(work=work, creator=msg.sender)


@external
def stake(work: uint256, amount: uint256):
    assert self.creator_of[work] != empty(address), "no such work"
    assert amount > 0, "nothing"
    self.stake_of[msg.sender][work] += amount
    self.total_of[work] += amount
    log Staked(staker=msg.sender, work=work, amount=amount)
    assert extcall Token(token).transferFrom(msg.sender, self, amount)


@external
def unstake(work: uint256, amount: uint256):
    assert amount > 0, "nothing"
    self.stake_of[msg.sender][work] -= amount
    self.total_of[work] -= amount
    log Unstaked(staker=msg.sender, work=work, amount=amount)
    assert extcall Token(token).transfer(msg.sender, amount)
