"""The same counts by the definition, one vote at a time; slow, and sharing no code with the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

from governance.ballots import DelegatedPower, Vote


def runoff(cast: Sequence[tuple[Sequence[int], int]]) -> list[dict[int, int]]:
    """Power by option in each round; options on top of no ballot are not listed."""
    papers = [(list(ranking), power) for ranking, power in cast]
    rounds = []
    while True:
        tops = sorted({ranking[0] for ranking, _ in papers})
        standing = {option: sum(power for ranking, power in papers if ranking[0] == option) for option in tops}
        rounds.append(standing)
        if len(standing) <= 2:
            return rounds
        if any(power > sum(standing.values()) - power for power in standing.values()):
            return rounds
        weakest = [option for option in tops if standing[option] == min(standing.values())][0]
        crossed_out = [([option for option in ranking if option != weakest], power) for ranking, power in papers]
        papers = [(ranking, power) for ranking, power in crossed_out if ranking]


def quadratic_scores(cast: Sequence[tuple[Sequence[int], int]], options: int) -> list[Decimal]:
    with localcontext(prec=50):
        squares = [
            sum(((Decimal(power) * weights[i] / sum(weights)).sqrt() for weights, power in cast), Decimal(0)) ** 2
            for i in range(options)
        ]
        total = sum(power for _, power in cast)
        return [total * square / sum(squares) if sum(squares) else Decimal(0) for square in squares]


def delegated_scores(
    chosen: Mapping[str, Vote], delegated: Sequence[DelegatedPower], options: int, *, transitive: bool
) -> list[int]:
    """Scores of a single choice."""
    scores = [0] * options
    delegate = {order.delegator: order.delegate for order in delegated}

    def add(wallet: str, power: int) -> None:
        choice = chosen[wallet].choice
        assert isinstance(choice, int)
        scores[choice - 1] += power

    for wallet, vote in chosen.items():
        add(wallet, vote.power)
    for order in delegated:
        if order.delegator in chosen:
            continue
        wallet = order.delegate
        while transitive and wallet not in chosen and wallet in delegate:
            wallet = delegate[wallet]
        if wallet in chosen:
            add(wallet, order.power)
    return scores
