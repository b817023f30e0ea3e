"""Safe's own contracts on every public chain, pinned with the hashes of their code (safe-global/safe-deployments)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dao_bot.domain.addresses import Address

OLDEST_VERSION = (1, 3, 0)
"""Below, the hash that owners sign does not contain the chain id: a signature would be good on every chain."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One contract: its Safe version, what it is, and the Keccak-256 of its code as 0x-hex."""

    version: str
    kind: str
    code_hash: str


_SINGLETON_1_3_0 = "0xbba688fbdb21ad2bb58bc320638b43d94e7d100f6f3ebaab0a4e4de6304b1c2e"
_SINGLETON_L2_1_3_0 = "0x21842597390c4c6e3c1239e434a682b054bd9548eee5e9b1d6a4482731023c0f"
_CALL_ONLY_1_3_0 = "0xa9865ac2d9c7a1591619b188c4d88167b50df6cc0c5327fcbd1c8c75f7c066ad"
_HANDLER_1_3_0 = "0x03e69f7ce809e81687c69b19a7d7cca45b6d551ffdec73d9bb87178476de1abf"

SINGLETONS: Mapping[Address, Deployment] = {
    Address("0xd9Db270c1B5E3Bd161E8c8503c55cEABeE709552"): Deployment("1.3.0", "Safe", _SINGLETON_1_3_0),
    Address("0x69f4D1788e39c87893C980c06EdF4b7f686e2938"): Deployment("1.3.0", "Safe", _SINGLETON_1_3_0),
    Address("0x3E5c63644E683549055b9Be8653de26E0B4CD36E"): Deployment("1.3.0", "SafeL2", _SINGLETON_L2_1_3_0),
    Address("0xfb1bffC9d739B8D520DaF37dF666da4C687191EA"): Deployment("1.3.0", "SafeL2", _SINGLETON_L2_1_3_0),
    Address("0x41675C099F32341bf84BFc5382aF534df5C7461a"): Deployment(
        "1.4.1", "Safe", "0x1fe2df852ba3299d6534ef416eefa406e56ced995bca886ab7a553e6d0c5e1c4"
    ),
    Address("0x29fcB43b46531BcA003ddC8FCB67FFE91900C762"): Deployment(
        "1.4.1", "SafeL2", "0xb1f926978a0f44a2c0ec8fe822418ae969bd8c3f18d61e5103100339894f81ff"
    ),
    Address("0xFf51A5898e281Db6DfC7855790607438dF2ca44b"): Deployment(
        "1.5.0", "Safe", "0xdda019cbd7c867a533a2a86e5c53434fdc50b13122b5a5ddb4a8df61b31c20f2"
    ),
    Address("0xEdd160fEBBD92E350D4D398fb636302fccd67C7e"): Deployment(
        "1.5.0", "SafeL2", "0x180193227186ccb85316c94db1f0d156ed932b14712cfaac78901899178572dc"
    ),
}
"""What a Safe's proxy may point to."""

MULTI_SEND_CALL_ONLY: Mapping[Address, Deployment] = {
    Address("0x40A2aCCbd92BCA938b02010E17A5b8929b49130D"): Deployment("1.3.0", "MultiSendCallOnly", _CALL_ONLY_1_3_0),
    Address("0xA1dabEF33b3B82c7814B6D82A79e50F4AC44102B"): Deployment("1.3.0", "MultiSendCallOnly", _CALL_ONLY_1_3_0),
    Address("0x9641d764fc13c8B624c04430C7356C1C7C8102e2"): Deployment(
        "1.4.1", "MultiSendCallOnly", "0xecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939"
    ),
    Address("0xA83c336B20401Af773B6219BA5027174338D1836"): Deployment(
        "1.5.0", "MultiSendCallOnly", "0xcdbdcec38d2f1c7d961b0029ff8416b7e86e9974d6f0e9c9580c7d17fcfb6663"
    ),
}
"""The only delegatecall that this program makes; any of them works with any Safe version."""

FALLBACK_HANDLERS: Mapping[Address, Deployment] = {
    Address("0xf48f2B2d2a534e402487b3ee7C18c33Aec0Fe5e4"): Deployment("1.3.0", "compatibility", _HANDLER_1_3_0),
    Address("0x017062a1dE2FE6b99BE3d9d37841FeD19F573804"): Deployment("1.3.0", "compatibility", _HANDLER_1_3_0),
    Address("0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99"): Deployment(
        "1.4.1", "compatibility", "0x7c6007a5d711cea8dfd5d91f5940ec29c7f200fe511eb1fc1397b367af3c42f9"
    ),
    Address("0x3EfCBb83A4A7AfcB4F68D501E2c2203a38be77f4"): Deployment(
        "1.5.0", "compatibility", "0x3c6a85bcf7b563daa624b884b4e9a1b9fa5371edde7be945d998071a48f28bbc"
    ),
    Address("0x85a8ca358D388530ad0fB95D0cb89Dd44Fc242c3"): Deployment(
        "1.5.0", "extensible", "0xba5bafdfba82e226b6dc8ae29bedf5026bd854ab4bee00128ca322717a5f2acf"
    ),
    Address("0x54e86d004d71a8D2112ec75FaCE57D730b0433F3"): Deployment(
        "1.5.0", "token callback", "0xcbc723172700efa52cc33ee26c7fc7e284edc8097f9dc307857fe525fec98cd8"
    ),
}
"""Handlers that come with Safe; a foreign one answers for the Safe, also when it is asked for a signature."""

PROXY_CODE_HASHES: Mapping[str, str] = {
    "0xb89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000": "1.3.0",
    "0xd7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c": "1.4.1",
    "0x4e381985ca68b3e5d27b4425fa581c19cf33146d3f887a3cfca96f55528ea46f": "1.5.0",
}
"""Code of the proxies that Safe's factories make, to the version of the factory."""
