"""Every command of `dao-bot`, by what people want to do: the module that defines it, and in short what it does."""

from __future__ import annotations

TABLE = {
    "Start": {
        "demo": ("starting", "Play the main job on a local chain"),
        "init": ("starting", "Write a commented strategies.yaml"),
        "check": ("starting", "Read the configuration offline and tell every error at once"),
        "doctor": ("starting", "Test the configuration against the chain"),
        "devnet": ("starting", "Keep a local chain with the real contracts running"),
    },
    "Decide and propose": {
        "plan": ("proposing", "Run one strategy up to the proposal card"),
        "brief": ("past", "Print what a strategy has learned"),
        "backtest": ("past", "Play strategies over history"),
        "crisis": ("past", "Replay the reserve through past crises and hold it to stated limits"),
        "mandate": ("people", "Propose, as a steward, bounds inside which batches need no approval"),
        "ask": ("people", "Put a question to the vote, as a steward"),
    },
    "Approve, vote and sign": {
        "inbox": ("people", "List what awaits people"),
        "approve": ("people", "Approve as a steward"),
        "veto": ("people", "Veto as a steward"),
        "vote": ("people", "Vote with your wallet's signature"),
        "delegate": ("people", "Hand your voting power on"),
        "link": ("people", "Link a wallet to the chat account that the code was given to"),
        "invite": ("working", "Print a link to the wallet page, for one person and one purpose"),
        "verify": ("proposing", "Recompute the hashes, decode and simulate, on your own machine"),
        "sign": ("proposing", "Sign this Safe's transaction for a proposal, nothing else"),
        "cancel": ("proposing", "Cancel a proposal"),
        "freeze": ("people", "Stop all approvals, as a steward"),
        "unfreeze": ("people", "Sign, as a steward, that approvals may go on"),
    },
    "Execute and watch": {
        "run": ("working", "Run the schedule and the keeper until SIGTERM"),
        "execute": ("proposing", "Execute an approved proposal now, as the keeper would"),
        "pause": ("working", "Let a strategy run no more, until it is resumed"),
        "resume": ("working", "Let a paused strategy run again"),
        "discord": ("working", "Serve the configured Discord until SIGTERM"),
        "web": ("working", "Serve the wallet page until SIGTERM"),
        "signer": ("working", "Hold the keeper's key, and sign only what this own copy of the configuration allows"),
    },
    "Look back": {
        "proposals": ("proposing", "List proposals, newest first"),
        "show": ("proposing", "Show a proposal's card"),
        "mandates": ("people", "List mandates, with what became of them"),
        "tally": ("people", "Count a vote again from the record"),
        "report": ("working", "Sum up how well batches were executed"),
        "audit": ("working", "Verify the record's hash chain and print it"),
        "inspect": ("proposing", "Decode, simulate and check a Transaction Builder batch"),
    },
    "Policy and roles": {
        "policy": ("policy", "Seal the policy"),
        "roles": ("roles", "The module's role"),
        "ladder": ("ladder", "How much each strategy may do by itself"),
        "delegates": ("delegates", "Let this program propose at the Safe transaction service"),
    },
}
MODULES = {name: module for commands in TABLE.values() for name, (module, _) in commands.items()}
