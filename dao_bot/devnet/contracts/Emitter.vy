# pragma version ~=0.4.3
# pragma evm-version cancun
# @title Emits as many events as it is told to
# @license Apache-2.0

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Noted:
    author: indexed(address)
    subject: indexed(String[64])
    number: indexed(int64)
    text: String[512]
    attachment: Bytes[512]
    values: DynArray[uint256, 16]
    tag: bytes4
    open: bool
    balance: int256


@external
def transfer_many(count: uint256, start: uint256, factor: uint256):
    for i: uint256 in range(count, bound=2000):
        log Transfer(
            sender=convert(convert(start + i, uint160), address), receiver=msg.sender, value=unsafe_mul(start + i, factor)
        )


@external
def note(
    subject: String[64],
    number: int64,
    text: String[512],
    attachment: Bytes[512],
    values: DynArray[uint256, 16],
    tag: bytes4,
    open: bool,
    balance: int256,
):
    log Noted(
        author=msg.sender,
        subject=subject,
        number=number,
        text=text,
        attachment=attachment,
        values=values,
        tag=tag,
        open=open,
        balance=balance,
    )
