# pragma version ~=0.4.3
# pragma evm-version cancun
# @title An ERC-20 as Circle's: its owner can pause it and blacklist holders
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
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
paused: public(bool)
isBlacklisted: public(HashMap[address, bool])


@deploy
def __init__(name_: String[64], symbol_: String[32], decimals_: uint8, owner_: address):
    self.name = name_
    self.symbol = symbol_
    decimals = decimals_
    owner = owner_


@external
def mint(receiver: address, amount: uint256):
    assert msg.sender == owner, "not the owner"
    self.totalSupply += amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=empty(address), receiver=receiver, value=amount)


@external
def pause():
    assert msg.sender == owner, "not the owner"
    self.paused = True


@external
def unpause():
    assert msg.sender == owner, "not the owner"
    self.paused = False


@external
def blacklist(account: address):
    assert msg.sender == owner, "not the owner"
    self.isBlacklisted[account] = True


@external
def unBlacklist(account: address):
    assert msg.sender == owner, "not the owner"
    self.isBlacklisted[account] = False


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
    assert not self.paused, "Pausable: paused"
    assert not self.isBlacklisted[msg.sender], "Blacklistable: account is blacklisted"
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@internal
def _transfer(sender: address, receiver: address, amount: uint256):
    assert not self.paused, "Pausable: paused"
    assert not self.isBlacklisted[msg.sender], "Blacklistable: account is blacklisted"
    assert not self.isBlacklisted[sender], "Blacklistable: account is blacklisted"
    assert not self.isBlacklisted[receiver], "Blacklistable: account is blacklisted"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, value=amount)
