"""Private keys by reference: a raw key or an encrypted keystore in a file, or a key in the environment."""

from __future__ import annotations

import getpass
import json
import os

from dao_bot.config.references import SecretReference, parse_reference
from dao_bot.domain.errors import BadInput

PASSWORD_VARIABLE = "DAO_BOT_KEYSTORE_PASSWORD"  # noqa: S105 - the name of a variable


def read_key(reference: SecretReference | str) -> bytes:
    """The 32 bytes that a reference leads to. A keystore (Web3 secret storage) asks for its password.

    Raises:
        BadInput: it is no key, or the password is wrong. The value is never part of the message.
    """
    where = parse_reference(reference) if isinstance(reference, str) else reference
    secret = where.resolve()
    if secret.startswith("{"):
        return _from_keystore(secret, where)
    digits = secret.removeprefix("0x")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadInput(f"{where} holds no private key", limit="32 bytes as hex, or a JSON keystore")
    return key


def _from_keystore(text: str, where: SecretReference) -> bytes:
    from eth_account import Account

    password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass(f"Password of {where}: ")
    try:
        return bytes(Account.decrypt(json.loads(text), password))
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(
            f"the keystore {where} cannot be opened ({type(error).__name__})",
            next_step=f"Check the password, or set {PASSWORD_VARIABLE}",
        ) from None
