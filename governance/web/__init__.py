"""The wallet page: a small server without any key, where wallets are linked, ballots and Safe transactions signed."""
