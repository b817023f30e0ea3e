"""Makes .venv ready: uv, the locked packages, this project. Needs Python 3.11 with venv and pip, nothing else.

Run by make before everything else; what is up to date is not touched.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools"
ENVIRONMENT = ROOT / ".venv"
UV_LOCK = ROOT / "scripts" / "uv-requirements.txt"
LOCK = ROOT / "requirements.lock"
OLDEST = (3, 11)
NETWORK = "Check the network (and the proxy or index settings of pip and uv), then run the same command again."


class SetupError(Exception):
    """What failed, and what to do about it."""


def main():
    use_new_enough_python()
    TOOLS.mkdir(exist_ok=True)
    with open(TOOLS / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another make that is setting up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        set_up()


def use_new_enough_python():
    if sys.version_info >= OLDEST:
        return
    for minor in (13, 12, 11, 14):
        found = shutil.which("python3.%d" % minor)
        if found:
            os.execv(found, [found] + sys.argv)
    raise SetupError(
        "Python %s is too old. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12"
        % platform.python_version()
    )


def set_up():
    interpreter = "%s %s %s" % (sys.version, sys.base_prefix, ROOT)
    uv_key = digest(interpreter, UV_LOCK.read_bytes())
    step("uv", uv_key, TOOLS / "uv" / "bin" / "uv", install_uv)
    packages_key = digest(interpreter, LOCK.read_bytes())
    step("packages", packages_key, ENVIRONMENT / "bin" / "python", install_packages)
    project_key = digest(packages_key, (ROOT / "pyproject.toml").read_bytes())
    step("project", project_key, ENVIRONMENT / "bin" / "dao-bot", install_project)


def step(name, key, result, action):
    """Do `action` unless its stamp has this key and its result is still there."""
    stamp = TOOLS / (name + ".stamp")
    if stamp.exists() and stamp.read_text() == key and result.exists():
        return
    with contextlib.suppress(FileNotFoundError):
        stamp.unlink()
    action()
    stamp.write_text(key)


def install_uv():
    say("Installing uv into .tools")
    shutil.rmtree(TOOLS / "uv", ignore_errors=True)
    run(
        [sys.executable, "-m", "venv", TOOLS / "uv"],
        "Python cannot make a virtual environment. Install its venv and pip modules (Debian: python3-venv).",
    )
    pip = [TOOLS / "uv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(
        [*pip, "--require-hashes", "--no-deps", "--only-binary=:all:", "-r", UV_LOCK],
        "uv cannot be installed. " + NETWORK,
    )


def install_packages():
    if not same_python(ENVIRONMENT / "bin" / "python"):
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        run([*uv("venv"), "--quiet", "--python", sys.executable, ENVIRONMENT], "The environment .venv cannot be made.")
    say("Installing the locked packages into .venv (about half a minute the first time)")
    sync = [*uv("pip", "sync"), "--python", ENVIRONMENT / "bin" / "python", "--require-hashes", "--compile-bytecode"]
    run([*sync, LOCK], "The locked packages cannot be installed. " + NETWORK)


def install_project():
    say("Installing dao-bot itself into .venv")
    install = [*uv("pip", "install"), "--quiet", "--python", ENVIRONMENT / "bin" / "python"]
    # The build tools are in the lock, so nothing is downloaded here.
    run([*install, "--no-deps", "--no-build-isolation", "--editable", ROOT], "dao-bot cannot be installed into .venv.")


def same_python(python):
    if not python.exists():
        return False
    question = "import sys; print(sys.version, sys.base_prefix)"
    answer = subprocess.run([str(python), "-c", question], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return answer.stdout.strip() == "%s %s" % (sys.version, sys.base_prefix)


def uv(*command):
    return [TOOLS / "uv" / "bin" / "uv", *command]


def run(command, problem):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
    }
    # A link into uv's cache is not possible across file systems; a copy always is, and uv would complain first.
    environment.update(UV_PYTHON_DOWNLOADS="never", UV_LINK_MODE=environment.get("UV_LINK_MODE", link_mode()))
    environment.setdefault("UV_SYSTEM_CERTS", "true")  # as pip does: a company's proxy may be known to the system alone
    words = [str(word) for word in command]
    with subprocess.Popen(words, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            # uv lists every package once more at the end.
            if not line.startswith((" + ", " - ", " ~ ")):
                sys.stderr.write(line)
                sys.stderr.flush()
    if process.returncode != 0:
        raise SetupError(problem)


def link_mode():
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    while not cache.exists():
        cache = cache.parent
    return "hardlink" if cache.stat().st_dev == ROOT.stat().st_dev else "copy"


def digest(text, content):
    return hashlib.sha256(text.encode() + b"\0" + content).hexdigest()


def say(text):
    sys.stderr.write("dao-bot: %s\n" % text)
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        say("Stopped. What is done is kept; run the same command again to go on.")
        sys.exit(130)
