"""A wallet in the browser that really signs: the page sees an EIP-1193 provider, the key stays in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.integration.governance.town import Wallet

REJECTED, WRONG_CHAIN = 4001, -32603

_PROVIDER = """
(announced) => {
  const listeners = {};
  const provider = {
    async request({ method, params }) {
      const answer = await window.__wallet(JSON.stringify({ method, params: params ?? [] }));
      const { result, error } = JSON.parse(answer);
      if (error) throw Object.assign(new Error(error.message), { code: error.code });
      return result;
    },
    on(event, listener) { (listeners[event] ??= []).push(listener); },
  };
  window.__emit = (event, value) => (listeners[event] ?? []).forEach((listener) => listener(value));
  if (announced.standard === "EIP-1193") { window.ethereum = provider; return; }
  const detail = Object.freeze({ info: Object.freeze(announced.info), provider });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}
"""


class Refusal(Exception):
    """What a wallet answers instead of a result (EIP-1193)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class BrowserWallet:
    """Behaves as wallets do: asks for nothing but its own account, and signs typed data only on its own chain.

    Attributes:
        name: what it announces; hostile if a test wants it so.
        standard: `EIP-6963`, or `EIP-1193` for one that only sits in the window.
        asked: what the page asked for, in order, with the parameters.
        refuses: methods that the person refuses.
        tampers: changes what is signed, as a wallet in somebody else's hands would.
    """

    wallet: Wallet
    chain_id: int
    name: str = "Test wallet"
    standard: str = "EIP-6963"
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    tampers: Callable[[Any], Any] = lambda signed: signed

    def join(self, context: BrowserContext) -> None:
        """Be there in every page of `context`."""
        info = {"uuid": "350670db-19fa-4704-a166-e52e178b59d2", "name": self.name, "icon": "", "rdns": "org.example"}
        announced = json.dumps({"standard": self.standard, "info": info})
        context.expose_binding("__wallet", lambda _, request: self._answer(request))
        context.add_init_script(f"({_PROVIDER})({announced})")

    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]

    def _answer(self, request: str) -> str:
        content = json.loads(request)
        method, params = content["method"], content["params"]
        self.asked.append((method, params))
        try:
            return json.dumps({"result": self._result(method, params)})
        except Refusal as refusal:
            return json.dumps({"error": {"code": refusal.code, "message": str(refusal)}})

    def _result(self, method: str, params: list[Any]) -> Any:
        if method in self.refuses:
            raise Refusal(REJECTED, "User rejected the request.")
        if method in ("eth_requestAccounts", "eth_accounts"):
            return [self.wallet.address.lower()]
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "wallet_switchEthereumChain":
            self.chain_id = int(params[0]["chainId"], 16)
            return None
        if method == "personal_sign":
            self._require_own(params[1])
            return self._sign(encode_defunct(text=self.tampers(bytes.fromhex(params[0][2:]).decode())))
        if method == "eth_signTypedData_v4":
            self._require_own(params[0])
            typed = json.loads(params[1])
            if int(typed["domain"].get("chainId", self.chain_id)) != self.chain_id:
                raise Refusal(WRONG_CHAIN, "Provided chainId must match the active chainId")
            return self._sign(encode_typed_data(full_message=self.tampers(typed)))
        raise Refusal(4200, f"The method {method} is not supported")

    def _require_own(self, address: str) -> None:
        if address.lower() != self.wallet.address.lower():
            raise Refusal(4100, "not an account of this wallet")

    def _sign(self, message: Any) -> str:
        return "0x" + bytes(Account.sign_message(message, self.wallet.key).signature).hex()
