from __future__ import annotations

from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.chain.assets import NATIVE, Asset, Standard
from dao_bot.chain.logs import NATIVE_LOGS, Log, read_logs
from dao_bot.chain.receipts import EXECUTION_FAILURE, EXECUTION_SUCCESS, safe_execution
from dao_bot.domain.addresses import Address, address_bytes, checksum
from dao_bot.domain.hashing import keccak

SAFE = checksum(b"\x5a" * 20)
OTHER = checksum(b"\x0e" * 20)
TOKEN = checksum(b"\x70" * 20)
HASH = b"\x42" * 32


def topic(signature: str) -> bytes:
    return keccak(signature.encode())


def word(value: int | Address) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else address_bytes(value).rjust(32, b"\0")


TRANSFER = topic("Transfer(address,address,uint256)")


def transfer(sender: Address, receiver: Address, units: int, token: Address = TOKEN) -> Log:
    return Log(token, (TRANSFER, word(sender), word(receiver)), word(units))


def test_transfers_in_and_out_are_netted() -> None:
    told = read_logs([transfer(SAFE, OTHER, 10), transfer(OTHER, SAFE, 4), transfer(OTHER, OTHER, 99)], SAFE)
    assert told.moved == {Asset(Standard.ERC20, TOKEN): -6}


def test_a_transfer_to_itself_moves_nothing() -> None:
    assert not any(read_logs([transfer(SAFE, SAFE, 10)], SAFE).moved.values())


def test_coins_are_told_by_their_own_address() -> None:
    assert read_logs([transfer(SAFE, OTHER, 3, NATIVE_LOGS)], SAFE).moved == {NATIVE: -3}


def test_an_erc721_transfer_carries_its_id() -> None:
    log = Log(TOKEN, (TRANSFER, word(OTHER), word(SAFE), word(7)), b"")
    assert read_logs([log], SAFE).moved == {Asset(Standard.ERC721, TOKEN, 7): 1}


def test_a_transfer_without_indexed_arguments_is_read_from_the_data() -> None:
    log = Log(TOKEN, (TRANSFER,), word(OTHER) + word(SAFE) + word(5))
    assert read_logs([log], SAFE).moved == {Asset(Standard.ERC20, TOKEN): 5}


def test_erc1155_transfers_single_and_in_batches() -> None:
    single = Log(
        TOKEN,
        (topic("TransferSingle(address,address,address,uint256,uint256)"), word(OTHER), word(OTHER), word(SAFE)),
        word(1) + word(5),
    )
    batch = Log(
        TOKEN,
        (topic("TransferBatch(address,address,address,uint256[],uint256[])"), word(OTHER), word(SAFE), word(OTHER)),
        encode(["uint256[]", "uint256[]"], [[1, 2], [2, 9]]),
    )
    moved = read_logs([single, batch], SAFE).moved
    assert moved == {Asset(Standard.ERC1155, TOKEN, 1): 3, Asset(Standard.ERC1155, TOKEN, 2): -9}


def test_wrapping_is_kept_apart_from_transfers() -> None:
    deposit = Log(TOKEN, (topic("Deposit(address,uint256)"), word(SAFE)), word(8))
    withdrawal = Log(TOKEN, (topic("Withdrawal(address,uint256)"), word(SAFE)), word(3))
    others = Log(TOKEN, (topic("Deposit(address,uint256)"), word(OTHER)), word(100))
    told = read_logs([deposit, withdrawal, others], SAFE)
    assert told.wrapped == {Asset(Standard.ERC20, TOKEN): 5}
    assert not told.moved


def test_approvals_by_the_safe_are_told_those_of_others_are_not() -> None:
    approval = topic("Approval(address,address,uint256)")
    for_all = topic("ApprovalForAll(address,address,bool)")
    logs = [
        Log(TOKEN, (approval, word(SAFE), word(OTHER)), word(1)),
        Log(TOKEN, (approval, word(SAFE), word(OTHER), word(9)), b""),
        Log(TOKEN, (for_all, word(SAFE), word(OTHER)), word(1)),
        Log(TOKEN, (approval, word(OTHER), word(SAFE)), word(1)),
    ]
    assert read_logs(logs, SAFE).approved == {
        (Asset(Standard.ERC20, TOKEN), OTHER),
        (Asset(Standard.ERC721, TOKEN, 9), OTHER),
        (Asset(Standard.ERC721, TOKEN), OTHER),
    }


TOPICS = st.sampled_from(
    [
        TRANSFER,
        topic("Deposit(address,uint256)"),
        topic("Approval(address,address,uint256)"),
        topic("TransferBatch(address,address,address,uint256[],uint256[])"),
        topic("TransferSingle(address,address,address,uint256,uint256)"),
    ]
)


@given(st.lists(st.one_of(TOPICS, st.just(word(SAFE))), max_size=4), st.binary(max_size=200))
def test_no_log_of_any_shape_breaks_the_reading(topics: list[bytes], data: bytes) -> None:
    read_logs([Log(TOKEN, tuple(topics), data)], SAFE)


def test_the_safes_own_event_decides_in_old_and_new_versions() -> None:
    new = Log(SAFE, (EXECUTION_SUCCESS, HASH), word(0))
    old = Log(SAFE, (EXECUTION_FAILURE,), HASH + word(0))
    assert safe_execution([new], SAFE, HASH) is True
    assert safe_execution([old], SAFE, HASH) is False
    assert safe_execution([new], OTHER, HASH) is None, "another contract can emit the same event"
    assert safe_execution([new], SAFE, b"\1" * 32) is None
