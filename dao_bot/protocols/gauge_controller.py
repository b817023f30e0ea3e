"""Votes on the weights of gauges at a controller with the interface of Curve's.

Source: curve-dao-contracts, `GaugeController.vy`: `vote_for_gauge_weights`, `vote_user_slopes`, `vote_user_power` and
`last_user_vote`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Argument, Call, DecodedCall
from dao_bot.domain.errors import BadInput, ChainError
from dao_bot.domain.gauges import ALL_WEIGHT, GaugeVote, GaugeVotes, GaugeWeights, VoteForGauge
from dao_bot.domain.needs import Need
from dao_bot.domain.operations import Operation
from dao_bot.fields import AddressField, CodeHashField, DurationField, Settings
from dao_bot.protocols.port import EncodeContext, Provider, Treasury
from dao_bot.protocols.reading import arguments, told

VOTE = function("vote_for_gauge_weights(address,uint256)")
_SLOPES = function("vote_user_slopes(address,address)", "(uint256,uint256,uint256)")
_POWER = function("vote_user_power(address)", "(uint256)")
_LAST_VOTE = function("last_user_vote(address,address)", "(uint256)")
_DAY = 86_400


class GaugeControllerSettings(Settings):
    """A gauge controller, and the gauges that may be voted for."""

    controller: AddressField = Field(description="the controller")
    gauges: Annotated[dict[str, AddressField], Field(min_length=1, max_length=100)] = Field(
        description="the only gauges that are read and voted for, by name"
    )
    vote_delay: DurationField = Field(
        default=10 * _DAY, description="how long the controller refuses another vote on the same gauge"
    )
    code_hash: CodeHashField | None = Field(default=None, description="pinned code hash of the controller")

    @field_validator("gauges")
    @classmethod
    def _each_once(cls, gauges: dict[str, str]) -> dict[str, str]:
        if len(set(gauges.values())) < len(gauges):
            raise ValueError("a gauge has two names")
        return gauges


class GaugeController:
    """It moves nothing that the Safe holds: a vote says where others' emissions go."""

    name: ClassVar[str] = "gauge_controller"
    Settings: ClassVar[type[GaugeControllerSettings]] = GaugeControllerSettings

    def __init__(self, settings: GaugeControllerSettings, treasury: Treasury) -> None:
        self._controller = Address(settings.controller)
        self._gauges = {Address(gauge): name for name, gauge in settings.gauges.items()}
        self._code_hash = settings.code_hash
        self._provider = GaugeVotesProvider(self._controller, tuple(self._gauges), settings.vote_delay)

    @property
    def operations(self) -> tuple[type[Operation], ...]:
        return (VoteForGauge,)

    @property
    def providers(self) -> tuple[Provider, ...]:
        return (self._provider,)

    @property
    def contracts(self) -> Mapping[Address, tuple[str, str | None]]:
        """The controller alone; gauges are not called."""
        return {self._controller: ("gauge controller", self._code_hash)}

    def deadline(self, valid_until: int) -> Call | None:
        """None: the controller knows no deadlines."""
        return None

    def encode(self, operation: VoteForGauge, context: EncodeContext) -> tuple[Call, ...]:
        """One call. Raises `BadInput` for a gauge that is not configured, and a weight that no voter has."""
        self._name_of(operation.gauge)
        if not 0 <= operation.weight <= ALL_WEIGHT:
            raise BadInput("not a weight of a gauge", value=operation.weight, limit=f"0 to {ALL_WEIGHT} basis points")
        return (Call(self._controller, VOTE.encode(operation.gauge, operation.weight)),)

    def decode(self, call: Call) -> DecodedCall | None:
        """A vote on a configured gauge; None for everything else, so that no policy lets it pass."""
        values = arguments(VOTE, call.data) if call.to == self._controller and not call.value else None
        if values is None or values[0] not in self._gauges or values[1] > ALL_WEIGHT:
            return None
        gauge, weight = values
        return DecodedCall(
            call,
            self.name,
            VOTE.signature,
            (Argument("gauge", "address", gauge), Argument("weight", "uint256", weight)),
            f"Vote {weight / 100:.2f}% of the voting power for the gauge {self._gauges[gauge]}",
        )

    def _name_of(self, gauge: Address) -> str:
        if gauge not in self._gauges:
            raise BadInput(
                "a vote on a gauge that is not configured",
                value=gauge,
                limit=", ".join(self._gauges.values()),
                next_step="Name it under protocols.gauge_controller.gauges",
            )
        return self._gauges[gauge]


class GaugeVotesProvider:
    """Reads `GaugeVotes` in one round."""

    need: ClassVar[type[Need[Any]]] = GaugeVotes

    def __init__(self, controller: Address, gauges: tuple[Address, ...], delay: int) -> None:
        self._controller = controller
        self._gauges = gauges
        self._delay = delay

    def requires(self, need: GaugeVotes) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: GaugeVotes, context: ReadContext) -> Plan[GaugeWeights]:
        """Raises `ChainError` when the controller does not tell, or says what no controller of Curve's can say."""
        safe = context.treasury.safe
        functions = [_POWER, *(each for _ in self._gauges for each in (_SLOPES, _LAST_VOTE))]
        reads = [_POWER.read(self._controller, safe)]
        reads += [each.read(self._controller, safe, gauge) for gauge in self._gauges for each in (_SLOPES, _LAST_VOTE)]
        answers = yield reads
        values = [told(each, answer) for each, answer in zip(functions, answers, strict=True)]
        known = [each for each in values if each is not None]
        if len(known) == len(values):
            (used,), slopes, last = known[0], known[1::2], known[2::2]
            weights = [power for _, power, _ in slopes]
            if sum(weights) <= used <= ALL_WEIGHT:
                changeable = [at + self._delay if at else 0 for (at,) in last]
                return GaugeWeights(used, dict(zip(self._gauges, map(GaugeVote, weights, changeable), strict=True)))
        raise ChainError(
            "the Safe's votes on gauges cannot be read, or contradict each other",
            value=f"{values} from {self._controller}",
            next_step="Check protocols.gauge_controller in strategies.yaml",
        )
