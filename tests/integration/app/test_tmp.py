import time, copy
import pytest
from tests.integration.app.kit import Office
from tests.integration.chain.hostile import *
from dao_bot.devnet.scenarios import *
from dao_bot.devnet.safes import deploy_safe
from dao_bot.devnet.transactions import *


def show(name, r, t=0):
    print(f"=== {name}  -> {r.code} ({time.time() - t:.1f}s)\nOUT {r.out[:900]}\nERR {r.err[:1500]}")


def plan(office, name):
    t = time.time()
    r = office.dao_bot("plan", "reserve")
    show(name, r, t)


def doc(office, name):
    t = time.time()
    r = office.dao_bot("doctor")
    r2 = "\n".join(l for l in r.out.splitlines() if not l.startswith("ok"))
    print(f"=== doctor {name} -> {r.code} ({time.time() - t:.1f}s)\n{r2}\nERR {r.err}")


def test_x(office: Office, world, anvil, running_world, tmp_path, monkeypatch, serve, toolchain):
    text = office.path.read_text()
    import json, sqlite3, shutil, os

    def c(*ch):
        office.path.write_text(text)
        office.configure(*ch)

    def st(n):
        return lambda d: d["store"].update(url=f"sqlite:///{n}")

    show("proposals", office.dao_bot("proposals"))
    con = sqlite3.connect(tmp_path / "x.sqlite3")
    con.execute("create table t(a)")
    con.commit()
    con.close()
    c(st("x.sqlite3"))
    show("foreign", office.dao_bot("proposals"))
    c(lambda d: d["store"].update(url="postgresql://nobody:secretpw@127.0.0.1:1/x"))
    show("pg down", office.dao_bot("proposals"))
    c()
    show("run once", office.dao_bot("run", "--once"))
    pid = office.facts("proposals")[0]["id"]
    monkeypatch.setenv("O1", world.owner_keys[0])
    monkeypatch.setenv("O2", world.owner_keys[1])
    monkeypatch.setenv("S", world.stranger_key)
    monkeypatch.setenv("BAD", "0x1234")
    show("sign stranger", office.dao_bot("sign", pid, "--key", "env:S", "--yes"))
    show("sign bad", office.dao_bot("sign", pid, "--key", "env:BAD", "--yes"))
    show("sign nokey", office.dao_bot("sign", pid, "--key", "env:NOPE", "--yes"))
    show("sign rawkey", office.dao_bot("sign", pid, "--key", world.owner_keys[0], "--yes"))
    show("sign noask", office.dao_bot("sign", pid, "--key", "env:O1"))
    show("sign unknown", office.dao_bot("sign", "abcdef12", "--key", "env:O1"))
    show("sign short", office.dao_bot("sign", "ab", "--key", "env:O1"))
    show("execute early", office.dao_bot("execute", pid))
    show("sign 1", office.dao_bot("sign", pid, "--key", "env:O1", "--yes"))
    show("sign 1 again", office.dao_bot("sign", pid, "--key", "env:O1", "--yes"))
    show("execute early", office.dao_bot("execute", pid))
    show("sign 2", office.dao_bot("sign", pid, "--key", "env:O2", "--yes"))
    show("execute", office.dao_bot("execute", pid))
    show("execute again", office.dao_bot("execute", pid))
    show("sign after", office.dao_bot("sign", pid, "--key", "env:O2", "--yes"))
    show("cancel after", office.dao_bot("cancel", pid, "--reason", "x"))
    show("audit", office.dao_bot("audit", "--head", "x"))
    show("audit", office.dao_bot("audit", "--head", "999:0x" + "11" * 32))
    show("audit", office.dao_bot("audit", "--head", "2:0x" + "11" * 32))
    show("show html", office.dao_bot("show", pid, "--html", tmp_path / "no" / "x.html"))
    for name, body in {
        "raise": "raise RuntimeError('boom ' + 'x'*10)",
        "exit": "import os; os._exit(3)",
        "none": "return None",
        "print": "print('hi'); return 5",
        "recurse": "return self.decide(seen)",
        "mem": "x=bytearray(2**34)",
        "io": "open('/etc/passwd').read()",
        "net": "import socket; socket.create_connection(('127.0.0.1',80))",
        "sysexit": "raise SystemExit(4)",
        "kbd": "raise KeyboardInterrupt",
    }.items():
        (tmp_path / "bad.py").write_text(
            "from typing import ClassVar\nfrom dao_bot.strategy import *\nclass Bad:\n    name: ClassVar[str]='bad'\n    Params: ClassVar=StrategyParams\n    def __init__(self, params): pass\n    def needs(self): return ()\n    def decide(self, seen):\n        "
            + body
            + "\n"
        )
        c(st("y.sqlite3"), lambda d: d["strategies"]["reserve"].update(use="./bad.py:Bad", params={}))
        plan(office, "strategy " + name)
    (tmp_path / "bad.py").write_text("1/0")
    plan(office, "import")
    show("check", office.dao_bot("check"))
    (tmp_path / "bad.py").write_text("def (")
    plan(office, "syntax")
    show("check", office.dao_bot("check"))
    show("run", office.dao_bot("run", "--once"))
