# pragma version ~=0.4.3
# pragma evm-version cancun
# @title An ERC-20 whose balances all change when its owner says so
# @license Apache-2.0

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

name: public(String[64])
symbol: public(String[32])
decimals: public(immutable(uint8))
owner: public(immutable(address))
total_shares: uint256
allowance: public(HashMap[address, HashMap[address, uint256]])
shares: HashMap[address, uint256]
index: public(uint256)

ONE: constant(uint256) = 10**18


@deploy
def __init__(name_: String[64], symbol_: String[32], decimals_: uint8, owner_: address):
    self.name = name_
    self.symbol = symbol_
    decimals = decimals_
    owner = owner_
    self.index = ONE


@external
def mint(receiver: address, amount: uint256):
    assert msg.sender == owner, "not the owner"
    shares: uint256 = amount * ONE // self.index
    self.total_shares += shares
    self.shares[receiver] += shares
    log Transfer(sender=empty(address), receiver=receiver, value=amount)


@external
def rebase(index: uint256):
    """
    @notice Set what one share is worth, 1e18 at first
    """
    assert msg.sender == owner, "not the owner"
    self.index = index


@view
@external
def balanceOf(account: address) -> uint256:
    return self.shares[account] * self.index // ONE


@view
@external
def totalSupply() -> uint256:
    return self.total_shares * self.index // ONE


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._transfer(msg.sender, receiver, amount)
    return True


@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    self.allowance[sender][msg.sender] -= amount
    self._transfer(sender, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@internal
def _transfer(sender: address, receiver: address, amount: uint256):
    shares: uint256 = amount * ONE // self.index
    self.shares[sender] -= shares
    self.shares[receiver] += shares
    log Transfer(sender=sender, receiver=receiver, value=amount)
