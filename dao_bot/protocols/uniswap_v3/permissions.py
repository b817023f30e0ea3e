"""What a role must allow for swaps and fees on Uniswap v3, and nothing more.

No condition can hold a price: the least output is whatever the caller says. Only allowances limit what is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.domain.addresses import Address
from dao_bot.domain.grants import MayCollect, MaySwap
from dao_bot.protocols.erc20 import may_approve
from dao_bot.protocols.uniswap_v3.encode import EXACT_INPUT, EXACT_INPUT_SINGLE
from dao_bot.protocols.uniswap_v3.paths import Path
from dao_bot.protocols.uniswap_v3.position_manager import COLLECT
from dao_bot.safe.roles.conditions import ANYTHING, THE_SAFE, Node, custom, equal, structure, within
from dao_bot.safe.roles.role import Permission


def swap_permissions(grant: MaySwap, router: Address, paths: Sequence[Path]) -> tuple[Permission, ...]:
    """Approve the router, and swap along exactly these paths, to the Safe; nothing where no path leads there."""
    sell = grant.sell.address
    return (may_approve(sell, router), *(_along(path, sell, router) for path in paths)) if paths else ()


def collect_permissions(grant: MayCollect, manager: Address, owner_condition: Address) -> tuple[Permission, ...]:
    """Fees of positions that the Safe owns, to the Safe.

    Args:
        owner_condition: Zodiac's `AvatarIsOwnerOfERC721`.
    """
    del grant
    return (Permission(manager, COLLECT, (structure(custom(owner_condition), THE_SAFE, ANYTHING, ANYTHING),)),)


def _along(path: Path, sell: Address, router: Address) -> Permission:
    if len(path.fees) == 1:
        bought = path.tokens[1]
        fields: tuple[Node, ...] = (
            equal("address", sell),
            equal("address", bought),
            equal("uint24", path.fees[0]),
            THE_SAFE,
            within(sell),
            ANYTHING,
            equal("uint160", 0),
        )
        return Permission(router, EXACT_INPUT_SINGLE, (structure(*fields),))
    return Permission(
        router, EXACT_INPUT, (structure(equal("bytes", path.encode()), THE_SAFE, within(sell), ANYTHING),)
    )
